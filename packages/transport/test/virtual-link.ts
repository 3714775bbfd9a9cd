import { instant, type Fault } from '@kithnet/kernel'
import type { Stream } from '@kithnet/types'
import { defaultLinkLimits, type LinkLimits, minInitialCreditBytes } from '../src/limits.ts'
import { Mux } from '../src/mux.ts'
import type { MuxHost } from '../src/mux-host.ts'

/** How bytes travel between the two ends. */
export interface Wire {
  readonly delayMs: number
  /** Infinity for a wire without a bound. */
  readonly bytesPerMs: number
  /** What the sending host buffers before it asks its writer to wait. */
  readonly bufferBytes: number
}

/** Nothing waits and nothing is bounded. */
export const quickWire: Wire = { delayMs: 0, bytesPerMs: Infinity, bufferBytes: 524_288 }

/** Things to do, in the order of virtual time. */
export class VirtualTime {
  now = 0
  readonly #tasks: { readonly at: number; readonly order: number; readonly run: () => void }[] = []
  #order = 0

  at(ms: number, run: () => void): void {
    const task = { at: Math.max(ms, this.now), order: this.#order++, run }
    let low = 0
    let high = this.#tasks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#tasks[middle]!.at <= task.at) low = middle + 1
      else high = middle
    }
    this.#tasks.splice(low, 0, task)
  }

  /** Runs everything until the time given. */
  runUntil(ms: number): void {
    for (let next = this.#tasks[0]; next !== undefined && next.at <= ms; next = this.#tasks[0]) {
      this.#tasks.shift()
      this.now = next.at
      next.run()
    }
    this.now = ms
  }
}

/** One end: a multiplexer and what its host saw. */
export class End {
  readonly mux: Mux
  readonly streams: Stream[] = []
  fault: Fault | undefined
  wasCut = false
  finished = false
  /** Bytes written to the host that have not left it. */
  bufferedBytes = 0
  /** What arrives goes here; a test may put itself in between. */
  deliver: (bytes: Uint8Array) => void
  other: End | undefined
  readonly #time: VirtualTime
  readonly #wire: Wire
  #freeAt = 0
  #waiting = false
  #alarm = 0

  constructor(time: VirtualTime, wire: Wire, first: boolean, limits: LinkLimits) {
    this.#time = time
    this.#wire = wire
    this.mux = new Mux(
      this.#host(),
      first,
      limits,
      { ...limits, initialCreditBytes: minInitialCreditBytes },
      minInitialCreditBytes,
    )
    this.deliver = (bytes) => this.mux.receive(bytes)
  }

  #host(): MuxHost {
    const time = this.#time
    return {
      now: () => instant(time.now),
      allocate: (length) => new Uint8Array(length),
      write: (bytes) => this.#write(bytes),
      soon: () => time.at(time.now, () => this.mux.flush()),
      alarm: (at) => {
        const turn = ++this.#alarm
        if (at !== undefined) time.at(at, () => turn === this.#alarm && this.mux.wake())
      },
      finished: () => {
        this.finished = true
      },
      cut: (fault) => {
        this.fault = fault
        this.wasCut = true
        this.mux.end()
      },
      opened: (stream) => this.streams.push(stream),
      report: (error) => {
        throw error
      },
    }
  }

  #write(bytes: Uint8Array): boolean {
    const time = this.#time
    const { bytesPerMs, delayMs, bufferBytes } = this.#wire
    for (let from = 0; from < bytes.length; from += 16_384) {
      const chunk = bytes.subarray(from, from + 16_384)
      this.bufferedBytes += chunk.length
      this.#freeAt = Math.max(this.#freeAt, time.now) + chunk.length / bytesPerMs
      time.at(this.#freeAt, () => this.#left(chunk.length))
      time.at(this.#freeAt + delayMs, () => this.other?.deliver(chunk))
    }
    this.#waiting = this.bufferedBytes >= bufferBytes
    return !this.#waiting
  }

  #left(bytes: number): void {
    this.bufferedBytes -= bytes
    if (!this.#waiting || this.bufferedBytes > this.#wire.bufferBytes / 2) return
    this.#waiting = false
    this.mux.drain()
  }
}

/** Two multiplexers and the wire between them. */
export interface VirtualLink {
  readonly time: VirtualTime
  readonly near: End
  readonly far: End
}

export function virtualLink(wire: Wire = quickWire, limits: Partial<LinkLimits> = {}): VirtualLink {
  const time = new VirtualTime()
  const all = { ...defaultLinkLimits, ...limits }
  const near = new End(time, wire, true, all)
  const far = new End(time, wire, false, all)
  near.other = far
  far.other = near
  return { time, near, far }
}
