import { utf8 } from '@kithnet/kernel'
import type { Carrier } from '../../src/pq-channel/carrier.ts'

/** What a test may do to a message on its way: change it, or drop it. */
export type OnWay = (bytes: Uint8Array, from: 'left' | 'right') => Uint8Array | undefined

/** Two carriers that are each other's other end, in one process. */
export function carrierPair(onWay: OnWay = (bytes) => bytes): {
  readonly left: MemoryCarrier
  readonly right: MemoryCarrier
} {
  const left = new MemoryCarrier((bytes) => onWay(bytes, 'left'))
  const right = new MemoryCarrier((bytes) => onWay(bytes, 'right'))
  left.other = right
  right.other = left
  return { left, right }
}

/** One end: delivers in order, in turns of the event loop, and waits while the other end is paused. */
export class MemoryCarrier implements Carrier {
  readonly label = utf8('none:test')
  readonly address = 'test'
  other: MemoryCarrier | undefined
  onBytes: (bytes: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onEnd: () => void = () => undefined
  paused = false
  ended = false
  sentBytes = 0
  readonly #gone = Promise.withResolvers<void>()
  readonly #change: (bytes: Uint8Array) => Uint8Array | undefined
  readonly #queue: Uint8Array[] = []
  #closing = false
  #scheduled = false
  #full = false

  constructor(change: (bytes: Uint8Array) => Uint8Array | undefined) {
    this.#change = change
  }

  get gone(): Promise<void> {
    return this.#gone.promise
  }

  get bufferedBytes(): number {
    return this.#queue.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  send(bytes: Uint8Array): boolean {
    if (this.ended || this.#closing) return false
    this.sentBytes += bytes.length
    const changed = this.#change(Uint8Array.from(bytes))
    if (changed !== undefined) this.#queue.push(changed)
    this.#schedule()
    this.#full = this.bufferedBytes > 1_048_576
    return !this.#full
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.other?.wake()
  }

  close(): void {
    this.#closing = true
    this.#schedule()
  }

  destroy(): void {
    this.#queue.length = 0
    this.#end()
    this.other?.cut()
  }

  /** The other end reads again. */
  wake(): void {
    this.#schedule()
  }

  /** The other end is gone. */
  cut(): void {
    setImmediate(() => this.#end())
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    while (this.other !== undefined && !this.other.paused && !this.ended) {
      const next = this.#queue.shift()
      if (next === undefined) break
      if (!this.other.ended) this.other.onBytes(next)
    }
    if (this.#full && this.bufferedBytes < 262_144) {
      this.#full = false
      this.onDrain()
    }
    if (!this.#closing || this.#queue.length > 0) return
    this.#end()
    this.other?.cut()
  }

  #end(): void {
    if (this.ended) return
    this.ended = true
    this.#gone.resolve()
    this.onEnd()
  }
}
