import { assert, type Bytes, compareBytes, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import type { Change, Entry, Store } from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts'

/** Keys of what is kept of one's own logs begin so: the log and the epoch follow. */
export const logKey = 'log '
/** Keys of the last checkpoints that were cosigned begin so: the log follows. */
export const headKey = 'head '

const logSpace = 'holonomic/log/1'
const headSpace = 'holonomic/cosigned/1'
const pageEntries = 256
const logBytes = 32
const epochBytes = 8

/** What the machine's key and value are in a store. An epoch of a log is one value, so that no crash can halve it. */
export function changeOf(key: string, value: Uint8Array): Change {
  if (key.startsWith(headKey)) {
    return { space: headSpace, key: fromHex(key.slice(headKey.length))!, value }
  }
  assert(key.startsWith(logKey), 'the machine keeps logs and heads')
  const [log, epoch] = key.slice(logKey.length).split(' ')
  const bytes = new Uint8Array(logBytes + epochBytes)
  bytes.set(fromHex(log!)!)
  new DataView(bytes.buffer).setBigUint64(logBytes, BigInt(epoch!))
  return { space: logSpace, key: bytes, value }
}

/** One's own checkpoints, each log's by epoch. Fails on a value that this did not write. */
export async function readLogs(store: Store): Promise<Result<readonly Checkpoint[], BodyFault>> {
  const checkpoints: Checkpoint[] = []
  for (const { value } of await readAll(store, logSpace)) {
    const read = decodeCheckpoint(value)
    if (!read.ok) return read
    checkpoints.push(read.value)
  }
  return ok(checkpoints)
}

/** The last checkpoints that were cosigned, by log. */
export async function readHeads(store: Store): Promise<readonly (readonly [string, Bytes])[]> {
  const entries = await readAll(store, headSpace)
  return entries.map(({ key, value }) => [toHex(key), value])
}

async function readAll(store: Store, space: string): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  let from: Uint8Array | undefined
  for (;;) {
    const range = { limit: pageEntries, ...(from === undefined ? {} : { from }) }
    const page = await store.scan(space, range)
    const fresh = page.filter(({ key }) => from === undefined || compareBytes(key, from) > 0)
    if (fresh.length === 0) return entries
    entries.push(...fresh)
    from = fresh.at(-1)!.key
  }
}
