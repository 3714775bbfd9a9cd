import type { Latency } from './latency.ts'

/** How links come and go. */
export interface LinkSettings<Peer, Message> {
  readonly latency: Latency
  /** Where a peer is dialled; `undefined`: nobody answers there. */
  readonly addressOf: (peer: Peer) => string | undefined
  /** Round trips from the dial to the first message that the dialler may send. */
  readonly dialRoundTrips: number
  /** A dial that nobody answers fails after this. */
  readonly dialTimeoutMs: number
  /** A link over which nothing can arrive breaks after this; `undefined`: never. */
  readonly keepaliveMs: number | undefined
  /** A link closes when both sides have released it, or when one has. */
  readonly closesWhenReleasedBy: 'both' | 'either'
  readonly sizeOf: ((message: Message) => number) | undefined
  /** 32 bits of a message's content, for the trace. */
  readonly digestOf: ((message: Message) => number) | undefined
}

/** What the links have carried. */
export interface LinkCounts {
  sentMessages: number
  sentBytes: number
  arrivedMessages: number
  /** To loss, partitions and links that broke. */
  lostMessages: number
}
