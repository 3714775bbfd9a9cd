import type { Effect, EpochMs, Fired, LinkDown, Persisted, Received } from '@kithnet/kernel'
import type { PeerId, Verified } from '@kithnet/types'
import type {
  CommitFault,
  CosignFault,
  LogFault,
  StateFault,
  WitnessForgedFault,
} from '../faults.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Cosignature } from './cosignature.ts'
import type { SignedBy, WitnessMessage, WitnessMessageFault } from './witness-messages.ts'

/** What happens to a peer that witnesses and is witnessed. */
export type WitnessEvent =
  /** A state of this peer's own is to be committed. */
  | {
      readonly type: 'commit'
      readonly token: number
      readonly namespaces: readonly string[]
      readonly members: readonly Uint8Array[]
      readonly at: EpochMs
    }
  | Persisted
  /** What was to be kept could not be. */
  | { readonly type: 'unpersisted'; readonly key: string }
  /** The book has a checkpoint of this peer's own: of this process, an earlier one, or another. */
  | {
      readonly type: 'known'
      readonly checkpoint: Verified<Checkpoint>
      readonly signed: SignedBy
    }
  /** The book has a cosignature, whosever. */
  | {
      readonly type: 'cosignature'
      readonly cosignature: Verified<Cosignature>
      readonly signed: SignedBy
    }
  /** The book was compared with a neighbour; all that it has of this peer's own was told. */
  | { readonly type: 'ready' }
  | { readonly type: 'compared'; readonly peer: PeerId }
  | { readonly type: 'neighbourUp' | 'neighbourDown'; readonly peer: PeerId }
  /** Who may witness, and may be witnessed: all that are admitted, without this peer. */
  | { readonly type: 'admitted'; readonly peers: readonly PeerId[] }
  /** Answers `verify`; nothing when the signature does not hold. */
  | {
      readonly type: 'verified'
      readonly token: number
      readonly checkpoint: Verified<Checkpoint> | undefined
    }
  /** Answers `cosign`: it is signed, kept and broadcast. */
  | { readonly type: 'cosigned'; readonly to: PeerId; readonly cosignature: SignedBy }
  /** A peer's state is to be compared; `fetches` says whether what differs is fetched. */
  | {
      readonly type: 'compare'
      readonly token: number
      readonly peer: PeerId
      readonly namespaces: readonly string[]
      readonly fetches: boolean
    }
  | Received<PeerId, WitnessMessage>
  | { readonly type: 'malformed'; readonly from: PeerId; readonly fault: WitnessMessageFault }
  | LinkDown<PeerId>

/** How two states differ. */
export interface StateDifference {
  /** Signed by the peer, and what all of this was measured against. */
  readonly theirs: Verified<Checkpoint>
  readonly ours: Checkpoint | undefined
  /** Members that the peer has and this one has not. Empty where nothing was fetched. */
  readonly missing: readonly Uint8Array[]
  /** Members that this peer has and the other has not. */
  readonly extra: readonly Uint8Array[]
}

/** What the machine wants done, and tells. */
export type WitnessOutput =
  /** Sign this checkpoint, keep it and broadcast it; the book then tells of it (`known`). */
  | { readonly type: 'publish'; readonly checkpoint: Checkpoint; readonly body: Uint8Array }
  | { readonly type: 'committed'; readonly token: number; readonly checkpoint: Checkpoint }
  | {
      readonly type: 'uncommitted'
      readonly token: number
      readonly fault: LogFault | CommitFault
    }
  /** Enough of the appointed have cosigned. */
  | {
      readonly type: 'witnessed'
      readonly log: string
      readonly epoch: number
      readonly by: readonly PeerId[]
    }
  /** Others have a checkpoint of a log of this peer's that it has not: nothing more is committed to it. */
  | { readonly type: 'behind'; readonly log: string; readonly fault: LogFault }
  /** An appointed witness does not sign, and will not. */
  | {
      readonly type: 'refused'
      readonly by: PeerId
      readonly log: string
      readonly epoch: number
      readonly why: CosignFault['why']
    }
  /** Check the signature of a checkpoint that `from` gave; the book may have it too. */
  | {
      readonly type: 'verify'
      readonly token: number
      readonly from: PeerId
      readonly signed: SignedBy
    }
  /** A cosignature of an own checkpoint: the book takes it if it holds. */
  | { readonly type: 'take'; readonly from: PeerId; readonly signed: SignedBy }
  | { readonly type: 'cosign'; readonly checkpoint: Verified<Checkpoint>; readonly to: PeerId }
  /** Evidence, for the book. */
  | { readonly type: 'fork'; readonly proof: Uint8Array }
  | { readonly type: 'compared'; readonly token: number; readonly difference: StateDifference }
  | { readonly type: 'uncompared'; readonly token: number; readonly fault: StateFault }
  | {
      readonly type: 'reject'
      readonly from: PeerId
      readonly fault: WitnessMessageFault | WitnessForgedFault
    }

export type WitnessEffect = Effect<PeerId, WitnessMessage, string, WitnessOutput>

/** An event or a timer. */
export type WitnessInput = WitnessEvent | Fired<string>

/** How logs are witnessed. */
export interface WitnessConfig {
  /** How many witnesses a log is appointed. */
  readonly cosigners: number
  /** How many of them make a checkpoint witnessed. */
  readonly threshold: number
  /** First wait for an answer to an offer, in milliseconds; it doubles. */
  readonly retryMs: number
  /** Longest wait for an answer, in milliseconds. */
  readonly maxRetryMs: number
}

/**
 * Any two sets of 3 of 5 share one that is honest while at most one of the five lies, and two may be away. Source: our
 * choice; the times too.
 */
export const defaultWitnessConfig: WitnessConfig = {
  cosigners: 5,
  threshold: 3,
  retryMs: 5_000,
  maxRetryMs: 300_000,
}
