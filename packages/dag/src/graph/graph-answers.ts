import type { Bytes, EpochMs } from '@kithnet/kernel'

/** Where one record stands to another: only parents count, never clocks. */
export type Relation = 'same' | 'before' | 'after' | 'concurrent'

/** Records that a walk met, nearest first. */
export interface Walk {
  readonly ids: readonly string[]
  /** False when `count` ended the walk: there are more. */
  readonly complete: boolean
}

/** Two records of one author that claim the same place of a chain, or the same record before them. */
export interface Equivocation {
  readonly kind: 'same-place' | 'same-previous'
  /** SHA3-256 of the author's key. */
  readonly creatorKeyHash: Bytes
  /** The one that came first here, and the other. */
  readonly ids: readonly [string, string]
}

/** Records with one content hash: said, never resolved. */
export interface ContentConflict {
  readonly kind: 'different-creators' | 'same-creator'
  readonly contentHash: Bytes
  /** How many there are. */
  readonly count: number
  /** In the order in which they came: all of them, or the first and the newest, `maxConflictIds` in all. */
  readonly ids: readonly string[]
}

/** What a graph keeps of a record beside its edges. Times in seconds, as claimed, but for `firstSeen`. */
export interface RecordEntry {
  readonly index: number
  readonly hash: Bytes
  readonly contentHash: Bytes
  readonly creatorKeyHash: Bytes
  readonly classification: number
  /** Empty when the record names none. */
  readonly zone: string
  readonly timestamp: number
  readonly firstSeen: EpochMs
  /** The newest time that any of its ancestors claims; -Infinity for a root. */
  readonly notBefore: number
  /** Edges on the longest way down to a root. */
  readonly depth: number
}
