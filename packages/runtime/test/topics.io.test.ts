import { createIdentity } from '@kithnet/identity'
import { hasCode } from '@kithnet/kernel'
import { createNode, type Node, type NodeOptions } from '@kithnet/runtime'
import { memoryStore } from '@kithnet/store'
import type { StandardSchema } from '@kithnet/types'
import { afterEach, describe, expect, test } from 'vitest'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function node(options: NodeOptions = {}): Promise<Node> {
  const made = await createNode({ network: 'test', preset: 'local', ...options })
  open.push(made)
  return made
}

async function pair(): Promise<readonly [Node, Node]> {
  const alice = await node()
  return [alice, await node({ join: alice.ticket() })]
}

async function take<T>(messages: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const message of messages) {
    taken.push(message)
    if (taken.length === count) break
  }
  return taken
}

/** Texts of a number; what is read is the number. Takes a moment for odd ones when `slowly`. */
function numberText(slowly: boolean): StandardSchema<string, number> {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const number = typeof value === 'string' ? Number(value) : NaN
        const result = Number.isNaN(number)
          ? { issues: [{ message: 'expected a number', path: ['amount', { key: 0 }] }] }
          : { value: number }
        if (!slowly) return result
        return new Promise((resolve) =>
          setTimeout(() => resolve(result), Number.isNaN(number) ? 1 : (number % 2) * 20),
        )
      },
    },
  }
}

describe('schemas', () => {
  test('what is published and what is read has the type of the schema', async () => {
    const [alice, bob] = await pair()
    const inbox = bob.topic('n', numberText(false)).messages()
    await alice.topic('n', numberText(false)).publish('12')
    expect((await take(inbox, 1))[0]!.value).toBe(12)
  })

  test('an invalid value is not published, and says where it is wrong', async () => {
    const [alice] = await pair()
    const refusal = await alice
      .topic('n', numberText(true))
      .publish('twelve')
      .catch((error: unknown) => error)
    expect(hasCode(refusal, 'runtime/invalid-value')).toBe(true)
    expect(String(refusal)).toContain('amount.0: expected a number')
  })

  test('an invalid message is counted and told, and costs nobody a point', async () => {
    const [alice, bob] = await pair()
    const faults: unknown[] = []
    bob.on('fault', (fault) => faults.push(fault))
    const topic = bob.topic('n', numberText(false))
    const inbox = topic.messages()
    await alice.topic('n').publish('twelve')
    await alice.topic('n').publish({ twelve: 12 })
    await alice.topic('n').publish('12')
    expect((await take(inbox, 1))[0]!.value).toBe(12)
    expect(topic.invalid).toBe(2)
    expect(faults).toMatchObject([
      { peer: alice.id, fault: { code: 'runtime/invalid-message' } },
      { peer: alice.id, fault: { code: 'runtime/invalid-message' } },
    ])
    const [neighbour] = bob.status().overlay.neighbours
    expect(neighbour).toMatchObject({ standing: 'good' })
  })

  test('a validator that takes time changes nobody’s order', async () => {
    const [alice, bob] = await pair()
    const inbox = bob.topic('n', numberText(true), { delivery: 'fifo' }).messages()
    const texts = Array.from({ length: 20 }, (_, index) => String(index))
    const topic = alice.topic('n', numberText(true))
    for (const text of texts) await topic.publish(text)
    expect((await take(inbox, 20)).map(({ value }) => value)).toEqual(texts.map(Number))
  })

  test('a topic is open in one way', async () => {
    const alice = await node()
    const schema = numberText(false)
    alice.topic('n', schema, { delivery: 'fifo' })
    expect(alice.topic('n', schema).delivery).toBe('fifo')
    expect(() => alice.topic('n', numberText(false))).toThrow('another schema')
    expect(() => alice.topic('n')).toThrow('another schema')
    expect(() => alice.topic('n', schema, { delivery: 'causal' })).toThrow('open with delivery')
    alice.leaveTopic('n')
    expect(alice.topic('n').delivery).toBe('reliable')
  })
})

