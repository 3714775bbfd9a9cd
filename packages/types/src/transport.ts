import type { Fault, LinkDownCause, Signal } from '@kithnet/kernel'
import type { Address } from './address.ts'
import type { NetworkId, PeerId } from './ids.ts'

/**
 * What a stream carries, which decides its priority on a link: membership before pubsub before bulk,
 * with a bounded wait for the lower ones.
 */
export type StreamClass = 'membership' | 'pubsub' | 'bulk'

/** What a link says of itself. */
export interface LinkInfo {
  /** `tls`, `websocket` or `memory`. */
  readonly transport: string
  /** The negotiated cryptography, for instance `TLS1.3 X25519MLKEM768 ML-DSA-65 AES-256-GCM`. Never classical only. */
  readonly suite: string
  readonly direction: 'dialled' | 'accepted'
  /** Where the other end was dialled, or where it comes from. */
  readonly address: string
}

/** What a link measures of itself. */
export interface LinkStats {
  /** Smoothed round trip in milliseconds, or `undefined` before the first answer. */
  readonly roundTripMs: number | undefined
  /** Bytes accepted from streams and not yet handed to the host. */
  readonly queuedBytes: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Bulk streams that are open, in either direction: a link with one is in use. */
  readonly bulkStreams: number
}

/** A two-way sequence of messages within a link. A stream that dies leaves its link alive. */
export interface Stream {
  readonly id: number
  readonly class: StreamClass
  /** Bytes queued here and not yet handed to the link's host. */
  readonly queuedBytes: number
  /**
   * Queues a message; the link keeps the buffer until it is sent, so the caller must not change it.
   * Returns false when the queue is past its mark: wait for `drained`. A message that would exceed the
   * hard bound of the queue is refused: `transport/queue-full` is thrown.
   */
  send(message: Uint8Array): boolean
  /** Resolves when the queue is below its mark again; rejects when the stream ends or `signal` aborts. */
  drained(signal?: Signal): Promise<void>
  /** Stops messages from being delivered; the other side is held back by credit. */
  pause(): void
  resume(): void
  /** Ends this direction after everything queued; resolves when the other side has it all. */
  close(): Promise<void>
  /** Drops what is queued and tells the other side. */
  abort(): void
  /** Called for each whole message. The bytes are only valid during the call unless copied. */
  onMessage: (message: Uint8Array) => void
  /** Called once when the other side has ended its direction and every message of it was delivered. */
  onEnd: () => void
  /** Called once when both directions have ended or one was aborted. */
  onClose: (cause: 'closed' | 'aborted' | 'link-down') => void
}

/** An authenticated, encrypted connection to one peer. */
export interface Link {
  readonly remote: PeerId
  /** The peer's ML-DSA-65 public key, 1,952 bytes, whose hash `remote` is. */
  readonly remoteKey: Uint8Array
  readonly info: LinkInfo
  stats(): LinkStats
  open(streamClass: StreamClass): Stream
  /** Says goodbye after everything queued has been delivered, at most `timeoutMs` later (default 2,000). */
  close(timeoutMs?: number): Promise<void>
  /** Cuts the link at once. */
  destroy(): void
  /** Called for each stream that the other side opens. Set before control returns to the host's loop. */
  onStream: (stream: Stream) => void
  /** Called once. `fault` is there when a rule was broken. */
  onClose: (cause: LinkDownCause, fault?: Fault) => void
}

/** How a dialler knows whom it will meet. */
export interface DialOptions {
  /** The peer that must answer; anyone else is refused. */
  readonly expect?: PeerId
  /** Required, as true, when no peer is expected: whoever answers is trusted on first contact. */
  readonly firstContact?: boolean
  readonly signal?: Signal
}

/** An open listening socket. */
export interface Listener {
  /** The address that was bound, with the real port. */
  readonly address: Address
  close(): Promise<void>
}

/** Makes links of one kind. */
export interface Transport {
  /** The address scheme it serves: `tls`, `ws` or `memory`. */
  readonly scheme: string
  readonly network: NetworkId
  /** Listens; `accept` gets each link after both sides have accepted each other. */
  listen(address: Address, accept: (link: Link) => void): Promise<Listener>
  /** @throws CodedError with a `transport/…` code. */
  dial(address: Address, options: DialOptions): Promise<Link>
  /** Ends every listener and link that this transport made. */
  close(): Promise<void>
}
