import type { Effect, LinkDown, LinkUp, Received } from '@kithnet/kernel'
import type { ReconcileFault } from '@kithnet/reconcile'
import type { PeerId } from '@kithnet/types'
import type { ExchangeFault } from '../faults.ts'
import type { ExchangeMessage, ExchangeMessageFault, Parcel } from './exchange-messages.ts'

/** What happens to `StatementExchange`. */
export type ExchangeEvent =
  | Received<PeerId, ExchangeMessage>
  | LinkUp<PeerId>
  | LinkDown<PeerId>
  /** Bytes came that are no message, over a stream or by broadcast. */
  | { readonly type: 'malformed'; readonly from: PeerId; readonly fault: ExchangeMessageFault }
  | { readonly type: 'neighbourUp' | 'neighbourDown'; readonly peer: PeerId }
  /** The book has what is on disk: comparisons may begin. */
  | { readonly type: 'opened' }
  /** A peer has broadcast this. */
  | { readonly type: 'heard'; readonly author: PeerId; readonly parcel: Parcel }
  /** This is in the book now, and was made or found here: others lack it. By what it is called in comparisons. */
  | { readonly type: 'made'; readonly id: string }
  /** Answers `take`. What was stored is in the book by now. */
  | { readonly type: 'taken'; readonly token: number; readonly taken: Taken }
  /** Compare with this peer now. */
  | { readonly type: 'compare'; readonly peer: PeerId }

/** What came of items that were to be verified and stored. */
export interface Taken {
  /** How many were not what their signers signed, or of another network. */
  readonly forged: number
  /** What those are called that are new in the book. */
  readonly stored: readonly string[]
  /** What those are called that were there before. */
  readonly known: readonly string[]
}

/** What came of a comparison. */
export interface ExchangeReport {
  readonly sent: number
  readonly received: number
  /** True when the whole difference was found and exchanged. */
  readonly complete: boolean
}

/** What the machine asks for and tells. */
export type ExchangeOutput =
  /** Broadcast to everybody. */
  | { readonly type: 'publish'; readonly parcel: Parcel }
  /** Verify these, put those on disk that are news and into the book; answered by `taken`. Bytes are views into a frame. */
  | {
      readonly type: 'take'
      readonly token: number
      readonly from: PeerId
      readonly parcel: Parcel
    }
  /** A comparison with a peer is over. */
  | { readonly type: 'synced'; readonly peer: PeerId; readonly report: ExchangeReport }
  /** A peer broke a rule, and is avoided. */
  | {
      readonly type: 'reject'
      readonly from: PeerId
      readonly fault: ExchangeFault | ExchangeMessageFault | ReconcileFault
    }

/** What the machine wants done. */
export type ExchangeEffect = Effect<PeerId, ExchangeMessage, string, ExchangeOutput>

/** Settings of `StatementExchange`. */
export interface ExchangeConfig {
  /** Mean time between comparisons with a random neighbour, in milliseconds. */
  readonly syncIntervalMs: number
}

/** Source: our choice: broadcast carries what is new, comparisons find what it lost. */
export const defaultExchangeConfig: ExchangeConfig = { syncIntervalMs: 30_000 }
