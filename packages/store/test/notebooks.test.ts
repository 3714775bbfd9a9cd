import { epochMs, fromUtf8, hasCode, utf8 } from '@kithnet/kernel'
import {
  loadIncarnation,
  memoryStore,
  nextIncarnation,
  openLastSeen,
  openPeerCache,
  openTopicLog,
  saveIncarnation,
} from '@kithnet/store'
import {
  type Address,
  address,
  networkId,
  type PeerId,
  peerIdOf,
  type Store,
  topicId,
} from '@kithnet/types'
import { describe, expect, test } from 'vitest'

const topic = topicId(networkId('test'), 'news')

function peer(index: number): PeerId {
  return peerIdOf(utf8(`peer ${index}`))
}

function at(text: string): Address {
  const parsed = address(text)
  if (!parsed.ok) throw new Error(text)
  return parsed.value
}

/** A store whose writes fail while `failing` says so, and that counts them. */
function fragile(): Store & { failing: boolean; writes: number } {
  const store = memoryStore()
  return Object.assign(Object.create(store) as Store, {
    failing: false,
    writes: 0,
    get: store.get.bind(store),
    async write(
      this: { failing: boolean; writes: number },
      ...changes: Parameters<Store['write']>
    ) {
      this.writes++
      await new Promise((resolve) => setImmediate(resolve))
      if (this.failing) throw new Error('disk')
      return store.write(...changes)
    },
  })
}

describe('incarnation', () => {
  test('rises with every life', async () => {
    const store = memoryStore()
    expect(await loadIncarnation(store)).toBe(0)
    expect(await nextIncarnation(store)).toBe(1)
    expect(await nextIncarnation(store)).toBe(2)
    await saveIncarnation(store, 40)
    expect(await loadIncarnation(store)).toBe(40)
  })

  test('is never guessed', async () => {
    const store = memoryStore()
    await store.write([{ space: 'node', key: utf8('incarnation'), value: utf8('?') }])
    const error: unknown = await nextIncarnation(store).catch((reason: unknown) => reason)
    expect(hasCode(error, 'store/corrupt')).toBe(true)
  })
})

describe('last seen', () => {
  test('is kept per topic and subscriber, and never falls', async () => {
    const store = memoryStore()
    const reader = await openLastSeen(store, topic, 'reader')
    expect(reader.position).toBe(0)
    await reader.mark(7)
    await reader.mark(3)
    expect(reader.position).toBe(7)
    expect((await openLastSeen(store, topic, 'reader')).position).toBe(7)
    expect((await openLastSeen(store, topic, 'other')).position).toBe(0)
    const elsewhere = topicId(networkId('test'), 'elsewhere')
    expect((await openLastSeen(store, elsewhere, 'reader')).position).toBe(0)
  })

  test('marks that come during a write share the next one', async () => {
    const store = fragile()
    const reader = await openLastSeen(store, topic, 'reader')
    const marks = Array.from({ length: 50 }, (_, index) => reader.mark(index + 1))
    await marks[9]
    expect((await openLastSeen(store, topic, 'reader')).position).toBe(50)
    await Promise.all(marks)
    expect(store.writes).toBe(2)
  })

  test('a mark that could not be saved rejects, and the next one saves it', async () => {
    const store = fragile()
    const reader = await openLastSeen(store, topic, 'reader')
    store.failing = true
    await expect(reader.mark(5)).rejects.toThrow('disk')
    store.failing = false
    await reader.mark(5)
    expect((await openLastSeen(store, topic, 'reader')).position).toBe(5)
  })
})