describe('guarantees', () => {
  test('causal: an answer comes after its question, through the whole stack', async () => {
    const [alice, bob] = await pair()
    const carol = await node({ join: bob.ticket() })
    const all = [alice, bob, carol].map((one) => one.topic('talk', { delivery: 'causal' }))
    const inbox = all[2]!.messages()
    const heard = all[1]!.messages()
    await all[0]!.publish('question')
    await take(heard, 1)
    await all[1]!.publish('answer')
    const got = await take(inbox, 2)
    expect(got.map(({ value, unmet }) => [value, unmet])).toEqual([
      ['question', 0],
      ['answer', 0],
    ])
  })

  test('ephemeral: whoever is there gets it, whoever comes later does not', async () => {
    const [alice, bob] = await pair()
    const brief = (one: Node) => one.topic('cursor', { delivery: 'ephemeral' })
    const inbox = brief(bob).messages()
    const other: unknown[] = []
    bob.topic('plain').listen((message) => other.push(message))
    await brief(alice).publish(1)
    expect((await take(inbox, 1))[0]).toMatchObject({ value: 1, late: false })
    const carol = await node({ join: bob.ticket() })
    const late = brief(carol).messages()
    await alice.topic('plain').publish('x')
    await brief(alice).publish(2)
    expect((await take(late, 1))[0]!.value).toBe(2)
    expect(brief(alice).id).not.toBe(alice.topic('t').id)
  })

  test('durable: a slow reader with a small queue is given everything all the same', async () => {
    const [alice, bob] = await pair()
    const topic = bob.topic('log', { delivery: 'durable' })
    const inbox = topic.messages({ since: 'start', capacity: 2 })
    for (let index = 0; index < 40; index++) await alice.topic('log').publish(index)
    await alice.topic('log').publish('last', { until: 'acknowledged' })
    const got: unknown[] = []
    for await (const { value, position } of inbox) {
      got.push([position, value])
      if (value === 'last') break
    }
    expect(got).toEqual(
      Array.from({ length: 41 }, (_, index) => [index + 1, index === 40 ? 'last' : index]),
    )
    expect(inbox.dropped).toBe(0)
  })

  test('durable: the oldest goes when as much is kept as was asked for', async () => {
    const [alice, bob] = await pair()
    const topic = bob.topic('log', { delivery: 'durable', keep: { messages: 8 } })
    const inbox = topic.messages()
    for (let index = 0; index < 30; index++) await alice.topic('log').publish(index)
    await take(inbox, 30)
    await topic.flush()
    const kept = await take(topic.messages({ since: 'start' }), 8)
    expect(kept[0]!.position).toBeGreaterThan(20)
  })

  test('durable: own messages are kept like those of others', async () => {
    const [alice] = await pair()
    const topic = alice.topic('log', { delivery: 'durable' })
    for (const value of ['a', 'b']) await topic.publish(value, { until: 'acknowledged' })
    await topic.flush()
    const own = await take(topic.messages({ since: 'start', own: true }), 2)
    expect(own).toMatchObject([
      { value: 'a', author: alice.id, seq: 0, position: 1 },
      { value: 'b', author: alice.id, seq: 1, position: 2 },
    ])
  })
})

