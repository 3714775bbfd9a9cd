import { type Bytes, CodedError, type EpochMs } from '@kithnet/kernel'
import { decodeRecord, type Mode } from '@kithnet/wire'
import type { DamagedRecordFault, RecordUnstorableFault } from '../faults.ts'
import type { StoredRecord } from './record-store.ts'

/** How a store is opened. */
export interface RecordStoreOptions {
  /** How exact its records must be: `strict` when left out. Old data asks for `compatible`. */
  readonly mode?: Mode
}

/**
 * The stored record over bytes that the store owns.
 *
 * @throws CodedError `dag/unstorable` when the bytes are no record in this mode.
 */
export function storedCopy(
  bytes: Bytes,
  from: {
    readonly record: { readonly id: string }
    readonly hash: Bytes
    readonly firstSeen: EpochMs
  },
  mode: Mode,
): StoredRecord {
  const decoded = decodeRecord(bytes, mode)
  if (decoded.ok)
    return { record: decoded.value, hash: from.hash.slice(), firstSeen: from.firstSeen }
  const why = `it is not well-formed, ${decoded.fault.code}`
  const fault: RecordUnstorableFault = { code: 'dag/unstorable', id: from.record.id, why }
  throw new CodedError(
    fault,
    `Record ${fault.id} cannot be stored (${why}): open the store with mode compatible to keep old data`,
  )
}

/** The error for a record that is not what was stored. */
export function damagedRecord(id: string, place: string): CodedError<DamagedRecordFault> {
  return new CodedError(
    { code: 'dag/damaged-record', id, place },
    `Record ${id} in ${place} is damaged: repair the store, then fetch the record from a peer or a backup`,
  )
}
