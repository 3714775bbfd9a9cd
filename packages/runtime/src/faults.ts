import type { Fault } from '@kithnet/kernel'

/** A text that is not a ticket. */
export interface TicketFault extends Fault {
  readonly code: 'runtime/bad-ticket'
  readonly why: string
}

/** What can go wrong with a call of a node. */
export type RuntimeFault =
  | TicketFault
  /** The node has been closed. */
  | { readonly code: 'runtime/closed' }
  /** A ticket of another network. */
  | { readonly code: 'runtime/wrong-network' }
  /** None of the contacts answered. */
  | { readonly code: 'runtime/unreachable'; readonly tried: number }
  /** Nobody was there to publish to within the time. */
  | { readonly code: 'runtime/no-peers'; readonly waitedMs: number }
  /** A subscription that was told to fail on overflow has overflowed. */
  | { readonly code: 'runtime/overflow'; readonly capacity: number }
  /** The payload cannot be encoded, or is too large. */
  | { readonly code: 'runtime/bad-payload'; readonly why: string }
  /** No address of the peer is known, or none has a transport here. */
  | { readonly code: 'runtime/no-address'; readonly peer: string }
  /** The peer has no such protocol, or ended the stream without an answer. */
  | { readonly code: 'runtime/no-answer'; readonly protocol: string }
  /** A protocol has one taker, and it is taken. */
  | { readonly code: 'runtime/protocol-taken'; readonly protocol: string }
  /** More frames waited for a link that is being made than may. */
  | { readonly code: 'runtime/queue-full' }
  /** A frame could not be given to a link. */
  | { readonly code: 'runtime/send-failed' }
  /** Somebody connected while as many links stood as may. */
  | { readonly code: 'runtime/too-many-links' }
  /** A message arrived whose payload is not a value. */
  | { readonly code: 'runtime/malformed-payload'; readonly message: string }
  /** A value was to be published that the topic's schema refuses. */
  | { readonly code: 'runtime/invalid-value'; readonly why: string }
  /** A message arrived whose value the topic's schema refuses. */
  | { readonly code: 'runtime/invalid-message'; readonly message: string; readonly why: string }
  /** More messages waited for a validator than may; one was dropped. */
  | { readonly code: 'runtime/validator-busy' }
  /** More messages waited to be kept than may: the store is slower than the topic. */
  | { readonly code: 'runtime/history-full' }
  /** An entry of a durable topic's log that cannot be read. */
  | { readonly code: 'runtime/damaged-entry'; readonly position: number }
  /** A peer gave something as a topic's history that it is not. */
  | { readonly code: 'runtime/bad-history'; readonly peer: string; readonly why: string }
  /** An option of `createNode` or `topic` that cannot be. */
  | { readonly code: 'runtime/bad-option'; readonly option: string }