describe('receipts', () => {
  test('those who were named say that they got it; who did not is named too', async () => {
    const [alice, bob] = await pair()
    const carol = await node({ join: bob.ticket() })
    const deaf = await node({ join: bob.ticket() })
    for (const one of [bob, carol]) one.topic('t').listen(() => {})
    const came: unknown[] = []
    const { receipts, status } = await alice.topic('t').publish('x', {
      receipts: {
        from: [bob.id, carol.id, deaf.id],
        timeoutMs: 1_500,
        onReceipt: (peer) => came.push(peer),
      },
    })
    expect(status).toBe('sent')
    expect(receipts.confirmed.toSorted()).toEqual([bob.id, carol.id].toSorted())
    expect(receipts.missing).toEqual([deaf.id])
    expect(came.toSorted()).toEqual([bob.id, carol.id].toSorted())
  })

  test('resolves at once when all have come; an invalid value is not confirmed', async () => {
    const [alice, bob] = await pair()
    bob.topic('n', numberText(false)).listen(() => {})
    const topic = alice.topic('n')
    const began = performance.now()
    const good = await topic.publish('1', { receipts: { from: [bob.id] } })
    expect(good.receipts.missing).toEqual([])
    expect(performance.now() - began).toBeLessThan(5_000)
    const bad = await topic.publish('one', { receipts: { from: [bob.id], timeoutMs: 500 } })
    expect(bad.receipts.confirmed).toEqual([])
  })

  test('nobody and oneself cannot be asked', async () => {
    const [alice] = await pair()
    for (const from of [[], [alice.id]]) {
      const refused = alice.topic('t').publish(1, { receipts: { from } })
      await expect(refused).rejects.toThrow('runtime/bad-option')
    }
  })
})

test('ready waits for somebody, flush until all is sent', async () => {
  const alice = await node()
  const topic = alice.topic('t')
  const controller = new AbortController()
  const impatient = topic.ready({ signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(impatient).rejects.toThrow('enough')
  await topic.flush()
  await topic.publish(1, { until: 'queued' })
  let isSent = false
  const flushed = topic.flush().then(() => {
    isSent = true
  })
  const ready = topic.ready()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isSent).toBe(false)
  await node({ join: alice.ticket() })
  await ready
  await flushed
})

describe('histories of others', () => {
  /** Bob has kept what Alice wrote, in an earlier life of his; Alice is gone. */
  async function keptByBob(count: number): Promise<{ readonly bob: Node; readonly alice: string }> {
    const alice = await node()
    const identity = createIdentity()
    const store = memoryStore()
    const first = await node({ identity, store, join: alice.ticket() })
    const topic = first.topic('log', { delivery: 'durable' })
    const kept = topic.messages()
    for (let index = 0; index < count; index++) {
      await alice.topic('log').publish(index, { until: index % 50 === 0 ? 'sent' : 'queued' })
    }
    await take(kept, count)
    await topic.flush()
    await Promise.all([first.close(), alice.close()])
    // What is in no cache any more is given from disk alone.
    const bob = await node({ identity, store })
    bob.topic('log', { delivery: 'durable' })
    return { bob, alice: alice.id }
  }

  test('a late joiner gets from disk what is in no cache any more, signed by who wrote it', async () => {
    const { bob, alice } = await keptByBob(700)
    const carol = await node({ join: bob.ticket() })
    const topic = carol.topic('log', { delivery: 'durable' })
    const got = await take(topic.messages({ since: 'start' }), 700)
    expect(got.map(({ value }) => value)).toEqual(Array.from({ length: 700 }, (_, index) => index))
    expect(got.every(({ author, late, via }) => author === alice && late && via === bob.id)).toBe(
      true,
    )
    // And she can give it on, when Bob is gone too.
    await topic.flush()
    await bob.close()
    const dave = await node({ join: carol.ticket() })
    const again = dave.topic('log', { delivery: 'durable' }).messages({ since: 'start' })
    expect((await take(again, 700)).at(-1)).toMatchObject({ value: 699, author: alice })
  })

  test('it goes on where it stopped, and asks for nothing twice', async () => {
    const { bob } = await keptByBob(40)
    const identity = createIdentity()
    const store = memoryStore()
    for (const life of [1, 2]) {
      const carol = await node({ identity, store, join: bob.ticket() })
      const topic = carol.topic('log', { delivery: 'durable' })
      expect(await take(topic.messages({ since: 'start' }), 40)).toHaveLength(40)
      await new Promise((resolve) => setTimeout(resolve, 300))
      await topic.flush()
      const [cursor] = await store.scan(`catch-up/${topic.id}`, { limit: 2 })
      expect(cursor?.value[1]).toBe(0x18)
      expect((await store.bounds(`topic/${topic.id}`)).next).toBe(41)
      if (life === 1) await carol.close()
    }
  })
})
