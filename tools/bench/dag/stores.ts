import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openRecords, type RecordStore, type StoredRecord } from '@kithnet/dag'
import { sqliteRecords } from '@kithnet/dag/sqlite'
import { tileRecords } from '@kithnet/dag/tiles'
import { assert, epochMs, type Rng, seededRng } from '@kithnet/kernel'
import { decodeRecord, encodeRecord, type Mode, recordHash, sha3_256 } from '@kithnet/wire'
import {
  atLeast,
  atMost,
  type BenchmarkOptions,
  type Figure,
  type Threshold,
} from '../../report.ts'
import { randomId } from './synthetic.ts'

/**
 * Stores on the disk: durable inserts a second beside what the disk gives to one bare file that is synced as often,
 * getting at random, and opening again.
 */
export async function storeFigures({
  quick,
  progress,
}: BenchmarkOptions): Promise<Record<string, Figure>> {
  const root = mkdtempSync(join(tmpdir(), 'kithnet-bench-'))
  try {
    progress('records of 5.4 KB')
    const records = usualRecords(quick ? 2_000 : 100_000)
    const bytes = records[0]!.record.bytes.length
    progress('a bare file')
    const bare = await bareInserts(join(root, 'bare'), bytes, quick ? 200 : 3_000)
    const tiles = await durable('tiles', records, () => tileRecords(join(root, 'tiles')), progress)
    const some = records.slice(0, quick ? 500 : 20_000)
    const sqlite = await durable('sqlite', some, () => sqliteRecords(join(root, 'r.db')), progress)
    progress('small records')
    const count = quick ? 10_000 : 1_000_000
    const reopened = await reopen(join(root, 'small'), count, progress)
    return {
      storeRecordBytes: bytes,
      bareInsertsPerSecond: bare,
      tilesInsertsPerSecond: tiles.insertsPerSecond,
      tilesSettledPerSecond: tiles.settledPerSecond,
      tilesInsertCpuUs: tiles.cpuUs,
      tilesRandomGetUs: tiles.getUs,
      tilesOneInsertMs: tiles.oneInsertMs,
      sqliteInsertsPerSecond: sqlite.insertsPerSecond,
      sqliteInsertCpuUs: sqlite.cpuUs,
      sqliteRandomGetUs: sqlite.getUs,
      sqliteOneInsertMs: sqlite.oneInsertMs,
      ...reopened,
    }
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** Source: `targets.md`. The quick form has too few records to fill a group of a commit. */
export function storeThresholds(quick: boolean): Record<string, Threshold> {
  if (quick) return {}
  return {
    tilesInsertsPerSecond: { match: null, beat: atLeast(20_000) },
    reopenMs: { match: null, beat: atMost(2_000) },
  }
}

interface Durable {
  readonly insertsPerSecond: number
  /** Until the store was closed, everything in its place. */
  readonly settledPerSecond: number
  /** Processor time of an insert, the host's share of it included. */
  readonly cpuUs: number
  readonly getUs: number
  readonly oneInsertMs: number
}

/** What one author after the other asks for: calls of this many records, so many of them at a time. */
const callRecords = 64
const callsAtOnce = 64

async function durable(
  name: string,
  records: readonly StoredRecord[],
  open: () => Promise<RecordStore>,
  progress: (text: string) => void,
): Promise<Durable> {
  progress(`${name}: inserts`)
  const store = await open()
  const alone = 20
  const startedAlone = performance.now()
  for (let index = 0; index < alone; index++) await store.append([records[index]!])
  const oneInsertMs = (performance.now() - startedAlone) / alone
  const many = records.slice(alone)
  const cpu = process.cpuUsage()
  const started = performance.now()
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < many.length) {
      const call = many.slice(next, next + callRecords)
      next += callRecords
      await store.append(call)
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, caller))
  const insertedMs = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  await store.close()
  const settledMs = performance.now() - started
  progress(`${name}: random gets`)
  const again = await open()
  const rng = seededRng(name)
  const gets = Math.min(20_000, records.length * 4)
  const ids = Array.from({ length: gets }, () => records[rng.below(records.length)]!.record.id)
  const startedGets = performance.now()
  for (const id of ids) assert((await again.get(id)) !== undefined, 'a stored record is there')
  const getUs = ((performance.now() - startedGets) * 1_000) / gets
  await again.close()
  const perSecond = (ms: number): number => (many.length * 1_000) / ms
  return {
    insertsPerSecond: perSecond(insertedMs),
    settledPerSecond: perSecond(settledMs),
    cpuUs: (user + system) / many.length,
    getUs,
    oneInsertMs,
  }
}

