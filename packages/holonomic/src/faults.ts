import type { Fault } from '@kithnet/kernel'
import type { CborFault, PeerId, ShapeFault } from '@kithnet/types'

/** Bytes that are not what they claim to be. */
export interface MalformedFault extends Fault {
  readonly code: 'holonomic/malformed'
  readonly why: Defect
  /** Where reading stopped. */
  readonly atByte: number
}

/** What is wrong: the bytes end early or go on, or a field has a value, order or length that it cannot have. */
export type Defect =
  'truncated' | 'trailing' | 'too-long' | 'domain' | 'version' | 'text' | 'order' | 'value'

/** A signature in text that is not standard base64 with its padding. */
export interface SignatureTextFault extends Fault {
  readonly code: 'holonomic/signature-text'
  readonly half: 'classical' | 'post-quantum'
}

/** Why a body of ours is not one. */
export type BodyFault = CborFault | ShapeFault

/** Bytes that do not prove that a peer has two states at once. */
export interface ForkFault extends Fault {
  readonly code: 'holonomic/not-a-fork'
  /** `order`: the bodies stand the wrong way round or are one; `signature`: one does not hold. */
  readonly why: 'order' | 'signature' | 'no-fork'
}

/** Why a witness signs nothing under a checkpoint. */
export interface CosignFault extends Fault {
  readonly code: 'holonomic/not-cosigned'
  /**
   * `rollback`: an older epoch than the one that is known; `inconsistent`: no proof that it goes on from that one; `fork`:
   * the same epoch with another content; `busy`: another of this log is being kept; `full`: no room for one more log.
   */
  readonly why: 'rollback' | 'inconsistent' | 'fork' | 'busy' | 'full'
  /** The epoch from which a proof has to start; 0 when the log is not known. */
  readonly knownEpoch: number
}

/** Why a chain of grants lets nobody in. */
export interface TrustFault extends Fault {
  readonly code: 'holonomic/not-trusted'
  readonly why: TrustDefect
  /** Which grant, from the root's; the length of the chain when it is about the whole. */
  readonly at: number
}

/**
 * `unrooted`: it does not begin at a root; `unlinked`: a grant is not by whom the one before is for, or the last is not for
 * the newcomer; `cycle`: a peer stands in it twice; `other`: of another network or kind; `not-yet`, `expired`, `revoked`;
 * `onward`: more grants follow than this one allows; `weak`: too little trust is left.
 */
export type TrustDefect =
  | 'empty'
  | 'too-long'
  | 'unrooted'
  | 'unlinked'
  | 'cycle'
  | 'other'
  | 'not-yet'
  | 'expired'
  | 'revoked'
  | 'onward'
  | 'weak'

/** A snapshot and capacities from which no tree is made. */
export interface SnapshotFault extends Fault {
  readonly code: 'holonomic/bad-snapshot'
  /**
   * `publisher`: it is not among the members; `missing`: a capacity that the snapshot names is not there; `foreign`: it is
   * of another peer, stream, network or epoch; `stale`: it was measured long before the snapshot, or after it.
   */
  readonly why: 'publisher' | 'missing' | 'foreign' | 'stale'
  readonly peer: PeerId
}
