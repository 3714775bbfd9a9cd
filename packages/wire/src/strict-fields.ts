import type { RecordFault } from './faults.ts'
import type { RecordFields } from './record-fields.ts'
import {
  contentHashBytes,
  creatorKeyBytes,
  dilithium3SignatureBytes,
  maxParents,
  mlDsa65SignatureBytes,
  recordVersion,
  sphincsSignatureBytes,
} from './record-limits.ts'

/** What keeps fields from being a strict record, but for ids and metadata, which are looked at as they are written. */
export function strictFault(fields: RecordFields): RecordFault | undefined {
  const { version, contentHash, creatorKey, timestamp, parents, classification } = fields
  if (version !== recordVersion) return { code: 'wire/version', got: String(version) }
  if (contentHash.length !== contentHashBytes) {
    return { code: 'wire/content-hash-length', got: contentHash.length, most: contentHashBytes }
  }
  if (creatorKey.length !== creatorKeyBytes) {
    return { code: 'wire/key-length', got: creatorKey.length, most: creatorKeyBytes }
  }
  if (!Number.isFinite(timestamp)) return { code: 'wire/timestamp', got: String(timestamp) }
  if ((classification & 3) !== classification) {
    return { code: 'wire/classification', got: String(classification) }
  }
  return parentsFault(parents) ?? signatureFault(fields)
}

function parentsFault(parents: readonly string[]): RecordFault | undefined {
  if (parents.length < 2) return undefined
  if (parents.length > maxParents) {
    return { code: 'wire/too-many-parents', got: parents.length, most: maxParents }
  }
  const twice = repeated(parents)
  return twice === undefined ? undefined : { code: 'wire/duplicate-parent', got: twice }
}

/** So few parents are compared each with each; more go through a set. Source: measured. */
export const fewParents = 8

/** A parent that is named more than once. */
export function repeated(parents: readonly string[]): string | undefined {
  if (parents.length > fewParents) {
    const seen = new Set<string>()
    return parents.find((parent) => seen.size === seen.add(parent).size)
  }
  for (let index = 1; index < parents.length; index++) {
    const parent = parents[index]!
    for (let before = 0; before < index; before++) if (parents[before] === parent) return parent
  }
  return undefined
}

function signatureFault(fields: RecordFields): RecordFault | undefined {
  const { signature, sphincsSignature } = fields
  const first = signature === undefined ? 0 : signature.length
  if (first !== 0 && first !== mlDsa65SignatureBytes && first !== dilithium3SignatureBytes) {
    return { code: 'wire/signature-length', got: first, most: mlDsa65SignatureBytes }
  }
  const second = sphincsSignature === undefined ? 0 : sphincsSignature.length
  if (second !== 0 && second !== sphincsSignatureBytes) {
    return { code: 'wire/signature-length', got: second, most: sphincsSignatureBytes }
  }
  return undefined
}
