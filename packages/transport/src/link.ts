import { type Fault, type Instant, instant, type LinkDownCause } from '@kithnet/kernel'
import type { Link, LinkInfo, LinkStats, PeerId, Stream, StreamClass } from '@kithnet/types'
import type { AcceptedLimits } from './accept.ts'
import { allocate, later, soon } from './host.ts'
import type { LinkLimits } from './limits.ts'
import { Mux } from './mux.ts'
import type { MuxHost } from './mux-host.ts'
import type { Pipe } from './pipe.ts'

/** What is known of the two ends once both have accepted each other. */
export interface Session {
  readonly remote: PeerId
  /** 1,952 bytes; `remote` is its hash, and its holder is at the other end of the pipe. */
  readonly remoteKey: Uint8Array
  readonly info: LinkInfo
  readonly limits: LinkLimits
  /** What the other side's `accept` said. */
  readonly theirs: AcceptedLimits
  /** What our `accept` said that a fresh stream may send. */
  readonly initialCreditBytes: number
  readonly whenGone?: (link: Link) => void
}

/**
 * A link over a pipe whose two ends have accepted each other. The pipe stays paused until the host's next turn, so
 * that whoever gets the link can set its callbacks. `early` is what came after the other side's `accept`.
 */
export function createLink(pipe: Pipe, session: Session, early: Uint8Array): Link {
  return new MuxLink(pipe, session, early)
}

class MuxLink implements Link {
  readonly remote: PeerId
  readonly remoteKey: Uint8Array
  readonly info: LinkInfo
  onStream: (stream: Stream) => void = () => {}
  onClose: (cause: LinkDownCause, fault?: Fault) => void = () => {}
  readonly #pipe: Pipe
  readonly #mux: Mux
  #alarm: Disposable | undefined
  #fault: Fault | undefined
  #closed = false
  readonly #whenGone: ((link: Link) => void) | undefined
  readonly #gone = Promise.withResolvers<void>()

  constructor(pipe: Pipe, session: Session, early: Uint8Array) {
    this.remote = session.remote
    this.remoteKey = session.remoteKey
    this.info = session.info
    this.#pipe = pipe
    this.#whenGone = session.whenGone
    const { limits, theirs, initialCreditBytes } = session
    const dialled = session.info.direction === 'dialled'
    this.#mux = new Mux(this.#host(), dialled, limits, theirs, initialCreditBytes)
    pipe.onData = (chunk) => this.#mux.receive(chunk)
    pipe.onDrain = () => this.#mux.drain()
    pipe.onClose = (cause, fault) => this.#lost(cause, fault)
    soon(() => {
      if (early.length > 0) this.#mux.receive(early)
      if (!this.#closed) pipe.resume()
    })
  }

  stats(): LinkStats {
    const stats = this.#mux.stats
    return { ...stats, queuedBytes: stats.queuedBytes + this.#pipe.bufferedBytes }
  }

  open(streamClass: StreamClass): Stream {
    return this.#mux.open(streamClass)
  }

  close(timeoutMs: number = defaultCloseMs): Promise<void> {
    this.#mux.close(timeoutMs)
    return this.#gone.promise
  }

  destroy(): void {
    if (this.#closed) return
    this.#pipe.destroy()
    this.#mux.end()
  }

  #host(): MuxHost {
    return {
      now,
      allocate: (length) => this.#pipe.allocate?.(length) ?? allocate(length),
      write: (bytes) => this.#pipe.write(bytes),
      soon: () => soon(() => this.#mux.flush()),
      alarm: (at) => this.#setAlarm(at),
      finished: () => this.#pipe.end(),
      cut: (fault) => {
        this.#fault = fault
        this.#pipe.destroy(fault)
        this.#mux.end()
      },
      opened: (stream) => this.#opened(stream),
      report,
    }
  }

  #opened(stream: Stream): void {
    try {
      this.onStream(stream)
    } catch (error) {
      report(error)
    }
  }

  #setAlarm(at: Instant | undefined): void {
    this.#alarm?.[Symbol.dispose]()
    this.#alarm =
      at === undefined ? undefined : later(Math.max(0, at - now()), () => this.#mux.wake())
  }

  #lost(cause: LinkDownCause, fault: Fault | undefined): void {
    if (this.#closed) return
    this.#closed = true
    const finished = this.#mux.isFinished
    this.#mux.end()
    this.#gone.resolve()
    this.#whenGone?.(this)
    const why = this.#fault ?? fault
    try {
      if (finished) this.onClose('closed')
      else if (why !== undefined) this.onClose('reset', why)
      // The pipe's own end is authentic, but the link's goodbye is missing: something was cut off.
      else if (cause === 'closed') this.onClose('reset', { code: 'transport/truncated' })
      else this.onClose('reset')
    } catch (error) {
      report(error)
    }
  }
}

/** Source: the contract of `Link.close`. */
const defaultCloseMs = 2_000

/** The host's monotonic clock. */
function now(): Instant {
  return instant(performance.now())
}

/** Throws where nobody's state is half changed: a callback's error is its author's to see. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
