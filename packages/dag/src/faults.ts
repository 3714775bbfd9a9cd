import type { Fault } from '@kithnet/kernel'

/** A record that is well-formed and not believed, or that has no place here. */
export interface RecordRefusedFault extends Fault {
  readonly code:
    /** There is no signature. */
    | 'dag/unsigned'
    /** A signature is not its author's over these bytes. */
    | 'dag/bad-signature'
    /** The long-term signature cannot be checked: nobody told the author's long-term key. */
    | 'dag/unknown-key'
    /** Another record has this id. */
    | 'dag/id-taken'
    /** The content that came with it has another hash. */
    | 'dag/content-mismatch'
    /** Its time is not finite, too early, too far ahead or before its parent's. */
    | 'dag/bad-time'
    /** The admission check of this store refused it. */
    | 'dag/not-admitted'
  readonly id: string
}

/** A parent that more people may not know of than may know of its child. */
export interface ClassifiedParentFault extends Fault {
  readonly code: 'dag/classified-parent'
  readonly parent: string
}

/** An id that no record of this store has. */
export interface NotFoundFault extends Fault {
  readonly code: 'dag/not-found'
  readonly id: string
}

/** Something carried beside records that is not well-formed or does not hold. */
export interface CarriedFault extends Fault {
  readonly code:
    | 'dag/bad-attestation'
    | 'dag/bad-evidence'
    | 'dag/bad-seal'
    | 'dag/bad-proof'
    | 'dag/bad-readings'
    | 'dag/bad-checkpoint'
    | 'dag/bad-line'
    | 'dag/bad-bundle'
  /** What does not hold, in a few words. */
  readonly why: string
}

/** The store has a record of this id, or one call brings it twice. */
export interface StoredDuplicateFault extends Fault {
  readonly code: 'dag/duplicate'
  readonly id: string
}

/** A record that no store takes. */
export interface RecordUnstorableFault extends Fault {
  readonly code: 'dag/unstorable'
  readonly id: string
  readonly why: string
}

/** What is on the disk is not the record that was stored. */
export interface DamagedRecordFault extends Fault {
  readonly code: 'dag/damaged-record'
  readonly id: string
  /** The file, or the table. */
  readonly place: string
}

/** A message of a comparison of records that has no place where it came. */
export interface SyncUnexpectedFault extends Fault {
  readonly code: 'dag/sync-unexpected'
  readonly kind: string
}

/** A peer gave something that is not what its author signed. */
export interface SyncForgedFault extends Fault {
  readonly code: 'dag/sync-forged'
  /** How many of the items that came together. */
  readonly items: number
}

/** What a peer can do wrong while records are compared. */
export type SyncFault = SyncUnexpectedFault | SyncForgedFault

/** Parents that the graph does not have: the record has to wait for them. */
export interface MissingParentFault extends Fault {
  readonly code: 'dag/missing-parent'
  readonly id: string
  /** Those that are missing, each once, in the record's order. */
  readonly parents: readonly string[]
}

/** The graph has a record of this id: the same one, or (`dag/id-taken`) one of another hash. */
export interface KnownIdFault extends Fault {
  readonly code: 'dag/duplicate' | 'dag/id-taken'
  readonly id: string
}

/** Why a record is not added to a graph. */
export type GraphFault = MissingParentFault | KnownIdFault

/** Everything that this package can find wrong. */
export type DagFault =
  | RecordRefusedFault
  | ClassifiedParentFault
  | NotFoundFault
  | CarriedFault
  | StoredDuplicateFault
  | RecordUnstorableFault
  | DamagedRecordFault
  | SyncFault
  | GraphFault
