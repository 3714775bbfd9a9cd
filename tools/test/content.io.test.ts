import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memorySource } from '@kithnet/fountain'
import { type Contents, type ContentsEvent, refText } from '@kithnet/holonomic'
import { createIdentity } from '@kithnet/identity'
import { memoryStore, openStore } from '@kithnet/store'
import type { Store } from '@kithnet/types'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  ContentNetwork,
  countedSource,
  type Keeper,
  readWhole,
  someBytes,
  symbolsIn,
} from './content-network.ts'

/** Contents among real nodes of this process, over real links. */
let network: ContentNetwork
beforeEach(() => {
  network = new ContentNetwork()
})
afterEach(() => network[Symbol.asyncDispose]())

const waiting = { timeout: 30_000, interval: 50 }

/** Waits until a content is proven to be held in so many distinct shares. */
async function proven(contents: Contents, ref: Parameters<Contents['holders']>[0], least: number) {
  await vi.waitFor(async () => {
    const holders = await contents.holders(ref)
    const shares = new Set(holders.flatMap((holder) => holder.shares))
    expect(shares.size).toBeGreaterThanOrEqual(least)
  }, waiting)
}

test('a file put among ten comes back whole on a new node when four are gone', async () => {
  const keepers = await network.found(10)
  const [author] = keepers
  const data = someBytes(2_000_000, 'ten')
  const source = countedSource(data)
  const steps = new Set<string>()
  const report = await author.holonomic.content.put(source, {
    progress: (step, done, of) => {
      expect(done).toBeLessThanOrEqual(of)
      steps.add(step)
    },
  })
  expect([...steps]).toEqual(['described', 'placed'])
  expect(report.refused).toEqual([])
  expect(report.shares).toBe(report.wanted)
  expect(report.shares).toBeGreaterThanOrEqual(26)
  expect(source.reads()).toBeGreaterThanOrEqual(2 * 7)
  const reads = source.reads()

  for (const gone of keepers.slice(3, 7)) await gone.close()
  const left = [...keepers.slice(0, 3), ...keepers.slice(7)]
  const reader = await network.start({ friend: left[4]!, root: author.id })
  await author.holonomic.trust.grant(reader.id)
  const whole = await readWhole(reader.holonomic.content, report.ref, data.length)
  expect(Buffer.compare(whole, data)).toBe(0)
  // The author gives it from what it keeps for others alone: its own source is not read after `put`.
  expect(source.reads()).toBe(reads)
}, 90_000)

test('what its author takes back is gone everywhere, and from who was away before anything is served', async () => {
  const keepers = await network.found(5)
  const [author, , , , away] = keepers as readonly Keeper[]
  const data = someBytes(300_000, 'withdrawn')
  const { ref } = await author!.holonomic.content.put(memorySource(data))
  await vi.waitFor(async () => {
    for (const { disk } of keepers) expect(await symbolsIn(disk)).toBeGreaterThan(0)
  }, waiting)
  await away!.close()
  expect(await symbolsIn(away!.disk)).toBeGreaterThan(0)

  const stayed = keepers.slice(0, 4)
  const sinceMs = performance.now()
  await author!.holonomic.content.forget(ref)
  await vi.waitFor(async () => {
    for (const { disk } of stayed) expect(await symbolsIn(disk)).toBe(0)
  }, waiting)
  expect(performance.now() - sinceMs).toBeLessThan(statedMs)
  for (const { holonomic } of stayed) {
    const entry = holonomic.content.list().find((one) => refText(one.ref) === refText(ref))
    expect(entry).toMatchObject({ consent: { state: 'withdrawn' }, shares: [], storedBytes: 0 })
    await expect(readWhole(holonomic.content, ref, data.length)).rejects.toThrow('took its consent')
  }
  await expect(author!.holonomic.content.retain(ref)).rejects.toThrow('holonomic/no-content')

  const backMs = performance.now()
  const back = await network.start({
    friend: stayed[2]!,
    root: author!.id,
    identity: away!.identity,
    disk: away!.disk,
  })
  await back.holonomic.statements.ready
  await vi.waitFor(async () => expect(await symbolsIn(back.disk)).toBe(0), waiting)
  expect(performance.now() - backMs).toBeLessThan(statedMs)
  expect(back.holonomic.content.list()).toMatchObject([{ consent: { state: 'withdrawn' } }])
}, 90_000)

test('a node that was killed and comes back with its file holds and serves what it held', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'content-'))
  const path = join(folder, 'store.db')
  try {
    const identity = createIdentity()
    const founder = await network.start({ keepBytes: 0 })
    const data = someBytes(200_000, 'restarted')
    let ref: Awaited<ReturnType<Contents['put']>>['ref']
    {
      await using disk = await openStore(path)
      const keeper = await network.start({ friend: founder, root: founder.id, identity, disk })
      await founder.holonomic.trust.grant(keeper.id)
      await network.agreed([founder, keeper], 1)
      const report = await founder.holonomic.content.put(memorySource(data))
      ref = report.ref
      expect(report.holders).toMatchObject([{ peer: keeper.id }])
      await keeper.close()
    }
    await expect(readWhole(founder.holonomic.content, ref, data.length)).rejects.toThrow(
      'holonomic/not-enough-shares',
    )
    await using disk = await openStore(path)
    const keeper = await network.start({ friend: founder, root: founder.id, identity, disk })
    const [entry] = keeper.holonomic.content.list()
    expect(entry!.shares.length).toBeGreaterThanOrEqual(20)
    await proven(founder.holonomic.content, ref, 20)
    const whole = await readWhole(founder.holonomic.content, ref, data.length)
    expect(Buffer.compare(whole, data)).toBe(0)
    await keeper.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 90_000)

