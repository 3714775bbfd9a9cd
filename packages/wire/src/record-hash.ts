import { assert, type Bytes, toHex, utf8 } from '@kithnet/kernel'
import type { ElraRecord } from './record.ts'
import { RecordWriter } from './record-writer.ts'
import { sha3_256 } from './sha3.ts'

const writer = new RecordWriter()

/**
 * SHA3-256 of the record's bytes as they came. It names these bytes, not what they say: another order of parents or
 * another signature gives another hash, so compare records by `contentId`.
 */
export function recordHash(record: ElraRecord): Bytes {
  return sha3_256(record.bytes)
}

/** SHA3-256 of what the signatures are over: the same for every form in which a record can be carried. */
export function contentId(record: ElraRecord): Bytes {
  const signable = writer.signable(record)
  assert(signable.ok, 'what was read can be signed')
  return sha3_256(signable.value)
}

/** SHA3-256 of a creator's key, in hexadecimal: the name of an identity. */
export function identityHash(creatorKey: Uint8Array): string {
  return toHex(sha3_256(creatorKey))
}

/** The first eight bytes of an id's SHA3-256, as tile files have them. */
export function idHashPrefix(id: string): Bytes {
  return sha3_256(utf8(id)).slice(0, 8)
}
