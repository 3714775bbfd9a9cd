import { CodedError } from '@kithnet/kernel'
import type { RuntimeFault } from './faults.ts'

/** What happens to a value for which a full queue has no room. */
export type WhenFull = 'drop-oldest' | 'drop-newest' | 'error'

/** Options of a bounded queue between a producer that never waits and one consumer. */
export interface QueueOptions {
  /** Most values that wait, at least 1. Default 1,024. */
  readonly capacity?: number
  /** Default `drop-oldest`. */
  readonly whenFull?: WhenFull
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal
}

interface Waiter<T> {
  resolve(result: IteratorResult<T>): void
}

/** A bounded asynchronous iterator. Values wait in it until the consumer asks; it says how many it dropped. */
export class Subscription<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #capacity: number
  readonly #whenFull: WhenFull
  readonly #onEnd: () => void
  readonly #queue: T[] = []
  #head = 0
  readonly #waiting: Waiter<T>[] = []
  #ended = false
  #error: CodedError<RuntimeFault> | undefined
  #dropped = 0
  #taken: T | undefined
  #onRoom: (() => void) | undefined
  readonly #ending = Promise.withResolvers<void>()
  /** Told of a value once the consumer asks for the next one, and so is done with it. */
  onTaken: ((value: T) => void) | undefined

  constructor(options: QueueOptions, onEnd: () => void) {
    this.#capacity = options.capacity ?? defaultCapacity
    this.#whenFull = options.whenFull ?? 'drop-oldest'
    this.#onEnd = onEnd
    if (!Number.isInteger(this.#capacity) || this.#capacity < 1) {
      throw new CodedError<RuntimeFault>(
        { code: 'runtime/bad-option', option: 'capacity' },
        'capacity is a whole number of at least 1.',
      )
    }
    const signal = options.signal
    if (signal?.aborted === true) this.end()
    else signal?.addEventListener('abort', () => this.end(), { once: true })
  }

  /** Values dropped so far because the consumer was slower than the producer. */
  get dropped(): number {
    return this.#dropped
  }

  /** True when nothing more will come. */
  get ended(): boolean {
    return this.#ended
  }

  /** Resolves when nothing more will come. */
  get whenEnded(): Promise<void> {
    return this.#ending.promise
  }

  /** True when a value more would not fit. */
  get isFull(): boolean {
    return this.#waiting.length === 0 && this.size >= this.#capacity
  }

  /** Values that wait. */
  get size(): number {
    return this.#queue.length - this.#head
  }

  /** Hands over a value; never blocks. */
  push(value: T): void {
    if (this.#ended) return
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      this.#taken = value
      waiting.resolve({ done: false, value })
      return
    }
    if (this.size >= this.#capacity) {
      this.#dropped++
      if (this.#whenFull === 'drop-newest') return
      if (this.#whenFull === 'error') {
        this.#error = new CodedError<RuntimeFault>(
          { code: 'runtime/overflow', capacity: this.#capacity },
          `More than ${this.#capacity} messages waited to be read. Read faster, or give messages() a larger capacity or another whenFull.`,
        )
        this.end()
        return
      }
      this.#take()
    }
    this.#queue.push(value)
  }

  /** Resolves when there is room for another value, or when nothing more will come. For producers that can wait. */
  async room(): Promise<void> {
    while (!this.#ended && this.size >= this.#capacity) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve
      })
    }
  }

  /** Ends after what waits has been read. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#ending.resolve()
    this.#onEnd()
    this.#onRoom?.()
    // Whoever waits has read everything, so an overflow cannot be what ended it.
    for (const waiting of this.#waiting.splice(0)) waiting.resolve({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#taken !== undefined) this.onTaken?.(this.#taken)
    this.#taken = undefined
    if (this.size > 0) {
      this.#taken = this.#take()
      this.#onRoom?.()
      return Promise.resolve({ done: false, value: this.#taken })
    }
    if (this.#error !== undefined) {
      const error = this.#error
      this.#error = undefined
      return Promise.reject(error)
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => {
      this.#waiting.push({ resolve })
    })
  }

  return(): Promise<IteratorResult<T>> {
    this.#queue.length = 0
    this.#head = 0
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(): T {
    const value = this.#queue[this.#head]!
    this.#head++
    // Moving the rest down now and then keeps taking constant on average.
    if (this.#head > 64 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head)
      this.#head = 0
    }
    return value
  }
}

/** Source: our choice; one second of the broadcast target at a third of its rate. */
const defaultCapacity = 1_024
