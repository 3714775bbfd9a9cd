import { type Fault, instant, type Instant, type LinkDownCause } from '@kithnet/kernel'
import { later } from '../host.ts'
import type { Pipe } from '../pipe.ts'
import type { Carrier } from './carrier.ts'
import type { ChannelFault } from './faults.ts'
import { FrameReader } from './frames.ts'
import type { ChannelSession } from './handshake.ts'
import type { ChannelPrimitives } from './primitives.ts'
import { defaultRatchetLimits, type RatchetLimits, RecordOpener, RecordSealer } from './records.ts'

/**
 * Most bytes that are kept of a carrier that delivers though it was asked to pause. Browsers cannot pause, and
 * the credit of all streams of a link stays below this. Source: our choice, `docs/limits.md`.
 */
const maxUnreadBytes: number = 16 * 2 ** 20

/** How long an end that has said goodbye waits for the other's. Source: our choice, as long as a link's. */
const goodbyeMs = 2_000

/** Monotonic milliseconds of this host. */
export function hostNow(): Instant {
  return instant(performance.now())
}

/** What a pipe takes over from its handshake. */
export interface PqPipeParts {
  readonly carrier: Carrier
  /** With the bytes that came behind the last handshake message. */
  readonly reader: FrameReader
  readonly session: ChannelSession
  readonly primitives: ChannelPrimitives
  readonly limits?: RatchetLimits
}

/**
 * The records of an established channel as an ordered stream of bytes, encrypted and authenticated. It begins
 * paused: set the handlers, then `resume`.
 */
export class PqPipe implements Pipe {
  onData: (chunk: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onClose: (cause: LinkDownCause, fault?: Fault) => void = () => undefined
  readonly #carrier: Carrier
  readonly #reader: FrameReader
  readonly #sealer: RecordSealer
  readonly #opener: RecordOpener
  #paused = true
  #reading = false
  #ending = false
  #farewell: Disposable | undefined
  #over = false
  /** The carrier has ended, and its last bytes are not read yet. */
  #carrierEnded = false

  constructor({ carrier, reader, session, primitives, limits }: PqPipeParts) {
    const { suite, sendSecret, receiveSecret } = session
    const ratchet = limits ?? defaultRatchetLimits
    this.#carrier = carrier
    this.#reader = reader
    reader.expectRecords()
    this.#sealer = new RecordSealer(primitives, suite, sendSecret, hostNow(), ratchet)
    this.#opener = new RecordOpener(primitives, suite, receiveSecret, ratchet)
    carrier.onBytes = (bytes) => this.#receive(bytes)
    carrier.onDrain = () => this.onDrain()
    carrier.onEnd = () => {
      this.#carrierEnded = true
      this.#read()
    }
    carrier.pause()
  }

  get bufferedBytes(): number {
    return this.#carrier.bufferedBytes
  }

  /** Seals and sends; false asks to wait for `onDrain`. What is written after the end is dropped. */
  write(chunk: Uint8Array): boolean {
    if (this.#over || this.#ending) return false
    let flows = true
    for (const frame of this.#sealer.seal(chunk, hostNow())) {
      if (this.#over) return false
      flows = this.#carrier.send(frame) && flows
    }
    return flows
  }

  pause(): void {
    this.#paused = true
    if (!this.#over) this.#carrier.pause()
  }

  resume(): void {
    this.#paused = false
    if (!this.#over) this.#carrier.resume()
    // What waits is read when the caller has returned, as if it had just come.
    queueMicrotask(() => this.#read())
  }

  /** Says goodbye, so that the other end knows that it has everything, and waits a little for the other's. */
  end(): void {
    if (this.#over || this.#ending) return
    this.#ending = true
    this.#carrier.send(this.#sealer.close())
    this.#farewell = later(goodbyeMs, () => this.#carrier.close())
  }

  /** Cuts the carrier at once. */
  destroy(fault?: Fault): void {
    if (this.#over) return
    this.#carrier.destroy()
    this.#finish('reset', fault)
  }

  #receive(bytes: Uint8Array): void {
    if (this.#over) return
    this.#reader.push(bytes)
    if (this.#reader.bufferedBytes > maxUnreadBytes) {
      this.#cut({ code: 'transport/channel-flood', maxBytes: maxUnreadBytes })
      return
    }
    this.#read()
  }

  /** Hands on what can be read; a handler may pause, write, end or destroy. */
  #read(): void {
    if (this.#reading) return
    this.#reading = true
    try {
      while (!this.#over && !this.#paused && this.#readOne()) {
        // The condition does the work.
      }
    } finally {
      this.#reading = false
    }
    if (this.#carrierEnded && !this.#paused) this.#ended()
  }

  /** Reads one frame; false when there is none. */
  #readOne(): boolean {
    const frame = this.#reader.next()
    if (!frame.ok) return this.#cut(frame.fault)
    if (frame.value === undefined) return false
    const opened = this.#opener.open(frame.value)
    if (!opened.ok) return this.#cut(opened.fault)
    if (opened.value.type === 'data') this.onData(opened.value.bytes)
    else if (opened.value.type === 'close') this.#goodbye()
    return true
  }

  /** The other side has said all; what is left to say to it would not be read. */
  #goodbye(): void {
    if (this.#over) return
    this.end()
    this.#carrier.close()
    this.#finish('closed')
  }

  #ended(): void {
    if (this.#over) return
    const truncated: ChannelFault = { code: 'transport/channel-truncated', state: 'open' }
    // Whoever has said goodbye expects the other to hang up.
    if (this.#ending) this.#finish('reset')
    else this.#finish('reset', truncated)
  }

  #cut(fault: ChannelFault): false {
    this.#carrier.destroy()
    this.#finish('reset', fault)
    return false
  }

  #finish(cause: LinkDownCause, fault?: Fault): void {
    if (this.#over) return
    this.#over = true
    this.#farewell?.[Symbol.dispose]()
    this.#sealer.wipe()
    this.#opener.wipe()
    queueMicrotask(() => {
      if (fault === undefined) this.onClose(cause)
      else this.onClose(cause, fault)
    })
  }
}
