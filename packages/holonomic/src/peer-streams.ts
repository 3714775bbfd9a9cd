import type { Fault, Instant, LinkDownCause, Result } from '@kithnet/kernel'
import type { PeerId, ServiceHost, Stream } from '@kithnet/types'

/** What is spoken over streams, and who is told of what comes. */
export interface PeerStreamsOptions<M, F extends Fault> {
  /** The protocol's name and version. */
  readonly protocol: string
  readonly encode: (message: M) => Uint8Array
  /** Of bytes that are the message's own. */
  readonly decode: (bytes: Uint8Array) => Result<M, F>
  readonly received: (from: PeerId, message: M) => void
  readonly malformed: (from: PeerId, fault: F) => void
  /** What was said last may not have come to the peer. */
  readonly down: (peer: PeerId, cause: LinkDownCause) => void
}

/** A stream that was opened here, and what waits for it. */
interface Outgoing {
  stream: Stream | undefined
  readonly waiting: Uint8Array[]
  usedAt: Instant
}

/** Carries the messages of a protocol over streams of a node's links: each side speaks on its own, opened when there is something to say. */
export class PeerStreams<M, F extends Fault> implements Disposable {
  readonly #host: ServiceHost
  readonly #options: PeerStreamsOptions<M, F>
  readonly #outgoing = new Map<PeerId, Outgoing>()
  readonly #incoming = new Map<PeerId, Stream>()
  readonly #taking: Disposable
  #sweep: Disposable

  constructor(host: ServiceHost, options: PeerStreamsOptions<M, F>) {
    this.#host = host
    this.#options = options
    this.#taking = host.onStream(options.protocol, (stream, from) => this.#accept(stream, from))
    this.#sweep = host.timer(idleMs, () => this.#closeIdle())
  }

  send(to: PeerId, message: M): void {
    const bytes = this.#options.encode(message)
    let outgoing = this.#outgoing.get(to)
    if (outgoing === undefined) {
      outgoing = { stream: undefined, waiting: [], usedAt: this.#host.now() }
      this.#outgoing.set(to, outgoing)
      void this.#open(to, outgoing)
    }
    outgoing.usedAt = this.#host.now()
    if (outgoing.stream !== undefined) this.#write(to, outgoing, outgoing.stream, bytes)
    else if (outgoing.waiting.length < maxWaiting) outgoing.waiting.push(bytes)
  }

  [Symbol.dispose](): void {
    this.#taking[Symbol.dispose]()
    this.#sweep[Symbol.dispose]()
    for (const { stream } of this.#outgoing.values()) stream?.abort()
    for (const stream of this.#incoming.values()) stream.abort()
    this.#outgoing.clear()
    this.#incoming.clear()
  }

  async #open(peer: PeerId, outgoing: Outgoing): Promise<void> {
    let stream: Stream
    try {
      stream = await this.#host.stream(peer, this.#options.protocol, this.#host.signal)
    } catch {
      this.#lost(peer, outgoing, 'unreachable')
      return
    }
    if (this.#outgoing.get(peer) !== outgoing) {
      stream.abort()
      return
    }
    outgoing.stream = stream
    // Whoever does not speak this aborts the stream at once.
    stream.onClose = (cause) => {
      const why = { closed: 'closed', aborted: 'unreachable', 'link-down': 'reset' } as const
      this.#lost(peer, outgoing, why[cause])
    }
    for (const bytes of outgoing.waiting.splice(0)) this.#write(peer, outgoing, stream, bytes)
  }

  #write(peer: PeerId, outgoing: Outgoing, stream: Stream, bytes: Uint8Array): void {
    try {
      stream.send(bytes)
    } catch {
      // Its queue is full: far more than any window allows was to be said, so the peer takes nothing.
      stream.abort()
      this.#lost(peer, outgoing, 'reset')
    }
  }

  #lost(peer: PeerId, outgoing: Outgoing, cause: LinkDownCause): void {
    if (this.#outgoing.get(peer) !== outgoing) return
    this.#outgoing.delete(peer)
    if (cause !== 'closed') this.#options.down(peer, cause)
  }

  #accept(stream: Stream, from: PeerId): void {
    // A peer speaks on one stream: a new one takes the place of the one before.
    this.#incoming.get(from)?.abort()
    this.#incoming.set(from, stream)
    stream.onMessage = (bytes) => {
      const message = this.#options.decode(bytes.slice())
      if (message.ok) {
        this.#options.received(from, message.value)
        return
      }
      stream.abort()
      this.#options.malformed(from, message.fault)
    }
    stream.onEnd = () => void stream.close().catch(() => {})
    stream.onClose = (cause) => {
      if (this.#incoming.get(from) !== stream) return
      this.#incoming.delete(from)
      if (cause === 'link-down') this.#options.down(from, 'reset')
    }
  }

  #closeIdle(): void {
    const now = this.#host.now()
    for (const [peer, { stream, usedAt }] of this.#outgoing) {
      if (stream === undefined || now - usedAt < idleMs) continue
      this.#outgoing.delete(peer)
      stream.close().catch(() => {})
    }
    this.#sweep = this.#host.timer(idleMs, () => this.#closeIdle())
  }
}

/** A stream on which nothing is said for so long is closed. Source: our choice: two intervals of comparisons. */
const idleMs = 60_000
/** Most messages that wait for a stream; more are lost, as on a link that breaks. Source: our choice, above every window. */
const maxWaiting = 64
