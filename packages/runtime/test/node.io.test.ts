import { hasCode } from '@kithnet/kernel'
import { createIdentity } from '@kithnet/identity'
import { createNode, inMemory, type Message, type Node, type NodeOptions } from '@kithnet/runtime'
import { memoryStore, openStore } from '@kithnet/store'
import type { Service, ServiceHost } from '@kithnet/types'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function node(options: NodeOptions = {}): Promise<Node> {
  const made = await createNode({ network: 'test', preset: 'local', ...options })
  open.push(made)
  return made
}

async function take(messages: AsyncIterable<Message>, count: number): Promise<Message[]> {
  const taken: Message[] = []
  for await (const message of messages) {
    taken.push(message)
    if (taken.length === count) break
  }
  return taken
}

test('with no option at all it works: a node, a ticket, a message', async () => {
  await using alice = await createNode()
  await using bob = await createNode({ join: alice.ticket() })
  const inbox = bob.topic('news').messages()
  const published = await alice.topic('news').publish('hello')
  expect(published).toMatchObject({ status: 'sent', peers: 1 })
  const [message] = await take(inbox, 1)
  expect(message).toMatchObject({
    id: published.id,
    author: alice.id,
    value: 'hello',
    seq: 0,
    via: alice.id,
  })
  expect(bob.connections()).toEqual([
    expect.objectContaining({
      peer: alice.id,
      neighbour: true,
      suite: expect.stringContaining('MLKEM768'),
    }),
  ])
})

test('five nodes that know one: everyone gets everything once', async () => {
  const first = await node()
  const others = await Promise.all(Array.from({ length: 4 }, () => node({ join: first.ticket() })))
  const all = [first, ...others]
  const inboxes = all.map((one) => one.topic('t').messages({ own: true }))
  for (let index = 0; index < 50; index++) {
    const sender = all[index % all.length]!
    await sender.topic('t').publish({ index, by: sender.id })
  }
  for (const inbox of inboxes) {
    const got = await take(inbox, 50)
    const indexes = got.map(({ value }) => (value as { index: number }).index)
    expect(indexes.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, index) => index),
    )
    for (const { author, value } of got) expect((value as { by: string }).by).toBe(author)
  }
})

test('acknowledged means that a neighbour has verified and accepted it', async () => {
  const alice = await node()
  await node({ join: alice.ticket() })
  const published = await alice.topic('t').publish(new Uint8Array(1000), { until: 'acknowledged' })
  expect(published).toMatchObject({ status: 'acknowledged', peers: 1 })
})

test('publishing to nobody waits, or says that it is queued; who comes later gets it', async () => {
  const alice = await node()
  expect(await alice.topic('t').publish(1, { until: 'queued' })).toMatchObject({
    status: 'queued',
    peers: 0,
  })
  await expect(alice.topic('t').publish(2, { timeoutMs: 50 })).rejects.toThrow('runtime/no-peers')
  const waiting = alice.topic('t').publish(3)
  const bob = await createNode({ network: 'test', preset: 'local', join: alice.ticket() })
  open.push(bob)
  const inbox = bob.topic('t').messages()
  await alice.topic('t').publish(4)
  expect((await waiting).peers).toBe(1)
  const values = (await take(inbox, 1)).map((message) => message.value)
  expect([1, 2, 3, 4]).toContain(values[0])
})

test('a payload of half a megabyte arrives whole; one over the bound is refused', async () => {
  const alice = await node()
  const bob = await node({ join: alice.ticket() })
  const inbox = bob.topic('big').messages()
  const big = new Uint8Array(500_000).map((_, index) => index * 7)
  await alice.topic('big').publish(big)
  const [message] = await take(inbox, 1)
  expect(message!.value).toEqual(big)
  const refusal = await alice
    .topic('big')
    .publish(new Uint8Array(2_000_000))
    .catch((error: unknown) => error)
  expect(hasCode(refusal, 'pubsub/payload-too-large') || hasCode(refusal, 'pubsub/too-large')).toBe(
    true,
  )
})

test('a late joiner gets recent history, marked late', async () => {
  const alice = await node()
  const bob = await node({ join: alice.ticket() })
  const heard = bob.topic('t').messages()
  for (let index = 0; index < 30; index++) await alice.topic('t').publish(index)
  // What is still on its way to him would reach the late joiner as it was published.
  await take(heard, 30)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const carol = await createNode({
    network: 'test',
    preset: 'local',
    listen: ['tls://127.0.0.1:0'],
  })
  open.push(carol)
  const inbox = carol.topic('t').messages()
  await carol.join(bob.ticket())
  const got = await take(inbox, 30)
  expect(got.map((message) => message.value).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 30 }, (_, index) => index),
  )
  expect(got.every((message) => message.late && message.author === alice.id)).toBe(true)
})

