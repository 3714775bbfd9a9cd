import type { Instant, Rng } from '@kithnet/kernel'
import type { EventLog } from './event-log.ts'
import type { Latency } from './latency.ts'

/** Settings of a network. */
export interface NetworkOptions<Peer, Message, Output> {
  readonly seed: number | string
  /** Default: 10 ms for everybody. */
  readonly latency?: Latency
  /** Default 2: one for TCP, one for TLS 1.3. */
  readonly dialRoundTrips?: number
  /** Default 5,000, the handshake timeout of the real links. */
  readonly dialTimeoutMs?: number
  /**
   * Where a peer says it can be dialled, or `undefined` when nobody answers there: dials to it are refused.
   * Default: `memory://` and its name.
   */
  readonly addressOf?: (peer: Peer) => string | undefined
  /** After this, a link over which nothing can arrive breaks. Default: never. */
  readonly keepaliveMs?: number
  /**
   * A side uses a link from its first `send` until it releases it. Default `both`: the link closes, behind
   * what was sent, once neither side uses it. `either`: once one side lets go. The side that closes it is
   * not told, the other one gets `linkDown` with cause `closed`.
   */
  readonly closesWhenReleasedBy?: 'both' | 'either'
  /** How long a `persist` takes. Default 1. */
  readonly persistMs?: number
  /** How far a peer's wall clock is off. Default: not at all. */
  readonly skewMs?: (index: number, rng: Rng) => number
  /** Bytes of a message on a link, for counts and bandwidth. Default: 0. */
  readonly sizeOf?: (message: Message) => number
  /** 32 bits of a message's content for the trace. Default: none; time, order and effects suffice. */
  readonly digestOf?: (message: Message) => number
  /** Told of every `emit`. May feed and fault peers. */
  readonly onEmit?: (peer: Peer, output: Output, now: Instant) => void
  /** Receives every step of every machine. Slow: for the run that is to be read. */
  readonly log?: EventLog
}