/** Records a second that a file takes when as many bytes are appended and synced at a time. */
async function bareInserts(path: string, recordBytes: number, ms: number): Promise<number> {
  const sync = promisify(fdatasync)
  const group = new Uint8Array(callRecords * (callsAtOnce / 2) * recordBytes).fill(0xa7)
  const file = openSync(path, 'w')
  const started = performance.now()
  let groups = 0
  while (performance.now() - started < ms) {
    writeSync(file, group)
    await sync(file)
    groups++
  }
  const elapsedMs = performance.now() - started
  closeSync(file)
  return (groups * (group.length / recordBytes) * 1_000) / elapsedMs
}

async function reopen(
  folder: string,
  count: number,
  progress: (text: string) => void,
): Promise<Record<string, Figure>> {
  const options = { mode: 'compatible' } as const
  const store = await tileRecords(folder, options)
  let bytes = 0
  for (const batch of smallRecords(count)) {
    bytes += batch.reduce((sum, { record }) => sum + record.bytes.length, 0)
    await store.append(batch)
    progress(`${store.size.toLocaleString('en')} small records`)
  }
  await store.close()
  globalThis.gc?.()
  const before = process.memoryUsage()
  const started = performance.now()
  const again = await tileRecords(folder, options)
  const openMs = performance.now() - started
  let headers = 0
  for await (const batch of again.headers()) headers += batch.length
  const reopenMs = performance.now() - started
  assert(headers === count, 'every header is there')
  const after = process.memoryUsage()
  await again.close()
  const graphStarted = performance.now()
  const last = await tileRecords(folder, options)
  const records = await openRecords({ store: last })
  const reopenWithGraphMs = performance.now() - graphStarted
  assert(records.graph.size === count, 'every record is in the graph')
  await last.close()
  return {
    reopenRecords: count,
    reopenRecordBytes: bytes / count,
    reopenStoreMs: openMs,
    reopenMs,
    reopenWithGraphMs,
    storeBytesPerRecord: (after.arrayBuffers - before.arrayBuffers) / count,
  }
}

function usualRecords(count: number): readonly StoredRecord[] {
  const rng = seededRng('usual records')
  const key = rng.bytes(1952)
  const signature = rng.bytes(3309)
  let parent: string | undefined
  return Array.from({ length: count }, (_, index) => {
    const stored = recordOf(rng, index, parent, { key, signature }, 'strict')
    parent = stored.record.id
    return stored
  })
}

function* smallRecords(count: number): Iterable<readonly StoredRecord[]> {
  const rng = seededRng('small records')
  const key = rng.bytes(32)
  let parent: string | undefined
  for (let from = 0; from < count; from += 10_000) {
    yield Array.from({ length: Math.min(10_000, count - from) }, (_, index) => {
      const stored = recordOf(rng, from + index, parent, { key }, 'compatible')
      parent = stored.record.id
      return stored
    })
  }
}

function recordOf(
  rng: Rng,
  index: number,
  parent: string | undefined,
  { key, signature }: { readonly key: Uint8Array; readonly signature?: Uint8Array },
  mode: Mode,
): StoredRecord {
  const fields = {
    id: randomId(rng),
    version: 1,
    contentHash: sha3_256(rng.bytes(32)),
    creatorKey: key,
    timestamp: 1_760_000_000 + index,
    parents: parent === undefined ? [] : [parent],
    classification: 0 as const,
    metadata: new Map([['n', BigInt(index)]]),
    signature,
  }
  const encoded = encodeRecord(fields, mode)
  assert(encoded.ok, 'a record of the benchmark is well-formed')
  const decoded = decodeRecord(encoded.value, mode)
  assert(decoded.ok, 'a record of the benchmark is well-formed')
  const record = decoded.value
  return { record, hash: recordHash(record), firstSeen: epochMs(1_760_000_000_000 + index) }
}
