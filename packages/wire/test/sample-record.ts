import { assert } from '@kithnet/kernel'
import { decodeRecord, type ElraRecord, encodeRecord, type RecordFields } from '@kithnet/wire'

/** A strict record with two parents, metadata and a signature, and what is changed of it. */
export function sampleFields(changes: Partial<RecordFields> = {}): RecordFields {
  return {
    id: '019506e0-1234-7000-8000-000000000001',
    version: 1,
    contentHash: new Uint8Array(32).fill(0x11),
    creatorKey: new Uint8Array(1952).fill(0x22),
    timestamp: 1_739_712_345.123456,
    parents: ['019506e0-1234-7000-8000-000000000000', '019506e0-1234-7000-8000-ffffffffffff'],
    classification: 1,
    metadata: new Map([
      ['key', 'value'],
      ['type', 'sample'],
    ]),
    signature: new Uint8Array(3309).fill(0x33),
    ...changes,
  }
}

/** The bytes of fields that are strict. */
export function strictBytes(fields: RecordFields = sampleFields()): Uint8Array<ArrayBuffer> {
  const written = encodeRecord(fields)
  assert(written.ok, 'the fields are strict')
  return written.value
}

/** The record of bytes that are strict. */
export function strictRecord(bytes: Uint8Array): ElraRecord {
  const read = decodeRecord(bytes)
  assert(read.ok, 'the bytes are strict')
  return read.value
}

/** A copy with other bytes at an offset. */
export function changed(bytes: Uint8Array, at: number, ...others: readonly number[]): Uint8Array {
  const copy = bytes.slice()
  copy.set(others, at)
  return copy
}
