import type { ContentSymbol, Manifest, RetentionTier } from '@kithnet/fountain'
import type { Effect, Instant, LinkDown, LinkUp, Received } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { BodyFault, GivenSymbolFault, UnprovenFault } from '../faults.ts'
import type { ContentMessage, Refusal } from './content-messages.ts'
import type { ContentRef } from './content-ref.ts'

/**
 * What a keeper is told. At its start: `content` for each that is known, then `held`, `declined`, `owned`, then `keepers`,
 * `room`, and `fresh` when statements were compared.
 */
export type KeeperEvent =
  | Received<PeerId, ContentMessage>
  | LinkUp<PeerId>
  | LinkDown<PeerId>
  /** A peer's bytes were no message. */
  | { readonly type: 'malformed'; readonly from: PeerId; readonly fault: BodyFault }
  /** A content is known: published, and its author consents. Told again whenever one of it changes. */
  | {
      readonly type: 'content'
      readonly ref: ContentRef
      readonly manifest: Manifest
      readonly tier: RetentionTier
      /** From then on nothing of it is kept or served, unless this is told again: `changesAt` of the consent. */
      readonly until: Instant
    }
  /** Its consent was withdrawn or has expired. Everything of it goes. */
  | { readonly type: 'forgotten'; readonly ref: ContentRef }
  /** Who keeps contents for others: admitted, with a pledge that holds; this peer too if it does. */
  | { readonly type: 'keepers'; readonly peers: readonly PeerId[] }
  /** Whether statements were compared with somebody since the start. Until then nothing is served or kept. */
  | { readonly type: 'fresh'; readonly isFresh: boolean }
  /** How many bytes may still be stored; below 0 shares go. Told at the start, and after each `store` and `drop`. */
  | { readonly type: 'room'; readonly bytes: number }
  /** What the store has of a content at the start: whole shares, and what the last `census` said. */
  | {
      readonly type: 'held'
      readonly ref: ContentRef
      readonly shares: readonly number[]
      readonly proofs?: readonly Proof[]
      /** As the last `census` said. Default: nothing was watched yet. */
      readonly unsettledMs?: number
    }
  /** This peer has the whole, and can load any symbol of it. */
  | { readonly type: 'owned'; readonly ref: ContentRef }
  /** It can no longer. */
  | { readonly type: 'disowned'; readonly ref: ContentRef }
  /** The user wants nothing of it here: what is held goes, and nothing is taken until `isDeclined` is told false. */
  | { readonly type: 'declined'; readonly ref: ContentRef; readonly isDeclined: boolean }
  /** Find keepers for a content that is owned. Answered by `placed`. */
  | { readonly type: 'place'; readonly ref: ContentRef }
  /** Ask who holds it, and for proof. Answered by `surveyed`. */
  | { readonly type: 'survey'; readonly ref: ContentRef; readonly token: number }
  /**
   * Give symbols of it, of as many distinct shares of each block as rebuild it, beside the shares that the reader `has`.
   * Only blocks below `toBlock` are asked for. Answered by `symbols` until `cancel`, or by `failed`.
   */
  | {
      readonly type: 'fetch'
      readonly token: number
      readonly ref: ContentRef
      readonly has: readonly number[]
      readonly toBlock: number
    }
  /** The reader has room for more: blocks below `toBlock` may be asked for. */
  | { readonly type: 'pull'; readonly token: number; readonly toBlock: number }
  /** The symbols of a block did not do: one more of another share. */
  | { readonly type: 'more'; readonly token: number; readonly block: number }
  /** The reader has what it wants, or wants it no longer. */
  | { readonly type: 'cancel'; readonly token: number }
  /** All of a share is durable, or could not be stored. */
  | {
      readonly type: 'stored'
      readonly ref: ContentRef
      readonly share: number
      readonly isStored: boolean
    }
  /** The symbols of a `load`, or none when one of them cannot be had. */
  | { readonly type: 'loaded'; readonly token: number; readonly symbols: readonly ContentSymbol[] }
  /** The shares of a `make` can be loaded from now on, until `release`; or could not be made. */
  | { readonly type: 'made'; readonly token: number; readonly isMade: boolean }

