import {
  BlockPool,
  type ContentPart,
  type ContentSymbol,
  createContent,
  type FountainPolicy,
  memorySource,
} from '@kithnet/fountain'
import { seededRng, toHex } from '@kithnet/kernel'
import { memoryStore } from '@kithnet/store'
import { expect, test } from 'vitest'
import { ContentReading } from '../../packages/holonomic/src/content/content-reading.ts'
import { ContentStore } from '../../packages/holonomic/src/content/content-store.ts'
import type { KeeperEvent } from '../../packages/holonomic/src/content/keeper-events.ts'
import { sampleRef } from './content-samples.ts'

const policy: FountainPolicy = {
  sourceSymbols: 5,
  repairSymbols: 2,
  minViableSymbols: 2,
  targetHolders: 29,
}
const pool = new BlockPool({ workers: 0 })

/** A content of many blocks, a reading of it, and all that the keeper is told. */
async function reading(length: number, held: readonly number[] = []) {
  const data = seededRng('reading').bytes(length)
  const content = await createContent(memorySource(data), { policy })
  const { manifest } = content
  const ref = { author: sampleRef.author, content: toHex(content.id) }
  const disk = memoryStore()
  const store = await ContentStore.open(disk)
  const { sourceBlocks } = manifest.transfer
  for await (const symbol of content.symbols(held)) await store.put(ref, sourceBlocks, symbol)
  const told: KeeperEvent[] = []
  const stop = new AbortController()
  const one = new ContentReading({
    token: 7,
    ref,
    manifest,
    store,
    pool,
    signals: [stop.signal],
    feed: (event) => told.push(event),
  })
  const blockOf = (block: number, shares: readonly number[]): Promise<readonly ContentSymbol[]> =>
    content.blockSymbols(block, shares)
  return { data, manifest, ref, disk, store, told, stop, one, blockOf }
}

async function nextOf(parts: AsyncGenerator<ContentPart>): Promise<ContentPart> {
  const next = await parts.next()
  if (next.done === true) throw new Error('there are no more parts')
  return next.value
}

test('no more is asked for than some blocks beyond what the reader has taken', async () => {
  const { data, manifest, one, told, blockOf } = await reading(2_000_000)
  const blocks = manifest.transfer.sourceBlocks
  expect(blocks).toBe(25)
  const parts = one.parts()
  const first = nextOf(parts)
  expect(told).toMatchObject([{ type: 'fetch', token: 7, has: [], toBlock: 16 }])
  // The second comes before the first: nothing new is asked for until the first is taken.
  one.take(await blockOf(1, [0, 2, 3, 5, 6]))
  expect((await first).start).toBe(manifest.transfer.symbolBytes * 5)
  const second = nextOf(parts)
  one.take(await blockOf(0, [0, 1, 2, 3, 4]))
  expect((await second).start).toBe(0)
  expect(told).toHaveLength(1)
  const third = nextOf(parts)
  one.take(await blockOf(2, [2, 3, 4, 5, 9]))
  const { start, bytes } = await third
  expect(told.slice(1)).toEqual([{ type: 'pull', token: 7, toBlock: 18 }])
  expect(Buffer.compare(bytes, data.subarray(start, start + bytes.length))).toBe(0)
  await parts.return()
  expect(told.at(-1)).toEqual({ type: 'cancel', token: 7 })
})

test('what is stored here is used, and what is missing of it is asked for', async () => {
  const { data, ref, disk, one, told, blockOf } = await reading(150_000, [1, 3, 6])
  const [entry] = await disk.scan('holonomic/symbols/1', { limit: 1 })
  await disk.write([{ space: 'holonomic/symbols/1', key: entry!.key, value: undefined }])
  const parts = one.parts()
  const whole = new Uint8Array(data.length)
  const reader = (async () => {
    for await (const { start, bytes } of parts) whole.set(bytes, start)
  })()
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(told[0]).toMatchObject({ type: 'fetch', ref, has: [1, 3, 6], toBlock: 2 })
  expect(told.slice(1)).toEqual([{ type: 'more', token: 7, block: 0 }])
  one.take(await blockOf(0, [0, 2, 5]))
  one.take(await blockOf(1, [0, 2]))
  await reader
  expect(Buffer.compare(whole, data)).toBe(0)
})

test('symbols that do not do are added to, and a copy counts for nothing', async () => {
  const { manifest, one, told, blockOf } = await reading(60_000)
  const shares = await tooFew(manifest.transfer.symbolBytes, (ids) => blockOf(0, ids))
  const parts = one.parts()
  const first = nextOf(parts)
  const symbols = await blockOf(0, shares)
  one.take([...symbols.slice(0, 4), ...symbols.slice(0, 4)])
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(told).toHaveLength(1)
  one.take(symbols.slice(4))
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(told.slice(1)).toEqual([{ type: 'more', token: 7, block: 0 }])
  const other = Array.from({ length: 14 }, (_, share) => share).filter((id) => !shares.includes(id))
  one.take(await blockOf(0, other.slice(0, 3)))
  expect((await first).bytes).toHaveLength(60_000)
})

/** Five shares that do not bring their block back, as one time in a hundred. */
async function tooFew(
  symbolBytes: number,
  symbolsOf: (ids: readonly number[]) => Promise<readonly ContentSymbol[]>,
): Promise<readonly number[]> {
  const all = await symbolsOf(Array.from({ length: 14 }, (_, share) => share))
  const rng = seededRng('too few')
  for (;;) {
    const ids = new Set<number>()
    while (ids.size < 5) ids.add(rng.below(14))
    const joined = new Uint8Array(5 * symbolBytes)
    for (const [at, id] of [...ids].entries()) joined.set(all[id]!.bytes, at * symbolBytes)
    if ((await pool.decode(5, symbolBytes, [...ids], joined)) === undefined) return [...ids]
  }
}

test('it ends with what went wrong, and says so once', async () => {
  const { one, told, stop } = await reading(60_000)
  const failing = nextOf(one.parts())
  one.fail(new Error('nobody'))
  one.fail(new Error('later'))
  await expect(failing).rejects.toThrow('nobody')
  expect(told.at(-1)).toEqual({ type: 'cancel', token: 7 })

  const other = await reading(60_000)
  const stopping = nextOf(other.one.parts())
  other.stop.abort(new Error('enough'))
  await expect(stopping).rejects.toThrow('enough')
  stop.abort(new Error('enough'))
  await expect(nextOf(one.parts())).rejects.toThrow('nobody')
})
