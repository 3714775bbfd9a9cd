import { scanMetadata } from './metadata-scan.ts'
import {
  creatorKeyBytes,
  dilithium3SignatureBytes,
  idAt,
  idLength,
  keyLengthAt,
  maxMetadataBytes,
  maxRecordBytes,
  mlDsa65SignatureBytes,
  parentCountAt,
  parentsAt,
  recordMagic,
  sphincsSignatureBytes,
  timestampAt,
  versionAndType,
} from './record-limits.ts'
import type { RecordLayout } from './record.ts'
import { fewParents } from './strict-fields.ts'
import { isSameUuid, isUuidAt } from './uuid-text.ts'

/** Bytes after the parents at the least: classification and four lengths. */
const leastTail = 13

/**
 * The layout of a strict record with a few parents, as nearly all are. Of others it knows nothing: the reader that
 * goes field by field takes them, or says what is wrong. Fixed offsets take two thirds of its time.
 */
export function strictLayout(bytes: Uint8Array): RecordLayout | undefined {
  const end = bytes.length
  if (end < parentsAt + leastTail || end > maxRecordBytes || !isStrictHead(bytes)) return undefined
  const parentCount = u16(bytes, parentCountAt)
  const classificationAt = parentsAt + parentCount * (1 + idLength)
  if (parentCount > fewParents || classificationAt + leastTail > end) return undefined
  if (!areParents(bytes, parentCount) || bytes[classificationAt]! > 3) return undefined
  const metadataAt = classificationAt + 5
  const metadataLength = u32(bytes, classificationAt + 1)
  const metadataEnd = metadataAt + metadataLength
  if (metadataLength > maxMetadataBytes || metadataEnd + 8 > end) return undefined
  if (scanMetadata(bytes, metadataAt, metadataEnd) !== undefined) return undefined
  const zkProofLength = u32(bytes, metadataEnd)
  const signatureAt = metadataEnd + 4 + zkProofLength
  if (signatureAt + 4 > end) return undefined
  const signatureLength = u16(bytes, signatureAt)
  if (!isSignatureLength(signatureLength)) return undefined
  const sphincsAt = signatureAt + 2 + signatureLength
  if (sphincsAt + 2 > end) return undefined
  const sphincsLength = u16(bytes, sphincsAt)
  if (sphincsLength !== 0 && sphincsLength !== sphincsSignatureBytes) return undefined
  if (sphincsAt + 2 + sphincsLength !== end) return undefined
  return {
    idLength,
    keyLength: creatorKeyBytes,
    parentCount,
    classificationAt,
    metadataLength,
    zkProofLength,
    signatureLength,
    sphincsLength,
  }
}

/** True when everything before the number of parents is as it must be. */
function isStrictHead(bytes: Uint8Array): boolean {
  return (
    u32(bytes, 0) === recordMagic &&
    u32(bytes, 4) === versionAndType &&
    bytes[idAt - 1] === idLength &&
    isUuidAt(bytes, idAt) &&
    u16(bytes, keyLengthAt) === creatorKeyBytes &&
    isFinite64(bytes, timestampAt)
  )
}

/** True unless the exponent has all its bits, as of infinities and what is no number. Source: IEEE 754, section 3.4. */
export function isFinite64(bytes: Uint8Array, at: number): boolean {
  return (u16(bytes, at) & 0x7ff0) !== 0x7ff0
}

function areParents(bytes: Uint8Array, count: number): boolean {
  for (let index = 0; index < count; index++) {
    const at = parentsAt + index * (1 + idLength)
    if (bytes[at] !== idLength || !isUuidAt(bytes, at + 1)) return false
    for (let other = parentsAt; other < at; other += 1 + idLength) {
      if (isSameUuid(bytes, other + 1, at + 1)) return false
    }
  }
  return true
}

function isSignatureLength(length: number): boolean {
  return length === 0 || length === mlDsa65SignatureBytes || length === dilithium3SignatureBytes
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x1_00_00 + u16(bytes, at + 2)
}
