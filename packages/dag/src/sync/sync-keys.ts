import { assert, type Bytes, fromHex, toHex, utf8 } from '@kithnet/kernel'
import { hash } from '@kithnet/types'

/** What two stores compare, by kind: its number is its place on the wire. */
export const itemKinds = { record: 0, attestation: 1, evidence: 2 } as const

/** One of the kinds. */
export type ItemKind = (typeof itemKinds)[keyof typeof itemKinds]

/** A signed thing that stores exchange, as its author signed it. */
export interface SyncItem {
  readonly kind: ItemKind
  readonly bytes: Uint8Array
}

/** Hex digits of a key. */
export const keyDigits = 64
/** Hex digits of the half of a key that names the record. */
export const nameDigits = 32

/**
 * What comes after every depth: attestations and evidence stand there, so that an order by time is one in which
 * records come after their parents and all else after the records that it is about. Source: our choice; no chain of
 * records is as long.
 */
export const beyondDepth: number = 2 ** 40

/**
 * The key of a record: 16 bytes of its id and 16 of the hash of what was signed. Two records with one id and different
 * contents have two keys, and both are noticed; copies of one that differ in nothing but their signatures have one.
 * The id can be read from it. `contentId`: SHA3-256 of the signable bytes.
 */
export function recordKey(id: string, contentId: Uint8Array): string {
  return recordName(id) + toHex(contentId.subarray(0, nameDigits / 2))
}

/** The half of a key that names a record: the UUID's digits, or the hash of an id of another form. */
export function recordName(id: string): string {
  const digits = isUuid(id) ? id.replaceAll('-', '') : toHex(hash('item', utf8(id)))
  return digits.slice(0, nameDigits)
}

/** The id that a key or name stands for, if it is a UUID: others must be looked up. */
export function uuidOfName(name: string): string {
  assert(name.length >= nameDigits, 'a name has 32 digits')
  const cuts = [0, 8, 12, 16, 20, 32]
  return cuts
    .slice(1)
    .map((end, index) => name.slice(cuts[index], end))
    .join('-')
}

/** The key of what one witness says of one record: a second word of it is not another. */
export function attestationKey(recordId: string, witness: string): string {
  return toHex(hash('item', utf8(`attestation ${recordId.length} ${recordId}${witness}`)))
}

/** The key of the proof that something was done: two proofs of it are one. */
export function evidenceKey(subject: string): string {
  return toHex(hash('item', utf8(`evidence ${subject}`)))
}

/** The bytes of a key or name. */
export function keyBytes(key: string): Bytes {
  const bytes = fromHex(key)
  assert(bytes !== undefined, 'a key is hexadecimal')
  return bytes
}

/** True for the form of id that new records have. */
export function isUuid(id: string): boolean {
  return uuidPattern.test(id)
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
