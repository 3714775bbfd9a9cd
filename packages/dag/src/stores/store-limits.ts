import { assert, CodedError, utf8 } from '@kithnet/kernel'
import { maxNameBytes, storeError } from '@kithnet/store'
import type { RecordUnstorableFault, StoredDuplicateFault } from '../faults.ts'
import type { StoredAttestation, StoredRecord } from './record-store.ts'

/** Most records or attestations of one call. Source: our choice. */
export const maxAppendRecords = 65_536
/** Most bytes of the records of one call. Source: our choice: 64 MiB, held in memory until they are on disk. */
export const maxAppendBytes: number = 64 * 2 ** 20
/** Longest small value. Source: our choice: 1 MiB. */
export const maxStoredValueBytes: number = 2 ** 20
/** Longest id of a record, in UTF-8 bytes. Source: elara-runtime, one byte of length. */
export const maxRecordIdBytes = 255
/** Most bytes of a stored attestation's signature. Source: our choice; SLH-DSA-SHA2-192f has 35,664. */
const maxWitnessSignatureBytes = 65_535
/** Records, or headers, of one batch of a scan. Source: our choice; 5.5 MB of the usual 5.4 KB. */
export const scanRecords = 1_024

/**
 * Bytes of the records, once they are found fit to be stored together.
 *
 * @throws CodedError `store/too-large`, `dag/unstorable` or `dag/duplicate`.
 */
export function checkAppend(
  entries: readonly StoredRecord[],
  isKnown: (id: string) => boolean,
): number {
  bounded('batch', entries.length, maxAppendRecords)
  const ids = new Set<string>()
  let bytes = 0
  for (const { record, hash, firstSeen } of entries) {
    assert(hash.length === 32, 'a record hash has 32 bytes')
    assert(Number.isSafeInteger(firstSeen), 'a record was first seen at a whole millisecond')
    if (!Number.isFinite(record.timestamp)) throw unstorable(record.id, 'its time is not finite')
    if (record.id.includes('\0')) throw unstorable(record.id, 'its id has a zero character')
    if (ids.has(record.id) || isKnown(record.id)) throw duplicate(record.id)
    ids.add(record.id)
    bytes += record.bytes.length
  }
  bounded('batch', bytes, maxAppendBytes)
  return bytes
}

/** Bytes of the attestations. @throws CodedError `store/too-large`. */
export function checkAttestations(attestations: readonly StoredAttestation[]): number {
  bounded('batch', attestations.length, maxAppendRecords)
  let bytes = 0
  for (const { recordId, witness, signature, timestamp } of attestations) {
    assert(witnessPattern.test(witness), 'a witness is named by a hash in lower-case hexadecimal')
    assert(Number.isFinite(timestamp), 'an attestation has a time')
    if (recordId.includes('\0')) throw unstorable(recordId, 'its id has a zero character')
    bounded('name', utf8(recordId).length, maxRecordIdBytes)
    bytes += bounded('value', signature.length, maxWitnessSignatureBytes) + 512
  }
  return bounded('batch', bytes, maxAppendBytes)
}

/** @throws CodedError `store/too-large`. */
export function checkValue(name: string, value: Uint8Array | undefined): number {
  assert(namePattern.test(name), 'a value has a name, of printable ASCII')
  bounded('name', utf8(name).length, maxNameBytes)
  return bounded('value', value?.length ?? 0, maxStoredValueBytes)
}

/** The error for an id that is already there. */
export function duplicate(id: string): CodedError<StoredDuplicateFault> {
  return new CodedError(
    { code: 'dag/duplicate', id },
    `The store has a record ${id}: look it up before you append one`,
  )
}

function unstorable(id: string, why: string): CodedError<RecordUnstorableFault> {
  const sentence = `Record ${id} cannot be stored (${why}): check records before you append them`
  return new CodedError({ code: 'dag/unstorable', id, why }, sentence)
}

function bounded(what: 'name' | 'value' | 'batch', size: number, max: number): number {
  if (size > max) throw storeError({ code: 'store/too-large', what, size, max })
  return size
}

/** Sorts alike as text and as bytes. */
const namePattern = /^[\x20-\x7e]+$/
const witnessPattern = /^[0-9a-f]{64}$/
