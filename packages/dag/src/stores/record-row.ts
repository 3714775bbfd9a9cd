import { type Bytes, epochMs, equalBytes, fromUtf8 } from '@kithnet/kernel'
import { decodeRecord, type Mode } from '@kithnet/wire'
import { nativeSha3 } from './native-sha3.ts'
import type { StoredRecord } from './record-store.ts'
import { damagedRecord } from './stored-copy.ts'

/** A record as a row of the table `records`. Source: elara-runtime, SQLite storage. */
export interface RecordRow {
  readonly id: string
  readonly version: number
  readonly content_hash: Bytes
  readonly creator_public_key: Bytes
  readonly timestamp: number
  readonly classification: number
  readonly metadata: string
  readonly signature: Bytes | null
  readonly sphincs_signature: Bytes | null
  readonly zk_proof: Bytes | null
  readonly record_hash: Bytes
  readonly wire_bytes: Bytes
  /** Seconds since 1970: when the store first had it. */
  readonly inserted_at: number
}

/** The columns, in the order of the table. */
export const recordColumns: readonly (keyof RecordRow)[] = [
  'id',
  'version',
  'content_hash',
  'creator_public_key',
  'timestamp',
  'classification',
  'metadata',
  'signature',
  'sphincs_signature',
  'zk_proof',
  'record_hash',
  'wire_bytes',
  'inserted_at',
]

/** The row of a record. */
export function recordRow({ record, hash, firstSeen }: StoredRecord): RecordRow {
  const metadata = fromUtf8(record.metadataBytes)
  return {
    id: record.id,
    version: record.version,
    content_hash: record.contentHash,
    creator_public_key: record.creatorKey,
    timestamp: record.timestamp,
    classification: record.classification,
    metadata: metadata === undefined || metadata === '' ? '{}' : metadata,
    signature: record.signature ?? null,
    sphincs_signature: record.sphincsSignature ?? null,
    zk_proof: record.zkProof ?? null,
    record_hash: hash,
    wire_bytes: record.bytes,
    inserted_at: firstSeen / 1_000,
  }
}

/** The columns from which a record is read again. */
export type ReadRow = Pick<RecordRow, 'id' | 'wire_bytes' | 'record_hash' | 'inserted_at'>

/**
 * The record of a row. With `isChecked`, its hash is computed.
 *
 * @throws CodedError `dag/damaged-record`.
 */
export function storedOf(
  row: ReadRow,
  place: string,
  mode: Mode,
  isChecked: boolean,
): StoredRecord {
  const decoded = decodeRecord(row.wire_bytes, mode)
  const isSound =
    decoded.ok &&
    decoded.value.id === row.id &&
    (!isChecked || equalBytes(nativeSha3(row.wire_bytes), row.record_hash))
  if (!isSound) throw damagedRecord(row.id, place)
  const firstSeen = epochMs(Math.round(row.inserted_at * 1_000))
  return { record: decoded.value, hash: row.record_hash, firstSeen }
}
