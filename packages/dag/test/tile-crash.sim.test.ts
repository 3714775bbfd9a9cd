import { assert, type Bytes, concat, epochMs, seededRng, toHex, utf8 } from '@kithnet/kernel'
import type { RecordStore, StoredRecord } from '@kithnet/dag'
import { openTiles } from '@kithnet/dag/tiles'
import { memoryStore } from '@kithnet/store/memory'
import {
  decodeRecord,
  encodeRecord,
  recordAddress,
  recordHash,
  sha3_256,
  tilePath,
} from '@kithnet/wire'
import { expect, test } from 'vitest'
import { CrashingDisk, type Survival } from './crashing-disk.ts'

/** Small, without a signature, so that a workload is many changes and few bytes. */
function record(number: number): StoredRecord {
  const encoded = encodeRecord({
    id: idOf(number),
    version: 1,
    contentHash: new Uint8Array(32).fill(number % 3),
    creatorKey: new Uint8Array(1952).fill(number),
    timestamp: 1_739_712_345 + number,
    parents: number === 0 ? [] : [idOf(number - 1)],
    classification: 0,
    metadata: new Map([['n', BigInt(number)]]),
  })
  assert(encoded.ok, 'a record of this test is well-formed')
  const decoded = decodeRecord(encoded.value)
  assert(decoded.ok, 'a record of this test is well-formed')
  const firstSeen = epochMs(1_739_800_000_000 + number)
  return { record: decoded.value, hash: recordHash(decoded.value), firstSeen }
}

function idOf(number: number): string {
  return `01950f00-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

const records = Array.from({ length: 40 }, (_, number) => record(number))
const bytesById = new Map(records.map(({ record: { id, bytes } }) => [id, toHex(bytes)]))
/** Calls of the workload: numbers of the records of each, and which calls are made without waiting for the one before. */
const calls: readonly (readonly number[])[] = [
  [0],
  [1, 2, 3],
  [4],
  [5, 6],
  [7],
  [8, 9, 10, 11, 12],
  [13],
  [14, 15],
  [16],
  [17, 18, 19],
]
const together = new Set([2, 3, 6, 7])

interface Outcome {
  readonly acknowledged: Set<number>
}

function open(disk: CrashingDisk): Promise<RecordStore> {
  const ground = { files: disk, notes: memoryStore(), path: 'disk' }
  const host = { wall: () => epochMs(1), rng: seededRng(1) }
  // Three records fill a file of the journal.
  return openTiles(ground, { host, segmentBytes: 5_000 })
}

/** Appends the calls that are not there yet, and closes. A cut ends it early. */
async function work(disk: CrashingDisk, outcome: Outcome): Promise<void> {
  let store: RecordStore | undefined
  try {
    store = await open(disk)
    const waiting: Promise<void>[] = []
    for (const [index, numbers] of calls.entries()) {
      if ((await store.get(idOf(numbers[0]!))) !== undefined) continue
      const call = store.append(numbers.map((number) => records[number]!)).then(() => {
        for (const number of numbers) outcome.acknowledged.add(number)
      })
      waiting.push(call)
      call.catch(() => {})
      if (!together.has(index)) await Promise.all(waiting.splice(0))
    }
    await Promise.all(waiting)
  } catch (error) {
    assert(disk.isOff, String(error))
  }
  await store?.close().catch((error: unknown) => assert(disk.isOff, String(error)))
}

async function served(store: RecordStore): Promise<readonly StoredRecord[]> {
  const found: StoredRecord[] = []
  for await (const batch of store.scan()) found.push(...batch)
  return found
}

/** What is served is whole, in order, with every acknowledged record and every call whole or not at all. */
async function check(store: RecordStore, outcome: Outcome): Promise<readonly StoredRecord[]> {
  const found = await served(store)
  expect(found.length).toBe(store.size)
  const numbers = found.map(({ record: { id } }) => Number.parseInt(id.slice(-12), 16))
  for (const { record: each, hash, firstSeen } of found) {
    expect(toHex(each.bytes)).toBe(bytesById.get(each.id))
    expect(toHex(hash)).toBe(toHex(recordHash(each)))
    expect(firstSeen - 1_739_800_000_000).toBe(Number.parseInt(each.id.slice(-12), 16))
  }
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  const known = new Set(numbers)
  for (const number of outcome.acknowledged) expect(known).toContain(number)
  for (const call of calls) {
    expect(new Set(call.map((number) => known.has(number))).size).toBe(1)
  }
  return found
}

/** The files that elara-runtime would have written for these records in this order. */
function tilesOf(found: readonly StoredRecord[]): Record<string, string> {
  const files = new Map<string, Bytes>()
  const add = (path: string, ...parts: readonly Uint8Array[]): void => {
    files.set(path, concat(files.get(path) ?? new Uint8Array(0), ...parts))
  }
  const prefix = (id: string): Uint8Array => sha3_256(utf8(id)).subarray(0, 8)
  for (const { record: each } of found) {
    const folder = `tiles/${tilePath(recordAddress(each))}`
    const place = new Uint8Array(12)
    const view = new DataView(place.buffer)
    view.setBigUint64(0, BigInt(files.get(`${folder}/records.bin`)?.length ?? 0), true)
    view.setUint32(8, each.bytes.length, true)
    add(`${folder}/index.bin`, prefix(each.id), place)
    add(`${folder}/records.bin`, each.bytes)
    for (const parent of each.parents) add(`${folder}/edges.bin`, prefix(each.id), prefix(parent))
  }
  return hexOf(files)
}

function hexOf(files: Iterable<readonly [string, Bytes]>): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, toHex(bytes)]))
}

/** Opens what a cut left, goes on to the end, and compares the tiles with what they should be. */
async function recover(contents: ReadonlyMap<string, Bytes>, outcome: Outcome): Promise<void> {
  const disk = new CrashingDisk(contents, Infinity)
  {
    await using store = await open(disk)
    await check(store, outcome)
  }
  await work(disk, outcome)
  expect(outcome.acknowledged.size).toBeLessThanOrEqual(20)
  await using store = await open(disk)
  const found = await check(store, outcome)
  expect(found.length).toBe(20)
  await store.close()
  const left = disk.survivors('everything', seededRng(0))
  const tiles = [...left].filter(([path, bytes]) => path.startsWith('tiles/') && bytes.length > 0)
  expect(hexOf(tiles)).toEqual(tilesOf(found))
}

async function cutAt(change: number, survival: Survival, seed: string): Promise<boolean> {
  const rng = seededRng(`${seed}/${change}/${survival}`)
  const outcome: Outcome = { acknowledged: new Set() }
  const disk = new CrashingDisk(new Map(), change)
  await work(disk, outcome)
  let left = disk.survivors(survival, rng)
  if (survival === 'anything') {
    // And once more while it recovers and goes on.
    const second = new CrashingDisk(left, 1 + rng.below(60))
    await work(second, outcome)
    left = second.survivors(survival, rng)
  }
  await recover(left, outcome)
  return disk.changes >= change
}

for (const survival of ['nothing', 'everything', 'anything'] as const) {
  test(`a power cut at every change loses nothing that was acknowledged when ${survival} else lasts`, async () => {
    let change = 1
    while (await cutAt(change, survival, 'tiles')) change++
    console.log(`cut at each of ${change - 1} changes`)
    expect(change).toBeGreaterThan(100)
  })
}
