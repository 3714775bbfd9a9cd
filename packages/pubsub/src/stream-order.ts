import { after, type EpochMs, type Instant } from '@kithnet/kernel'
import type { PeerId, StreamId } from '@kithnet/types'
import type { Cause, StreamRef } from './envelope.ts'
import { Gaps, type Numbers } from './gaps.ts'

/** How the messages of a topic are handed over: as they come, per author in order, or after their causes. */
export type Order = 'none' | 'fifo' | 'causal'

/** A message that has come, and what its order hangs on. */
export interface Arrival<M> {
  readonly author: PeerId
  readonly stream: StreamId
  readonly seq: number
  readonly hlc: EpochMs
  readonly bytes: number
  readonly causes: readonly Cause[]
  readonly message: M
}

/** Why numbers will not come any more. */
export type LossCause =
  /** They did not come in time. */
  | 'late'
  /** They were sent before this node heard the stream, and nobody had them. */
  | 'before'
  /** Too much waited for them. */
  | 'bound'
  /** The author has signed two messages under one number: its numbers mean nothing any more. */
  | 'forked'

/** What an order tells, in the order in which it is to be told. */
export type Told<M> =
  /** `unmet` causes did not come in time, or 0. */
  | { readonly type: 'deliver'; readonly arrival: Arrival<M>; readonly unmet: number }
  | ({ readonly type: 'gap' | 'repaired' } & StreamNumbers)
  | ({ readonly type: 'lost'; readonly cause: LossCause } & StreamNumbers)

/** Numbers of a named stream. */
export interface StreamNumbers extends Numbers {
  readonly author: PeerId
  readonly stream: StreamId
}

/** How long a stream waits. */
export interface Patience {
  /** For what is missing below what has come. */
  readonly gapMs: number
  /** For what was sent before, when a stream is first heard in its middle. */
  readonly settleMs: number
}

interface Held<M> {
  readonly arrival: Arrival<M>
  readonly at: Instant
}

/** How many causes of a message have not been handed over, and until when it waits for them. */
export type Gate<M> = (
  arrival: Arrival<M>,
  arrivedAt: Instant,
) => { readonly unmet: number; readonly until: Instant }

/** One stream of a topic: what of it was handed over, what waits, what is missing. */
export class StreamOrder<M> {
  readonly author: PeerId
  readonly stream: StreamId
  readonly ref: StreamRef
  /** Numbers of its messages have no meaning any more. */
  forked = false
  lastHlc: EpochMs
  readonly #ordered: boolean
  readonly #bornAfter: number
  readonly #patience: Patience
  readonly #gate: Gate<M>
  readonly #tell: (told: Told<M>) => void
  readonly #gaps = new Gaps()
  /** By number; `#numbers` has the same in rising order. */
  readonly #held = new Map<number, Held<M>>()
  readonly #numbers: number[] = []
  #bytes = 0
  /** One above the highest number that has come. */
  #top = 0
  /** Until when a stream that was first heard in its middle waits for what is before. */
  #settlesAt: Instant | undefined
  /** Until when the first held message waits for its causes. */
  #causesUntil: Instant | undefined

  /** Nothing signed up to `bornAfter` is its own: an earlier `StreamOrder` of the stream had that. */
  constructor(
    first: Arrival<M>,
    ref: StreamRef,
    order: Order,
    patience: Patience,
    bornAfter: number,
    gate: Gate<M>,
    tell: (told: Told<M>) => void,
  ) {
    this.author = first.author
    this.stream = first.stream
    this.ref = ref
    this.lastHlc = first.hlc
    this.#ordered = order !== 'none'
    this.#patience = patience
    this.#bornAfter = bornAfter
    this.#gate = gate
    this.#tell = tell
  }

