import type { FountainPolicy } from '@kithnet/fountain'

/** What a command asks of a node that keeps contents. Peers may be named by the beginning of their id. */
export type HolonomicRequest =
  /** Tells a `StepDone` of each block that was described, then of each share that was placed. */
  | {
      readonly method: 'content-put'
      /** Of a file that the node can read, from the root on. */
      readonly path: string
      readonly forMs: number
      readonly policy?: FountainPolicy
    }
  /** Writes to a file that is not there yet, and tells a `StepDone` of each block. */
  | { readonly method: 'content-get'; readonly ref: string; readonly path: string }
  | { readonly method: 'content-holders'; readonly ref: string }
  /** Without a time: this node keeps shares of it again. */
  | { readonly method: 'content-retain'; readonly ref: string; readonly forMs?: number }
  | { readonly method: 'content-forget'; readonly ref: string }
  /** From a place in the list on; what comes at once is bounded. */
  | { readonly method: 'content-list'; readonly from: number }
  | { readonly method: 'witness-show'; readonly peer?: string }
  | { readonly method: 'witness-compare'; readonly peer: string; readonly reconcile: boolean }
  | { readonly method: 'witness-prove'; readonly epoch?: number }
  | {
      readonly method: 'trust-grant'
      readonly peer: string
      readonly kind: string
      readonly weight: number
      readonly onward: number
      readonly forMs: number
    }
  | { readonly method: 'trust-revoke'; readonly peer: string; readonly kind: string }
  | { readonly method: 'trust-check'; readonly peer: string; readonly kind: string }

/** What the node answers, by method. */
export interface HolonomicResults {
  readonly 'content-put': PutResult
  readonly 'content-get': GetResult
  readonly 'content-holders': readonly HolderResult[]
  readonly 'content-retain': RetainResult
  readonly 'content-forget': ForgetResult
  readonly 'content-list': ContentPage
  readonly 'witness-show': readonly WitnessedState[]
  readonly 'witness-compare': ComparedStates
  readonly 'witness-prove': ProvenState
  readonly 'trust-grant': GrantResult
  readonly 'trust-revoke': RevokeResult
  readonly 'trust-check': CheckedTrust
}

/** How far a content is; out of how many, where that is known. */
export interface StepDone {
  /** Blocks that were described, symbols that were placed, bytes that were fetched. */
  readonly step: 'described' | 'placed' | 'fetched'
  readonly done: number
  readonly of?: number
}

/** What became of a content that was put. */
export interface PutResult {
  readonly ref: string
  readonly bytes: number
  /** Peers that hold shares of it. */
  readonly holders: number
  /** Distinct shares that they have proven to hold, and how many were to be held. */
  readonly shares: number
  readonly wanted: number
  /** Peers that were asked, and did not take any or did not prove it. */
  readonly refused: readonly { readonly peer: string; readonly why: string }[]
}

/** A content that was written. */
export interface GetResult {
  readonly ref: string
  readonly bytes: number
}

/** A peer that holds shares of a content. */
export interface HolderResult {
  readonly peer: string
  readonly shares: readonly number[]
  /** Until when its proofs count, in milliseconds since 1970; of this node itself none is needed. */
  readonly provenUntil: number | null
}

/** A content that is kept: until then, in milliseconds since 1970, if its author does not say otherwise. */
export interface RetainResult {
  readonly ref: string
  readonly until: number | null
}

/** What forgetting did: its author withdraws a content, others drop their shares. */
export interface ForgetResult {
  readonly ref: string
  readonly withdrawn: boolean
}

/** A part of the contents that a node knows of, and how many there are in all. */
export interface ContentPage {
  readonly contents: readonly ListedContent[]
  readonly total: number
}

/** A content that a node knows of. */
export interface ListedContent {
  readonly ref: string
  readonly bytes: number
  /** Where its consent stands. */
  readonly consent: 'active' | 'withdrawn' | 'expired' | 'unknown'
  /** When its consent ends, in milliseconds since 1970. */
  readonly until: number | null
  /** Shares that this node holds, and the bytes that they take. */
  readonly shares: number
  readonly storedBytes: number
  /** True while this node wants none of it. */
  readonly declined: boolean
}

/** What a peer witnesses of its state. */
export interface WitnessedState {
  readonly peer: string
  readonly namespaces: readonly string[]
  readonly epoch: number
  readonly members: number
  readonly stateRoot: string
  readonly logRoot: string
  readonly at: number
  /** The peers whose cosignatures count, and those of them that have cosigned exactly this. */
  readonly appointed: readonly string[]
  readonly cosigners: readonly string[]
  /** There is proof that the peer has signed two states at once. */
  readonly forked: boolean
}

/** How the state of a peer stands to the own one. */
export interface ComparedStates {
  readonly peer: string
  readonly relation: 'identical' | 'divergent'
  /** Epochs of the two states. */
  readonly ours: number
  readonly theirs: number
  /** Statements that only the peer has, and that it has not, where these were fetched. */
  readonly missing?: StatementIds
  readonly extra?: StatementIds
}

/** How many statements, and what some of them are called. */
export interface StatementIds {
  readonly count: number
  readonly ids: readonly string[]
}

/** A proof that is checked without a node, in base64. */
export interface ProvenState {
  readonly bundle: string
}

/** A grant that was signed; it holds until then, in milliseconds since 1970. */
export interface GrantResult {
  readonly peer: string
  readonly kind: string
  readonly until: number
}

/** A grant that was taken back. */
export interface RevokeResult {
  readonly peer: string
  readonly kind: string
}

/** How a peer was let in. */
export interface CheckedTrust {
  readonly peer: string
  readonly kind: string
  readonly root: string
  /** In ten-thousandths. */
  readonly trust: number
  /** From the root to the peer, both included. */
  readonly chain: readonly string[]
}
