import type { Instant, LinkDownCause } from '@kithnet/kernel'
import type { PeerId, ServiceHost, Stream } from '@kithnet/types'
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type SyncMessage,
  type SyncMessageFault,
} from './sync-messages.ts'

/** Who is told of what comes. */
export interface StreamListener {
  /** The message is the listener's own. */
  readonly received: (from: PeerId, message: SyncMessage) => void
  readonly malformed: (from: PeerId, fault: SyncMessageFault) => void
  readonly down: (peer: PeerId, cause: LinkDownCause) => void
}

/** A stream that was opened here, and what waits for it. */
interface Outgoing {
  stream: Stream | undefined
  readonly waiting: Uint8Array[]
  usedAt: Instant
}

/** Carries messages over streams of a node's links: each side speaks on its own, opened when there is something to say. */
export class SyncStreams implements Disposable {
  readonly #host: ServiceHost
  readonly #listener: StreamListener
  readonly #outgoing = new Map<PeerId, Outgoing>()
  readonly #incoming = new Map<PeerId, Stream>()
  readonly #taking: Disposable
  #sweep: Disposable

  constructor(host: ServiceHost, listener: StreamListener) {
    this.#host = host
    this.#listener = listener
    this.#taking = host.onStream(syncProtocol, (stream, from) => this.#accept(stream, from))
    this.#sweep = host.timer(idleMs, () => this.#closeIdle())
  }

  send(to: PeerId, message: SyncMessage): void {
    const bytes = encodeSyncMessage(message)
    let outgoing = this.#outgoing.get(to)
    if (outgoing === undefined) {
      outgoing = { stream: undefined, waiting: [], usedAt: this.#host.now() }
      this.#outgoing.set(to, outgoing)
      void this.#open(to, outgoing)
    }
    outgoing.usedAt = this.#host.now()
    if (outgoing.stream === undefined) outgoing.waiting.push(bytes)
    else this.#write(to, outgoing, outgoing.stream, bytes)
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
      stream = await this.#host.stream(peer, syncProtocol, this.#host.signal)
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
      // Its queue is full: far more than a window allows was to be said, so it takes nothing.
      stream.abort()
      this.#lost(peer, outgoing, 'reset')
    }
  }

  #lost(peer: PeerId, outgoing: Outgoing, cause: LinkDownCause): void {
    if (this.#outgoing.get(peer) !== outgoing) return
    this.#outgoing.delete(peer)
    if (cause !== 'closed') this.#listener.down(peer, cause)
  }

  #accept(stream: Stream, from: PeerId): void {
    // A peer speaks on one stream: a new one takes the place of the one before.
    this.#incoming.get(from)?.abort()
    this.#incoming.set(from, stream)
    stream.onMessage = (bytes) => {
      const message = decodeSyncMessage(bytes.slice())
      if (message.ok) {
        this.#listener.received(from, message.value)
        return
      }
      stream.abort()
      this.#listener.malformed(from, message.fault)
    }
    stream.onEnd = () => void stream.close().catch(() => {})
    stream.onClose = (cause) => {
      if (this.#incoming.get(from) !== stream) return
      this.#incoming.delete(from)
      if (cause === 'link-down') this.#listener.down(from, 'reset')
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

/** The protocol's name and version. */
const syncProtocol = 'kithnet/records/1'
/** A stream on which nothing is said for so long is closed. Source: our choice: two intervals of comparisons. */
const idleMs = 60_000
