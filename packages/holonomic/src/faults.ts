import type { PolicyFault, TransferFault } from '@kithnet/fountain'
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

/** Why a body is no publication: in its manifest, too. */
export type PublicationFault = BodyFault | TransferFault | PolicyFault

/** Why a book of statements takes no statement. Nothing of it is kept or passed on. */
export interface StatementFault extends Fault {
  readonly code: 'holonomic/not-taken'
  /**
   * `older`: a later one of the same slot is held; `early`: it is of a later time than this clock shows; `expired`; `network`:
   * it is of another one; `full`: there is no room for one more of this signer; `signature`: it is not what its signer signed.
   */
  readonly why: 'older' | 'early' | 'expired' | 'network' | 'full' | 'signature'
}

/** An option that cannot be. */
export interface OptionFault extends Fault {
  readonly code: 'holonomic/bad-option'
  readonly option: string
}

/** What a peer did that has no place in a comparison of books. */
export interface ExchangeFault extends Fault {
  readonly code: 'holonomic/exchange-unexpected' | 'holonomic/exchange-forged'
}

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
   * the same epoch with another content; `busy`: another of this log is being kept; `full`: no room for one more log;
   * `not-ready`: it does not yet know from others what it signed before; `not-appointed`: it does not witness this log.
   */
  readonly why:
    'rollback' | 'inconsistent' | 'fork' | 'busy' | 'full' | 'not-ready' | 'not-appointed'
  /** The epoch from which a proof has to start; 0 when the log is not known. */
  readonly knownEpoch: number
}

/** Others have a checkpoint of this peer's own log that its disk has not: going on would fork the log. */
export interface LogFault extends Fault {
  readonly code: 'holonomic/log-behind'
  /** The last epoch on this disk. */
  readonly epoch: number
  /** The epoch that others have. */
  readonly knownEpoch: number
}

/**
 * A state that cannot be committed: `not-ready`: it is not yet known what others have of the log; `busy`: the one before is
 * being kept; `members`, `namespaces`, `logs`: beyond a bound; `disk`: it could not be kept.
 */
export interface CommitFault extends Fault {
  readonly code: 'holonomic/not-committed'
  readonly why: 'not-ready' | 'busy' | 'members' | 'namespaces' | 'logs' | 'disk'
}

/** A peer gave what nobody has signed, as a checkpoint or a cosignature. */
export interface WitnessForgedFault extends Fault {
  readonly code: 'holonomic/witness-forged'
}

/** A bundle that does not prove what a peer held. */
export interface BundleFault extends Fault {
  readonly code: 'holonomic/not-witnessed'
  /**
   * `signature`: of the checkpoint or of a cosignature; `cosignature`: one is of something else, or comes twice;
   * `inclusion`: the state is not in the log; `few`: too few of the appointed have cosigned.
   */
  readonly why: 'signature' | 'cosignature' | 'inclusion' | 'few'
  /** Who has cosigned, as far as it was checked. */
  readonly by: readonly PeerId[]
}

/** Why the state of a peer could not be compared or fetched. */
export interface StateFault extends Fault {
  readonly code: 'holonomic/no-state'
  /**
   * `unknown`: the peer has none of these namespaces, or shows it to nobody like this one; `unreachable`, `silent`: no answer;
   * `unlike`: what it gave is not the state that it signed; `stopped`: the sets are too different for one session, or a bound
   * was met; `ours`: nothing was committed here; `busy`: as many are under way as may be.
   */
  readonly why: 'unknown' | 'unreachable' | 'silent' | 'unlike' | 'stopped' | 'ours' | 'busy'
  readonly peer: PeerId
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
 * `onward`: more grants follow than this one allows; `weak`: too little trust is left; `forked`: a peer in it has said two
 * things at once, so its word counts for nothing.
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
  | 'forked'

/** A text that names no content: it is not `author/content`, two times 64 hex digits. */
export interface RefTextFault extends Fault {
  readonly code: 'holonomic/content-ref'
  /** Its beginning. */
  readonly text: string
}

/** A peer gave a symbol that is none of the content, or other symbols than it was asked for. */
export interface GivenSymbolFault extends Fault {
  readonly code: 'holonomic/bad-symbol'
  readonly content: string
  readonly share: number
}

/** A peer claims a share, and answered a challenge for it with something else. */
export interface UnprovenFault extends Fault {
  readonly code: 'holonomic/not-held'
  readonly content: string
  readonly share: number
}

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

/** A content whose author cut it in another way: its shares cannot be made anew here. */
export interface OtherContentFault extends Fault {
  readonly code: 'holonomic/other-content'
  readonly content: string
}

/** Why contents cannot be put, read or kept now. */
export type ContentsFault =
  | OtherContentFault
  /** No neighbour has compared its statements with this node in time. */
  | (Fault & { readonly code: 'holonomic/not-compared' })
  /** Nobody who is admitted pledges to keep anything. */
  | (Fault & { readonly code: 'holonomic/no-keepers' })
  /** `shares` are there or were taken, `needed` bring the content back. */
  | (Fault & {
      readonly code: 'holonomic/not-enough-shares'
      readonly shares: number
      readonly needed: number
      /** Who took none, when it was put. */
      readonly refused: readonly { readonly peer: PeerId; readonly why: string }[]
    })
  /** `unknown`: nobody here has published it; or its author took the consent back, or it has expired. */
  | (Fault & {
      readonly code: 'holonomic/no-content'
      readonly why: 'unknown' | 'withdrawn' | 'expired'
    })
  /** The same content is put again before it was placed. */
  | (Fault & { readonly code: 'holonomic/put-again' })
  /** Only the author of a content allows it to be kept. */
  | (Fault & { readonly code: 'holonomic/not-author' })
