import { type Bytes, fail, ok, type Result } from '@kithnet/kernel'
import { Decoder } from 'cbor-x/decode'
import {
  type CborFault,
  type CborLimits,
  type CborProfile,
  defaultCborLimits,
  scan,
} from './cbor-scan.ts'
import { write } from './cbor-write.ts'

/** A value that canonical CBOR can carry. Maps only in the `payload` profile. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue }

// The scanner has refused every form in which these options would matter for safety: tags, records, duplicates.
const decoder = new Decoder({
  useRecords: false,
  mapsAsObjects: true,
  int64AsNumber: true,
} as ConstructorParameters<typeof Decoder>[0])

/**
 * The one encoding of a value, as fresh bytes.
 *
 * @throws TypeError or RangeError on a value outside the profile: a programmer's mistake.
 */
export function encodeCbor(value: CborValue, profile: CborProfile = 'signed'): Bytes {
  return write(value, profile)
}

/**
 * The value of canonical bytes, or the fault. Byte strings are views into `bytes`: copy before keeping one.
 * Accepted bytes re-encode identically. Never throws, whatever the bytes.
 */
export function decodeCbor(
  bytes: Uint8Array,
  profile: CborProfile = 'signed',
  limits: CborLimits = defaultCborLimits,
): Result<CborValue, CborFault> {
  const scanned = scan(bytes, profile, limits)
  if (!scanned.ok) return scanned
  try {
    return ok(decoder.decode(bytes) as CborValue)
  } catch {
    return fail({ code: 'types/cbor-unsupported', at: 0 })
  }
}
