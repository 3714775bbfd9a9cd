import type { Fault } from '@kithnet/kernel'

/** A length, count or depth that is over its bound, or is not the only one allowed. */
export interface BoundFault extends Fault {
  readonly code:
    | 'wire/too-long'
    | 'wire/too-many-parents'
    | 'wire/content-hash-length'
    | 'wire/key-length'
    | 'wire/signature-length'
    | 'wire/metadata-too-long'
    | 'wire/metadata-too-deep'
    | 'wire/metadata-too-many'
  readonly got: number
  readonly most: number
}

/** The bytes end before what they announce. */
export interface TruncatedFault extends Fault {
  readonly code: 'wire/truncated'
  /** Where reading stood. */
  readonly offset: number
  readonly neededBytes: number
}

/** A field that has a value it cannot have. */
export interface FieldFault extends Fault {
  readonly code:
    | 'wire/magic'
    | 'wire/version'
    | 'wire/type'
    | 'wire/id'
    | 'wire/timestamp'
    | 'wire/duplicate-parent'
    | 'wire/classification'
    | 'wire/trailing-bytes'
  /** What stands there, for a person. */
  readonly got: string
}

/** Metadata that is not JSON, not the canonical form of it, or has a number that not every reader keeps. */
export interface MetadataFault extends Fault {
  readonly code: 'wire/metadata-syntax' | 'wire/metadata-form' | 'wire/metadata-number'
  /** Bytes from the start of the metadata; 0 where a value was to be written. */
  readonly offset: number
}

/** Everything that can be wrong with a record. */
export type RecordFault = BoundFault | TruncatedFault | FieldFault | MetadataFault

/** A tile path that is none. */
export interface PathFault extends Fault {
  readonly code: 'wire/path'
  readonly part: 'length' | 'year' | 'month' | 'day' | 'shard' | 'zone' | 'classification' | 'form'
}

/** Metadata that says how a record is signed, and lies. */
export interface SignatureFault extends Fault {
  readonly code: 'wire/algorithm'
  /** The name in the metadata. */
  readonly name: string
}

/** A field of an identity file that is not there or cannot be taken. */
export interface IdentityFault extends Fault {
  readonly code: 'wire/identity-field'
  readonly field: string
}

/** Everything that this package can find wrong with input from outside. */
export type WireFault = RecordFault | PathFault | SignatureFault | IdentityFault
