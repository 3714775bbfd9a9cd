/**
 * The ELRA record format, byte for byte: strict by default, compatible where old data asks for it. Records are
 * read without copying and keep their bytes; metadata keeps the exact form of its numbers, because signatures
 * cover it.
 *
 * @packageDocumentation
 */
export type {
  BoundFault,
  FieldFault,
  IdentityFault,
  MetadataFault,
  PathFault,
  RecordFault,
  SignatureFault,
  TruncatedFault,
  WireFault,
} from './faults.ts'
export {
  decodeIdentity,
  type ElaraIdentity,
  encodeIdentity,
  type EntityType,
} from './identity-json.ts'
export { decodeMetadata, encodeMetadata } from './metadata-codec.ts'
export { type Metadata, MetadataFloat, type MetadataValue } from './metadata.ts'
export { parseTilePath, recordAddress, type RecordAddress, tilePath } from './record-address.ts'
export { decodeRecord } from './record-decoder.ts'
export {
  type Classification,
  classifications,
  type Mode,
  type RecordFields,
} from './record-fields.ts'
export { contentId, identityHash, idHashPrefix, recordHash } from './record-hash.ts'
export { maxMetadataBytes, maxParents, maxRecordBytes } from './record-limits.ts'
export type { ElraRecord } from './record.ts'
export { encodeRecord, RecordWriter, signableBytes } from './record-writer.ts'
export { installSha3_256, type Sha3, sha3_256 } from './sha3.ts'
export {
  type PrimaryAlgorithm,
  type RecordAlgorithms,
  recordAlgorithms,
  type SecondaryAlgorithm,
  sphincsKeyBytes,
  withAlgorithms,
} from './signature-algorithms.ts'
export { stableFloat } from './stable-float.ts'
export { uuid7Source, type Uuid7Source } from './uuid7.ts'