/** What a keeper wants done. */
export type KeeperOutput =
  /** Keep symbols of a share, block after block; after the last answer with `stored`. What is partly there goes with `drop`. */
  | {
      readonly type: 'store'
      readonly ref: ContentRef
      readonly share: number
      readonly symbols: readonly ContentSymbol[]
      readonly isLast: boolean
    }
  /** Read symbols of blocks that follow one another, of a share that is held, owned or made. Answer with `loaded`. */
  | {
      readonly type: 'load'
      readonly token: number
      readonly ref: ContentRef
      readonly share: number
      readonly fromBlock: number
      readonly count: number
    }
  /** Delete shares, whole or not. */
  | { readonly type: 'drop'; readonly ref: ContentRef; readonly shares: readonly number[] }
  /** Rebuild the content, by a `fetch` of its own, and encode these shares. Answer with `made`. */
  | {
      readonly type: 'make'
      readonly token: number
      readonly ref: ContentRef
      readonly shares: readonly number[]
    }
  /** The shares of a `make` are no longer needed, or the making is to stop. */
  | { readonly type: 'release'; readonly token: number }
  /** Symbols for a `fetch`; each is one of the content. */
  | {
      readonly type: 'symbols'
      readonly token: number
      readonly symbols: readonly ContentSymbol[]
    }
  /** A `fetch` has ended: nobody who can be reached gives more. */
  | {
      readonly type: 'failed'
      readonly token: number
      readonly why: 'unknown' | 'not-fresh' | 'too-few'
      /** Distinct shares that somebody gave or claims, and how many are needed. */
      readonly shares: number
      readonly needed: number
    }
  /** Who has proven, after `place`, to hold which shares; who did not take any, or did not prove it. */
  | {
      readonly type: 'placed'
      readonly ref: ContentRef
      readonly holders: ReadonlyMap<PeerId, readonly number[]>
      readonly refused: readonly Refused[]
      /** Distinct shares that were to be held. */
      readonly wanted: number
    }
  | {
      readonly type: 'surveyed'
      readonly token: number
      readonly ref: ContentRef
      readonly proofs: readonly Proof[]
    }
  /** Who is proven to hold a content; worth keeping over a restart. Told when it has changed, and twice in `auditMs`; at most once in `planMs`. */
  | {
      readonly type: 'census'
      readonly ref: ContentRef
      readonly proofs: readonly Proof[]
      /** For how long this peer still watches before it makes anything anew. */
      readonly unsettledMs: number
    }
  /** Something was found or done that a user or an operator may want to know. */
  | { readonly type: 'noted'; readonly ref: ContentRef; readonly note: KeeperNote }
  /** A peer broke a rule. It is avoided for a while. */
  | {
      readonly type: 'reject'
      readonly from: PeerId
      readonly fault: BodyFault | GivenSymbolFault | UnprovenFault
    }

/** `missing`: fewer shares are proven than wanted, and this peer is to make them; `unmade`: it could not; `left`: it let go of its shares, for enough others have some; `crowded`: for its disk is full; `silent`: a peer has not answered twice, and its proofs count no longer. */
export type KeeperNote =
  | { readonly type: 'missing'; readonly shares: readonly number[] }
  | { readonly type: 'unmade'; readonly shares: readonly number[] }
  | { readonly type: 'left'; readonly shares: readonly number[] }
  | { readonly type: 'crowded'; readonly shares: readonly number[] }
  | { readonly type: 'silent'; readonly peer: PeerId; readonly shares: readonly number[] }

/** That a peer has proven to hold a share, and until when it counts. */
export interface Proof {
  readonly peer: PeerId
  readonly share: number
  readonly until: Instant
}

/** Who did not take what it was asked to keep. */
export interface Refused {
  readonly peer: PeerId
  readonly why: Refusal | 'unreachable' | 'silent' | 'unproven'
}

/** What the machine answers. Timers are keyed by `author/content`, and `audit`. */
export type KeeperEffect = Effect<PeerId, ContentMessage, string, KeeperOutput>

/** How a keeper goes about it. */
export interface KeeperConfig {
  /** About how often each holder is asked for a proof, by each other one. */
  readonly auditMs: number
  /** How long a proof counts. */
  readonly provenMs: number
  /** About how often a holder looks at its census. */
  readonly planMs: number
  /** For how long a holder watches before it makes anything anew, unless it remembers the census of before. */
  readonly settleMs: number
  /** Time to answer a question; half of it also is how long answers are waited for before a plan. */
  readonly answerMs: number
  /** Time to send symbols that were wanted. */
  readonly wantMs: number
  /** A keeper that was asked to keep something and has not taken more of it for so long is replaced. */
  readonly takeMs: number
  /** A reader that got nothing for so long, and has asked everybody, is told so. */
  readonly fetchMs: number
  /** Whoever broke a rule is avoided for so long. */
  readonly avoidMs: number
  /** Whoever could not be reached is not tried again for so long. */
  readonly awayMs: number
}

/**
 * Source: our choice. A holder that is there nine times in ten is proven by one of six questions before a proof ends, so
 * that absences of minutes are not repaired and a loss is within some hours; the rest are slow links' round trips.
 */
export const defaultKeeperConfig: KeeperConfig = {
  auditMs: 3_600_000,
  provenMs: 21_600_000,
  planMs: 600_000,
  settleMs: 10_800_000,
  answerMs: 5_000,
  wantMs: 15_000,
  takeMs: 60_000,
  fetchMs: 30_000,
  avoidMs: 3_600_000,
  awayMs: 300_000,
}

/** A keeper's bounds. Source: our choice, each; what they cost stands in the limits. */
export const keeperLimits = {
  /** Contents that are known. */
  contents: 65_536,
  /** Contents of which something is held, placed, fetched or watched at a time. */
  active: 4_096,
  /** Holders that are known of one content. */
  holders: 1_024,
  /** Shares of one holder that are asked for a proof in one round, and at once. */
  auditsPerHolder: 64,
  openAuditsPerHolder: 4,
  /** Hints of one message. */
  hints: 64,
  /** Shares that are being taken at a time, in all and for one peer. */
  takes: 256,
  takesPerPeer: 64,
  /** Symbols that are read for others at a time, in all and for one peer. */
  loads: 1_024,
  loadsPerPeer: 64,
  /** Wants that are open at a time with one peer. */
  wantsPerPeer: 2,
  /** Reads of users and makers at a time. */
  fetches: 64,
  /** Blocks that a fetch asks for beyond the first that is not complete. */
  blocksAhead: 16,
  /** Requests of one peer: a second, and at once. */
  requestsPerSecond: 200,
  requestsAtOnce: 2_000,
  /** Peers whose requests are counted. */
  watchedPeers: 4_096,
} as const
