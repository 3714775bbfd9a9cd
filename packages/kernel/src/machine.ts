import type { Instant } from './clock.ts'

/** A timer that a machine armed has reached its instant. */
export interface Fired<Key> {
  readonly type: 'fired'
  readonly key: Key
}

/** A peer's message has arrived. `from` is who the session says it is, never what a body claims. */
export interface Received<Peer, Message> {
  readonly type: 'received'
  readonly from: Peer
  readonly message: Message
}

/** The link to a peer stands. */
export interface LinkUp<Peer> {
  readonly type: 'linkUp'
  readonly peer: Peer
  /** Where this side dialled it; absent when the other side did. */
  readonly dialled?: string
}

/** The link to a peer is gone, or could not be made. */
export interface LinkDown<Peer> {
  readonly type: 'linkDown'
  readonly peer: Peer
  readonly cause: LinkDownCause
}

/** `closed`: the other side said goodbye; `reset`: it broke; `unreachable`: it never stood. */
export type LinkDownCause = 'closed' | 'reset' | 'unreachable'

/** What a `persist` effect asked for is on disk. */
export interface Persisted {
  readonly type: 'persisted'
  readonly key: string
}

/** What a machine wants done. The driver performs effects in order. */
export type Effect<Peer, Message, Key, Output> =
  /** Send to a peer; the driver finds or makes the link. Lost when there is none: `linkDown` tells. */
  | { readonly type: 'send'; readonly to: Peer; readonly message: Message }
  /** Fire `key` at an absolute instant. Arming a key again replaces its instant. */
  | { readonly type: 'arm'; readonly key: Key; readonly at: Instant }
  /** Forget a timer, armed or not. */
  | { readonly type: 'disarm'; readonly key: Key }
  /** This machine no longer needs a link to the peer. */
  | { readonly type: 'release'; readonly peer: Peer }
  /** Put a small value on disk; answered by `persisted`. */
  | { readonly type: 'persist'; readonly key: string; readonly value: Uint8Array }
  /** Tell whoever runs this machine. */
  | { readonly type: 'emit'; readonly output: Output }

/**
 * A protocol: a deterministic state machine. It never awaits, reads a clock, draws randomness that was
 * not injected, logs, or throws on what a peer sent. Same seed and same events, same effects.
 */
export interface Machine<Event, Peer, Message, Key, Output> {
  on(event: Event | Fired<Key>, now: Instant): readonly Effect<Peer, Message, Key, Output>[]
}