  /** Messages that wait. */
  get held(): number {
    return this.#numbers.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Numbers that are missing, in runs. */
  get missing(): readonly Numbers[] {
    return this.#gaps.missing
  }

  /** When something is to be given up, or `undefined`. */
  get next(): Instant | undefined {
    let next = this.#settlesAt ?? this.#gaps.until
    if (this.#causesUntil !== undefined && (next === undefined || this.#causesUntil < next)) {
      next = this.#causesUntil
    }
    return next
  }

  /** True when the number was handed over or will never be. */
  isPast(seq: number): boolean {
    if (this.forked) return true
    if (this.#settlesAt !== undefined || seq >= this.#top) return false
    return !this.#gaps.has(seq) && !this.#held.has(seq)
  }

  /** Takes the stream's very first message. */
  begin(arrival: Arrival<M>, now: Instant): void {
    const { seq } = arrival
    if (!this.#ordered) {
      this.#top = seq + 1
      this.#deliver(arrival, 0)
      return
    }
    if (seq > 0) this.#settlesAt = after(now, this.#patience.settleMs)
    this.#hold(arrival, now)
    this.#top = seq + 1
    this.release(now)
  }

  take(arrival: Arrival<M>, now: Instant): void {
    const { seq } = arrival
    if (arrival.hlc > this.lastHlc) this.lastHlc = arrival.hlc
    if (this.forked) {
      this.#deliver(arrival, this.#gate(arrival, now).unmet)
      return
    }
    // What is as old may have been handed over in an earlier life of this order.
    if (this.#ordered && arrival.hlc <= this.#bornAfter) return
    if (this.#held.has(seq) || (this.#ordered && this.isPast(seq))) return
    if (this.#settlesAt === undefined) this.#mind(seq, now)
    else this.#top = Math.max(this.#top, seq + 1)
    if (!this.#ordered) {
      this.#deliver(arrival, 0)
      this.#repair(seq)
      return
    }
    this.#repair(seq)
    this.#hold(arrival, now)
    if (this.#settlesAt !== undefined && seq === 0) this.#settle(now)
    this.release(now)
  }

  /** Hands over what may go. */
  release(now: Instant): void {
    if (this.#settlesAt !== undefined) return
    this.#causesUntil = undefined
    for (let seq = this.#numbers[0]; seq !== undefined; seq = this.#numbers[0]) {
      const missing = this.#gaps.first
      if (missing !== undefined && missing < seq) return
      const { arrival, at } = this.#held.get(seq)!
      const { unmet, until } = this.#gate(arrival, at)
      if (unmet > 0 && until > now) {
        this.#causesUntil = until
        return
      }
      this.#drop(seq)
      this.#deliver(arrival, unmet)
    }
  }

  /** Gives up what is due. */
  expire(now: Instant): void {
    if (this.#settlesAt !== undefined) {
      if (this.#settlesAt <= now) this.#settle(now)
    } else {
      for (let until = this.#gaps.until; until !== undefined && until <= now;) {
        this.#giveUp('late')
        until = this.#gaps.until
      }
    }
    this.release(now)
  }

  /** Too much waits: goes on without the first that is missing, causes or numbers. */
  yield(now: Instant): void {
    if (this.#settlesAt !== undefined) this.#settle(now)
    else if (this.#gaps.first !== undefined && this.#gaps.first < (this.#numbers[0] ?? Infinity)) {
      this.#giveUp('bound')
    } else {
      const seq = this.#numbers[0]
      if (seq === undefined) return
      const { arrival, at } = this.#held.get(seq)!
      const { unmet } = this.#gate(arrival, at)
      this.#drop(seq)
      this.#deliver(arrival, unmet)
    }
    this.release(now)
  }

  /** The author broke its own order: hands over everything, and what comes from now on at once. */
  fork(): void {
    if (this.forked) return
    this.forked = true
    this.end('forked')
  }

  /** Hands over everything that waits, and gives up what is missing. */
  end(cause: LossCause): void {
    this.#settlesAt = undefined
    this.#causesUntil = undefined
    while (this.#gaps.first !== undefined) this.#giveUp(cause)
    for (const seq of this.#numbers) {
      const { arrival, at } = this.#held.get(seq)!
      this.#deliver(arrival, this.#gate(arrival, at).unmet)
    }
    this.#numbers.length = 0
    this.#held.clear()
    this.#bytes = 0
  }

  /** Tells a hole below a number that has come. */
  #mind(seq: number, now: Instant): void {
    if (seq < this.#top) return
    if (seq > this.#top) this.#openGap(this.#top, seq - this.#top, now)
    this.#top = seq + 1
  }

  #openGap(first: number, count: number, now: Instant): void {
    this.#tellNumbers('gap', { first, count })
    this.#gaps.open(first, count, after(now, this.#patience.gapMs))
    if (this.#gaps.isFull) this.#giveUp('bound')
  }

  #repair(seq: number): void {
    const repaired = this.#gaps.fill(seq)
    if (repaired !== undefined) this.#tellNumbers('repaired', repaired)
    if (this.#gaps.isFull) this.#giveUp('bound')
  }

  /** Begins at the lowest number that has come. */
  #settle(now: Instant): void {
    this.#settlesAt = undefined
    const [lowest] = this.#numbers
    if (lowest === undefined) return
    if (lowest > 0) this.#tellLost({ first: 0, count: lowest }, 'before')
    let top = lowest
    for (const seq of this.#numbers) {
      if (seq > top) this.#openGap(top, seq - top, now)
      top = seq + 1
    }
  }

  #giveUp(cause: LossCause): void {
    const lost = this.#gaps.giveUp()
    if (lost !== undefined) this.#tellLost(lost, cause)
  }

  #hold(arrival: Arrival<M>, at: Instant): void {
    const { seq } = arrival
    this.#held.set(seq, { arrival, at })
    this.#bytes += arrival.bytes
    let index = this.#numbers.length
    while (index > 0 && this.#numbers[index - 1]! > seq) index--
    this.#numbers.splice(index, 0, seq)
  }

  #drop(seq: number): void {
    this.#bytes -= this.#held.get(seq)!.arrival.bytes
    this.#held.delete(seq)
    this.#numbers.shift()
  }

  #deliver(arrival: Arrival<M>, unmet: number): void {
    this.#tell({ type: 'deliver', arrival, unmet })
  }

  #tellNumbers(type: 'gap' | 'repaired', { first, count }: Numbers): void {
    const { author, stream } = this
    this.#tell({ type, author, stream, first, count })
  }

  #tellLost({ first, count }: Numbers, cause: LossCause): void {
    const { author, stream } = this
    this.#tell({ type: 'lost', author, stream, first, count, cause })
  }
}
