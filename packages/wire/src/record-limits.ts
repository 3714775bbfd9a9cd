/** First four bytes of a record: `ELRA`. Source: elara-runtime, wire format 1. */
export const recordMagic = 0x45_4c_52_41
/** The only version on the wire. Source: elara-runtime, wire format 1. */
export const recordVersion = 1
/** The only record type. Source: elara-runtime, wire format 1. */
export const recordType = 1
/** Version, type and a reserved byte that is 0, as they follow the magic. */
export const versionAndType: number = (recordVersion << 16) | (recordType << 8)
/** Bytes before the id's characters: magic, version, type, reserved, length. Source: elara-runtime, wire format 1. */
export const idAt = 9
/** Characters of a UUID. Source: RFC 9562, section 4. */
export const idLength = 36
/** Bytes of the content's hash. Source: FIPS 202, SHA3-256. */
export const contentHashBytes = 32
/** Bytes of the creator's key. Source: FIPS 204 table 2; Dilithium3 of round 3 has as many. */
export const creatorKeyBytes = 1952
// Where the fields of a strict record stand, whose widths up to the parents are fixed.
export const contentHashAt: number = idAt + idLength
export const keyLengthAt: number = contentHashAt + contentHashBytes
export const creatorKeyAt: number = keyLengthAt + 2
export const timestampAt: number = creatorKeyAt + creatorKeyBytes
export const parentCountAt: number = timestampAt + 8
export const parentsAt: number = parentCountAt + 2

/** Bytes of a Dilithium3 signature. Source: Dilithium 3.1, table 2. */
export const dilithium3SignatureBytes = 3293
/** Bytes of an ML-DSA-65 signature. Source: FIPS 204, table 2. */
export const mlDsa65SignatureBytes = 3309
/** Bytes of a SPHINCS+-SHA2-192f or SLH-DSA-SHA2-192f signature. Source: FIPS 205, table 2. */
export const sphincsSignatureBytes = 35_664

/** Most bytes of a strict record. Source: elara-mesh takes in no longer ones; both signatures and 256 parents fit. */
export const maxRecordBytes = 65_536
/** Most parents of a strict record. Source: elara-mesh. */
export const maxParents = 256
/** Most bytes of strict metadata. Source: our choice; what is longer is content. */
export const maxMetadataBytes = 16_384
/** Deepest nesting of strict metadata, the outer object included. Source: elara-mesh. */
export const maxMetadataDepth = 8
/** Most members and elements of strict metadata, all levels together. Source: our choice. */
export const maxMetadataEntries = 1024
/** Deepest nesting of compatible metadata, the outer object included. Source: serde_json's recursion limit of 128. */
export const maxCompatibleDepth = 127
