import { fail, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import type { SignatureFault } from './faults.ts'
import type { Metadata, MetadataValue } from './metadata.ts'
import type { RecordFields } from './record-fields.ts'
import { dilithium3SignatureBytes, mlDsa65SignatureBytes } from './record-limits.ts'

/** How the first signature of a record was made: FIPS 204 with an empty context, or round 3 as elara-runtime does. */
export type PrimaryAlgorithm = 'ml-dsa-65' | 'dilithium3-r3'

/** How the second was made: FIPS 205 with an empty context, or round 3 as elara-runtime does. */
export type SecondaryAlgorithm = 'slh-dsa-sha2-192f' | 'sphincs-sha2-192f-r3'

/** What the signatures of a record are to be checked with. */
export interface RecordAlgorithms {
  readonly primary: PrimaryAlgorithm
  readonly secondary: SecondaryAlgorithm
  /** Of the second signature, 48 bytes, where the record names it; else whoever knows the author must. */
  readonly secondaryKey?: Uint8Array
}

/** Names of metadata that say how a record is signed. Source: our choice; the last is that of identity files. */
const primaryName = 'signature_algorithm'
const secondaryName = 'sphincs_algorithm'
const secondaryKeyName = 'sphincs_public_key'

/** Bytes of the key of a second signature. Source: FIPS 205, table 2. */
export const sphincsKeyBytes = 48

/**
 * The metadata of a new record: `metadata`, and how the record is going to be signed. With a key of SLH-DSA it
 * promises a second signature, which a record then must have.
 */
export function withAlgorithms(metadata: Metadata, sphincsKey?: Uint8Array): Metadata {
  const named = new Map<string, MetadataValue>(metadata)
  named.set(primaryName, 'ml-dsa-65')
  if (sphincsKey === undefined) return named
  return named.set(secondaryName, 'slh-dsa-sha2-192f').set(secondaryKeyName, toHex(sphincsKey))
}

/**
 * How a record says that it is signed. What names no algorithm is of elara-runtime: round 3. A record that promises
 * what its signatures are not has `wire/algorithm`: else whoever carries it could drop one.
 */
export function recordAlgorithms(record: RecordFields): Result<RecordAlgorithms, SignatureFault> {
  const { metadata, signature, sphincsSignature } = record
  const primary = metadata.get(primaryName) ?? 'dilithium3-r3'
  if (primary !== 'ml-dsa-65' && primary !== 'dilithium3-r3') return wrong(primaryName)
  const length = primary === 'ml-dsa-65' ? mlDsa65SignatureBytes : dilithium3SignatureBytes
  if (signature !== undefined && signature.length !== length) return wrong(primaryName)
  const promised = metadata.get(secondaryName)
  const secondary = promised ?? 'sphincs-sha2-192f-r3'
  if (secondary !== 'slh-dsa-sha2-192f' && secondary !== 'sphincs-sha2-192f-r3') {
    return wrong(secondaryName)
  }
  const isSecondSigned = sphincsSignature !== undefined && sphincsSignature.length > 0
  if (promised !== undefined && signature !== undefined && !isSecondSigned) {
    return wrong(secondaryName)
  }
  const named = metadata.get(secondaryKeyName)
  if (named === undefined) return ok({ primary, secondary })
  const secondaryKey = typeof named === 'string' ? fromHex(named) : undefined
  if (secondaryKey?.length !== sphincsKeyBytes) return wrong(secondaryKeyName)
  return ok({ primary, secondary, secondaryKey })
}

function wrong(name: string): { readonly ok: false; readonly fault: SignatureFault } {
  return fail({ code: 'wire/algorithm', name })
}