/** A store whose symbols are not what was stored: what a holder that lies would give. */
function lyingStore(): Store {
  const disk = memoryStore()
  const get: Store['get'] = async (space, key) => {
    const value = await disk.get(space, key)
    if (space === 'holonomic/symbols/1' && value !== undefined) value[value.length - 1]! ^= 1
    return value
  }
  return new Proxy(disk, {
    get: (target, name: keyof Store) => {
      const member = name === 'get' ? get : target[name]
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

test('who gives symbols that are none is found out and replaced, and costs no reader its content', async () => {
  const [author, ...others] = await network.found(6)
  const liar = await network.start({ friend: author, root: author.id, disk: lyingStore() })
  await author.holonomic.trust.grant(liar.id)
  await network.agreed([author, ...others, liar], 7)
  const rejected: ContentsEvent[] = []
  author.holonomic.content.on((event) => {
    if (event.type === 'rejected') rejected.push(event)
  })
  const data = someBytes(400_000, 'liar')
  const report = await author.holonomic.content.put(memorySource(data))
  expect(report.holders.map(({ peer }) => peer)).not.toContain(liar.id)
  expect(report.refused).toContainEqual({ peer: liar.id, why: 'unproven' })
  expect(rejected).toContainEqual(expect.objectContaining({ peer: liar.id }))
  expect(report.shares).toBeGreaterThanOrEqual(26)
  const reader = await network.start({ friend: author, root: author.id, keepBytes: 0 })
  const whole = await readWhole(reader.holonomic.content, report.ref, data.length)
  expect(Buffer.compare(whole, data)).toBe(0)
}, 90_000)

test('shares that are lost for good are made again by those who are left', async () => {
  const keepers = await network.found(7)
  const [author] = keepers
  const data = someBytes(250_000, 'mended')
  const { ref, wanted } = await author.holonomic.content.put(memorySource(data))
  for (const gone of keepers.slice(5)) await gone.close()
  const left = keepers.slice(0, 5)
  const bytes = async (): Promise<number> => {
    let sum = 0
    for (const { disk } of left) sum += await symbolsIn(disk)
    return sum
  }
  const before = await bytes()
  await vi.waitFor(async () => expect(await bytes()).toBeGreaterThan(before), waiting)
  await proven(left[3]!.holonomic.content, ref, Math.min(26, wanted))
  // What making it took is not left on any disk.
  await vi.waitFor(async () => {
    for (const { disk } of left) {
      expect(await disk.scan('holonomic/rebuilt/1', { limit: 1 })).toEqual([])
    }
  }, waiting)
}, 90_000)

test('who wants none of a content gives its shares up, and takes part again when asked to', async () => {
  const [author, ...others] = await network.found(4)
  const { ref } = await author.holonomic.content.put(memorySource(someBytes(100_000, 'declined')))
  const [tired] = others
  await vi.waitFor(async () => expect(await symbolsIn(tired!.disk)).toBeGreaterThan(0), waiting)
  await expect(tired!.holonomic.content.retain(ref, 1_000)).rejects.toThrow('holonomic/not-author')
  await tired!.holonomic.content.forget(ref)
  expect(await symbolsIn(tired!.disk)).toBe(0)
  expect(tired!.holonomic.content.list()).toMatchObject([{ isDeclined: true, shares: [] }])
  await proven(others[1]!.holonomic.content, ref, 20)
  await tired!.holonomic.content.retain(ref)
  expect(tired!.holonomic.content.list()).toMatchObject([{ isDeclined: false }])
  const before = author.holonomic.content.list()[0]!.until!
  await author.holonomic.content.retain(ref, 180 * 86_400_000)
  await vi.waitFor(() => {
    expect(tired!.holonomic.content.list()[0]!.until).toBeGreaterThan(before)
  }, waiting)
}, 90_000)

test('what was allowed for a time is gone when it is over, without a word', async () => {
  const keepers = await network.found(3)
  const [author] = keepers
  const data = someBytes(50_000, 'temporary')
  const { ref } = await author.holonomic.content.put(memorySource(data), { windowMs: 6_000 })
  expect(await symbolsIn(keepers[1]!.disk)).toBeGreaterThan(0)
  await vi.waitFor(async () => {
    for (const { disk } of keepers) expect(await symbolsIn(disk)).toBe(0)
  }, waiting)
  expect(author.holonomic.content.list()).toMatchObject([{ consent: { state: 'expired' } }])
  await expect(readWhole(keepers[2]!.holonomic.content, ref, data.length)).rejects.toThrow(
    'is over',
  )
}, 60_000)

test('what cannot be done is said with what to do', async () => {
  const founder = await network.start()
  const friend = await network.start({ friend: founder, root: founder.id })
  await founder.holonomic.statements.ready
  const { content } = founder.holonomic
  await expect(content.put(memorySource(someBytes(1_000, 'alone')))).rejects.toThrow(
    'holonomic/no-keepers',
  )
  const ref = { author: friend.id, content: '00'.repeat(32) }
  await expect(readWhole(content, ref, 1)).rejects.toThrow('Nobody has published')
  await expect(content.holders(ref)).rejects.toThrow('holonomic/no-content')
  await expect(content.retain(ref)).rejects.toThrow('holonomic/no-content')
  const stop = new AbortController()
  const alone = await network.start()
  const reading = readWholeUntil(alone.holonomic.content, ref, stop.signal)
  stop.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
}, 60_000)

async function readWholeUntil(
  contents: Contents,
  ref: Parameters<Contents['get']>[0],
  signal: AbortSignal,
): Promise<number> {
  let parts = 0
  for await (const _ of contents.get(ref, { signal })) parts++
  return parts
}

/** Source: what is stated of a withdrawal. */
const statedMs = 60_000
