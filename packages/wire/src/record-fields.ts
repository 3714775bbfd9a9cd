import type { Metadata } from './metadata.ts'

/**
 * How exact a reader or writer is. `strict` refuses whatever is malformed, unbounded or not canonical;
 * `compatible` accepts and makes what elara-runtime 0.1.0 does, quirk by quirk, for reading old data.
 */
export type Mode = 'strict' | 'compatible'

/** Who may see a record, from everyone to its author alone. */
export type Classification = 0 | 1 | 2 | 3

/** The numbers of the classifications on the wire. Source: elara-runtime, record type. */
export const classifications = { public: 0, private: 1, restricted: 2, sovereign: 3 } as const

/** What an ELRA record says. */
export interface RecordFields {
  /** A UUID of version 7 by convention: 36 lower-case characters. */
  readonly id: string
  /** Always 1 where a record is well-formed. */
  readonly version: number
  /** SHA3-256 of the content, 32 bytes. */
  readonly contentHash: Uint8Array
  /** The author's key for the first signature, 1,952 bytes: ML-DSA-65, or Dilithium3 of round 3. */
  readonly creatorKey: Uint8Array
  /** Seconds since 1970. */
  readonly timestamp: number
  /** Ids, not hashes, in the author's order. */
  readonly parents: readonly string[]
  readonly classification: Classification
  readonly metadata: Metadata
  /** Covered by the signatures. Empty is absent on the wire. */
  readonly zkProof?: Uint8Array | undefined
  /** Of the creator's key over `signableBytes`. Empty is absent on the wire. */
  readonly signature?: Uint8Array | undefined
  /** SLH-DSA or SPHINCS+ over the same bytes; its key is not among the fields. Empty is absent on the wire. */
  readonly sphincsSignature?: Uint8Array | undefined
}