test('whoever opens a topic after its messages have come gets them', async () => {
  const alice = await node()
  const bob = await node({ join: alice.ticket() })
  for (let index = 0; index < 5; index++) await alice.topic('t').publish(index)
  const deadline = Date.now() + 10_000
  while (bob.status().overlay.cachedMessages < 5 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const got = await take(bob.topic('t').messages(), 5)
  expect(got.map((message) => message.value).toSorted()).toEqual([0, 1, 2, 3, 4])
  expect(got.every((message) => message.late)).toBe(true)
})

test('links in memory and over WebSocket carry the same', async () => {
  for (const options of [
    { transports: [inMemory], listen: ['memory://one'] },
    { listen: ['ws://127.0.0.1:0'] },
  ]) {
    const alice = await node(options)
    const listen = options.transports === undefined ? {} : { listen: ['memory://two'] }
    const bob = await node({ ...options, ...listen, join: alice.ticket() })
    const inbox = bob.topic('t').messages()
    await alice.topic('t').publish('x')
    expect((await take(inbox, 1))[0]!.value).toBe('x')
  }
})

test('a durable topic gives what was kept, to each reader from where it stopped', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kithnet-'))
  try {
    const alice = await node()
    const identity = createIdentity()
    const lifeOf = async (): Promise<readonly [Node, AsyncDisposable]> => {
      const store = await openStore(join(folder, 'node.sqlite'))
      return [
        await createNode({
          network: 'test',
          preset: 'local',
          identity,
          store,
          join: alice.ticket(),
        }),
        store,
      ]
    }
    const [first, firstStore] = await lifeOf()
    const reading = first.topic('t', { delivery: 'durable' }).messages({ since: 'last-seen' })
    for (const value of ['a', 'b', 'c']) await alice.topic('t').publish(value)
    expect((await take(reading, 3)).map((message) => message.value)).toEqual(['a', 'b', 'c'])
    await first.close()
    await firstStore[Symbol.asyncDispose]()

    const [second, secondStore] = await lifeOf()
    const again = second.topic('t', { delivery: 'durable' })
    // "c" was in hand when the reader stopped, so it comes once more.
    expect((await take(again.messages({ since: 'last-seen' }), 1))[0]!.value).toBe('c')
    const whole = await take(again.messages({ since: 'start', reader: 'other' }), 3)
    expect(whole.map((message) => message.value)).toEqual(['a', 'b', 'c'])
    await second.close()
    await secondStore[Symbol.asyncDispose]()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('services run on the host contract: publish, request, streams, timers', async () => {
  const echo = {
    name: 'echo',
    start: (host: ServiceHost) => {
      host.onRequest('echo/1', (message) => Promise.resolve(message.toReversed()))
      const neighbours = new Set<typeof host.self>()
      host.onNeighbour((peer, isUp) => {
        if (isUp) neighbours.add(peer)
        else neighbours.delete(peer)
      })
      return {
        neighbours,
        ask: (peer: typeof host.self, bytes: Uint8Array) => host.request(peer, 'echo/1', bytes),
        missing: (peer: typeof host.self) => host.request(peer, 'nothing/1', new Uint8Array(1)),
      }
    },
  } as const satisfies Service
  await using alice = await createNode({ network: 'test', services: [echo] })
  await using bob = await createNode({ join: alice.ticket(), services: [echo] })
  expect([...(await bob.echo.ask(alice.id, new Uint8Array([1, 2, 3])))]).toEqual([3, 2, 1])
  await vi.waitFor(() => expect([...alice.echo.neighbours]).toEqual([bob.id]))
  expect([...bob.echo.neighbours]).toEqual([alice.id])
  await expect(bob.echo.missing(alice.id)).rejects.toThrow('runtime/no-answer')
})

test('what cannot be is refused with a code, and nothing stays open', async () => {
  await expect(createNode({ join: 'nonsense' })).rejects.toThrow('runtime/bad-ticket')
  await expect(createNode({ listen: ['tls://nowhere'] })).rejects.toThrow('runtime/bad-option')
  await expect(createNode({ listen: ['tls://0.0.0.0:0'] })).rejects.toThrow('name in advertise')
  const alice = await node()
  await expect(createNode({ network: 'another', join: alice.ticket() })).rejects.toThrow(
    'runtime/wrong-network',
  )
  const gone = await createNode({ network: 'test' })
  const ticket = gone.ticket()
  await gone.close()
  await gone.close()
  expect(() => gone.topic('t')).toThrow('runtime/closed')
  await expect(createNode({ join: ticket, joinTimeoutMs: 500 })).rejects.toThrow(
    'runtime/unreachable',
  )
  await expect(createNode({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  const store = memoryStore()
  await using again = await createNode({ store })
  expect(again.status().overlay.activeView).toEqual([])
})