describe('topic log', () => {
  async function texts(log: Awaited<ReturnType<typeof openTopicLog>>, from = 0): Promise<string[]> {
    const entries = await log.readFrom(from, 1_000)
    return entries.map(({ position, value }) => `${position} ${fromUtf8(value)}`)
  }

  test('gives messages back by position, also after it was opened again', async () => {
    const store = memoryStore()
    const log = await openTopicLog(store, topic)
    expect(await log.append([utf8('one'), utf8('two')])).toBe(1)
    expect(await log.append([utf8('three')])).toBe(3)
    expect(await texts(log, 2)).toEqual(['2 two', '3 three'])
    const again = await openTopicLog(store, topic)
    expect([again.first, again.next, again.bytes]).toEqual([1, 4, 11])
    expect(await texts(again)).toEqual(['1 one', '2 two', '3 three'])
  })

  test('keeps within its bounds of messages, with an eighth of slack', async () => {
    const store = memoryStore()
    const log = await openTopicLog(store, topic, { messages: 80, bytes: 1_000_000 })
    for (let index = 1; index <= 500; index++) {
      await log.append([utf8(`${index}`)])
      expect(log.next - log.first).toBeLessThanOrEqual(90)
    }
    expect(log.next).toBe(501)
    expect(log.next - log.first).toBeGreaterThanOrEqual(80)
    expect((await texts(log)).at(-1)).toBe('500 500')
    expect((await store.bounds(`topic/${topic}`)).first).toBe(log.first)
  })

  test('keeps within its bounds of bytes, also after it was opened again', async () => {
    const store = memoryStore()
    let log = await openTopicLog(store, topic, { messages: 1_000, bytes: 8_000 })
    for (let index = 0; index < 300; index++) {
      await log.append([new Uint8Array(1 + ((index * 37) % 400))])
      if (index % 50 === 0)
        log = await openTopicLog(store, topic, { messages: 1_000, bytes: 8_000 })
      const kept = await log.readFrom(0, 1_000)
      const bytes = kept.reduce((sum, { value }) => sum + value.length, 0)
      expect(log.bytes).toBe(bytes)
      expect(bytes).toBeLessThanOrEqual(9_000)
      if (index > 60) expect(bytes).toBeGreaterThan(7_500)
    }
  })

  test('concurrent appends keep the books', async () => {
    const log = await openTopicLog(memoryStore(), topic, { messages: 10, bytes: 1_000 })
    await Promise.all(Array.from({ length: 100 }, () => log.append([new Uint8Array(50)])))
    const kept = await log.readFrom(0, 1_000)
    expect(kept.length).toBe(log.next - log.first)
    expect(log.bytes).toBe(kept.length * 50)
    expect(kept.length).toBeLessThanOrEqual(11)
  })

  test('appends that failed do not push out what is kept', async () => {
    const store = memoryStore()
    const log = await openTopicLog(store, topic, { messages: 1_000, bytes: 1_000 })
    await log.append([new Uint8Array(800)])
    await store.close()
    const failed = Array.from({ length: 20 }, () => log.append([new Uint8Array(500)]))
    const outcomes = await Promise.allSettled(failed)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(log.bytes).toBe(800)
  })

  test('refuses a message that could never be kept', async () => {
    const log = await openTopicLog(memoryStore(), topic, { messages: 10, bytes: 100 })
    await expect(log.append([new Uint8Array(101)])).rejects.toMatchObject({
      fault: { code: 'store/too-large' },
    })
  })
})

describe('peer cache', () => {
  test('ranks what worked, freshest first, before what was only heard of', async () => {
    const store = memoryStore()
    const cache = await openPeerCache(store)
    await cache.heard(peer(1), at('tls://a:1'))
    await cache.succeeded(peer(2), at('tls://b:1'), epochMs(100))
    await cache.succeeded(peer(3), at('tls://c:1'), epochMs(200))
    await cache.succeeded(peer(4), at('tls://d:1'), epochMs(300))
    await cache.failed(peer(4), at('tls://d:1'))
    const order = [peer(3), peer(2), peer(4), peer(1)]
    expect(cache.best(9).map((known) => known.peer)).toEqual(order)
    const again = await openPeerCache(store)
    expect(again.best(9)).toEqual(cache.best(9))
    expect(again.best(1)).toHaveLength(1)
  })

  test('ranks the addresses of one peer, and keeps a bounded number', async () => {
    const cache = await openPeerCache(memoryStore(), { peers: 9, addressesPerPeer: 2 })
    await cache.succeeded(peer(1), at('tls://good:1'), epochMs(5))
    for (let port = 1; port < 9; port++) await cache.heard(peer(1), at(`tls://heard:${port}`))
    expect(cache.of(peer(1)).map((known) => known.address)).toEqual([
      'tls://good:1',
      'tls://heard:1',
    ])
    await cache.failed(peer(1), at('tls://unknown:1'))
    expect(cache.of(peer(1))).toHaveLength(2)
  })

  test('addresses that are only heard of never push out one that worked', async () => {
    const store = memoryStore()
    const limits = { peers: 20, addressesPerPeer: 4 }
    const cache = await openPeerCache(store, limits)
    for (let index = 0; index < 10; index++) {
      await cache.succeeded(peer(index), at('tls://good:1'), epochMs(index + 1))
    }
    for (let index = 100; index < 300; index++) await cache.heard(peer(index), at('tls://bad:1'))
    expect(cache.size).toBe(20)
    expect(cache.best(10).map((known) => known.peer)).toEqual(
      Array.from({ length: 10 }, (_, index) => peer(9 - index)),
    )
    expect(await store.scan('peers', { limit: 99 })).toHaveLength(20)
  })

  test('forgets what does not decode, and peers on demand', async () => {
    const store = memoryStore()
    const cache = await openPeerCache(store)
    await cache.heard(peer(1), at('tls://a:1'))
    await cache.heard(peer(2), at('tls://a:1'))
    await cache.forget(peer(2))
    await cache.forget(peer(2))
    await store.write([{ space: 'peers', key: utf8('what'), value: utf8('ever') }])
    expect((await openPeerCache(store)).size).toBe(1)
    expect(await store.scan('peers', { limit: 9 })).toHaveLength(1)
  })
})
