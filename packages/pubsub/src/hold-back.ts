import { after, Deadlines, type EpochMs, type Instant } from '@kithnet/kernel'
import { type Cause, streamRef, type StreamRef } from './envelope.ts'
import { Frontier } from './frontier.ts'
import {
  type Arrival,
  type Order,
  type StreamNumbers,
  StreamOrder,
  type Told,
} from './stream-order.ts'

/** Bounds of one topic's order. */
export interface HoldBackLimits {
  /** Streams whose numbers are followed. */
  readonly streams: number
  /** What one stream may have waiting. */
  readonly heldPerStream: number
  readonly bytesPerStream: number
  /** What all of the topic may have waiting. */
  readonly heldMessages: number
  readonly heldBytes: number
  /** How long an ordered message waits for what is to come before it. */
  readonly holdMs: number
  /** The same for what was sent before this node listened, and only history can bring. */
  readonly settleMs: number
  /** How long the missing may still come. */
  readonly retentionMs: number
}

/** Source: our choice; a message is repaired within three periods of anti-entropy, and history comes in two seconds. */
export const holdBackLimits: Omit<HoldBackLimits, 'retentionMs'> = {
  streams: 4_096,
  heldPerStream: 1_024,
  bytesPerStream: 4_194_304,
  heldMessages: 8_192,
  heldBytes: 16_777_216,
  holdMs: 30_000,
  settleMs: 2_000,
}

/** What a `HoldBack` holds. */
export interface HoldBackView {
  readonly streams: number
  readonly held: number
  readonly heldBytes: number
}

/**
 * The order in which the messages of one topic are handed over, and the numbers that are missing. A message waits a
 * bounded time for what comes before it; what does not come is told lost, and a stream that breaks its own order
 * holds nobody up.
 */
export class HoldBack<M> {
  readonly order: Order
  readonly #limits: HoldBackLimits
  readonly #wall: (now: Instant) => EpochMs
  readonly #since: EpochMs
  readonly #streams = new Map<string, StreamOrder<M>>()
  readonly #keyByRef = new Map<StreamRef, string>()
  /** Streams whose next message waits for a cause of the stream. */
  readonly #waitingByRef = new Map<StreamRef, Set<string>>()
  readonly #refsByWaiting = new Map<string, StreamRef[]>()
  readonly #deadlines = new Deadlines<string>()
  readonly #frontier = new Frontier()
  readonly #ownRef: StreamRef
  #held = 0
  #heldBytes = 0
  /** The youngest message of a stream that was forgotten: what is older may have been handed over. */
  #horizon = -1
  #told: Told<M>[] = []

  /** `ownRef` is the stream that this node writes; `wall` tells the time at an instant. */
  constructor(
    order: Order,
    limits: HoldBackLimits,
    ownRef: StreamRef,
    wall: (now: Instant) => EpochMs,
    now: Instant,
  ) {
    this.order = order
    this.#limits = limits
    this.#ownRef = ownRef
    this.#wall = wall
    this.#since = wall(now)
  }

  get view(): HoldBackView {
    return { streams: this.#streams.size, held: this.#held, heldBytes: this.#heldBytes }
  }

  /** When `expire` has something to do. */
  get next(): Instant | undefined {
    return this.#deadlines.next
  }

  /** Numbers that have not come and still may. */
  get missing(): readonly StreamNumbers[] {
    return Array.from(this.#streams.values()).flatMap(({ author, stream, missing }) =>
      missing.map((numbers) => ({ author, stream, ...numbers })),
    )
  }

  /** The causes of what is written now. Empty unless the order is causal. */
  get causes(): readonly Cause[] {
    return this.#frontier.causes
  }

  /** Something was written with these causes: what comes next follows from that. */
  wrote(): void {
    this.#frontier.clear()
  }

  /** Takes a message of the stream `key`: what is to be told, in order. */
  take(key: string, arrival: Arrival<M>, now: Instant): readonly Told<M>[] {
    const known = this.#streams.get(key)
    if (known === undefined) this.#begin(key, arrival, now)
    else {
      // Least recently heard first.
      this.#streams.delete(key)
      this.#streams.set(key, known)
      this.#watch(key, known, () => known.take(arrival, now), now)
    }
    this.#bound(now)
    return this.#take()
  }

  /** Gives up what is due. */
  expire(now: Instant): readonly Told<M>[] {
    for (
      let key = this.#deadlines.takeDue(now);
      key !== undefined;
      key = this.#deadlines.takeDue(now)
    ) {
      const stream = this.#streams.get(key)
      if (stream !== undefined) this.#watch(key, stream, () => stream.expire(now), now)
    }
    return this.#take()
  }

  /** The stream's author has signed two messages under one number. */
  fork(key: string, now: Instant): readonly Told<M>[] {
    const stream = this.#streams.get(key)
    if (stream !== undefined) this.#watch(key, stream, () => stream.fork(), now)
    return this.#take()
  }

  /** Forgets streams of which nothing waits and nothing as old can come any more. */
  sweep(oldest: number): void {
    for (const [key, stream] of this.#streams) {
      if (stream.lastHlc < oldest && stream.held === 0 && stream.next === undefined) {
        this.#forget(key, stream)
      }
    }
  }

  #begin(key: string, arrival: Arrival<M>, now: Instant): void {
    const { author, stream, hlc, seq } = arrival
    if (this.order !== 'none' && hlc <= this.#horizon) {
      this.#told.push({ type: 'lost', author, stream, first: seq, count: 1, cause: 'bound' })
      return
    }
    if (this.#streams.size >= this.#limits.streams) this.#forgetOne(now)
    const { holdMs, settleMs, retentionMs } = this.#limits
    const order = new StreamOrder<M>(
      arrival,
      this.order === 'causal' ? streamRef(author, stream) : '',
      this.order,
      { gapMs: this.order === 'none' ? retentionMs : holdMs, settleMs },
      this.#horizon,
      (waiting, at) => this.#gate(key, waiting, at),
      (told) => this.#tell(order, told),
    )
    this.#streams.set(key, order)
    if (this.order === 'causal') this.#keyByRef.set(order.ref, key)
    this.#watch(key, order, () => order.begin(arrival, now), now)
  }

  #tell(stream: StreamOrder<M>, told: Told<M>): void {
    this.#told.push(told)
    if (this.order === 'causal' && told.type === 'deliver') {
      this.#frontier.add(stream.ref, told.arrival)
    }
  }

  #take(): readonly Told<M>[] {
    const told = this.#told
    this.#told = []
    return told
  }

  /** Lets a stream do something, then those that waited for it. */
  #watch(key: string, stream: StreamOrder<M>, act: () => void, now: Instant): void {
    const moved = this.#step(key, stream, act, now) ? [stream.ref] : []
    for (let ref = moved.pop(); ref !== undefined; ref = moved.pop()) {
      for (const waiting of [...(this.#waitingByRef.get(ref) ?? [])]) {
        const other = this.#streams.get(waiting)
        if (other === undefined) continue
        if (this.#step(waiting, other, () => other.release(now), now)) moved.push(other.ref)
      }
    }
  }

  /** True when something was told. */
  #step(key: string, stream: StreamOrder<M>, act: () => void, now: Instant): boolean {
    const { held, bytes } = stream
    const before = this.#told.length
    const { heldPerStream, bytesPerStream } = this.#limits
    act()
    while (stream.held > heldPerStream || stream.bytes > bytesPerStream) stream.yield(now)
    this.#held += stream.held - held
    this.#heldBytes += stream.bytes - bytes
    const { next } = stream
    if (next === undefined) this.#deadlines.disarm(key)
    else this.#deadlines.arm(key, next)
    return this.#told.length > before
  }

  /** When all of the topic has too much waiting, whoever has most gives way. */
  #bound(now: Instant): void {
    const { heldMessages, heldBytes } = this.#limits
    while (this.#held > heldMessages || this.#heldBytes > heldBytes) {
      let most: readonly [string, StreamOrder<M>] | undefined
      for (const entry of this.#streams) {
        if (most === undefined || entry[1].bytes > most[1].bytes) most = entry
      }
      if (most === undefined) return
      const [key, stream] = most
      this.#watch(key, stream, () => stream.yield(now), now)
    }
  }

  #gate(
    key: string,
    { causes }: Arrival<M>,
    arrivedAt: Instant,
  ): { readonly unmet: number; readonly until: Instant } {
    let unmet = 0
    let waitMs = 0
    this.#unwait(key)
    if (this.order === 'causal') {
      const oldest = this.#wall(arrivedAt) - this.#limits.retentionMs
      for (const cause of causes) {
        if (cause.at < oldest || this.#isMet(cause)) continue
        unmet++
        // What was sent before this node listened may be nowhere any more.
        const { holdMs, settleMs } = this.#limits
        waitMs = Math.max(waitMs, cause.at < this.#since ? settleMs : holdMs)
        this.#wait(key, cause.stream)
      }
    }
    return { unmet, until: after(arrivedAt, waitMs) }
  }

  #isMet({ stream, seq }: Cause): boolean {
    if (stream === this.#ownRef) return true
    const key = this.#keyByRef.get(stream)
    return key !== undefined && this.#streams.get(key)?.isPast(seq) === true
  }

  #wait(key: string, ref: StreamRef): void {
    let waiting = this.#waitingByRef.get(ref)
    if (waiting === undefined) {
      waiting = new Set()
      this.#waitingByRef.set(ref, waiting)
    }
    waiting.add(key)
    const refs = this.#refsByWaiting.get(key)
    if (refs === undefined) this.#refsByWaiting.set(key, [ref])
    else refs.push(ref)
  }

  #unwait(key: string): void {
    for (const ref of this.#refsByWaiting.get(key) ?? []) {
      const waiting = this.#waitingByRef.get(ref)
      waiting?.delete(key)
      if (waiting?.size === 0) this.#waitingByRef.delete(ref)
    }
    this.#refsByWaiting.delete(key)
  }

  /** Makes room for a stream: the one that was silent for longest and holds nothing, if there is one. */
  #forgetOne(now: Instant): void {
    let chosen: readonly [string, StreamOrder<M>] | undefined
    for (const entry of this.#streams) {
      chosen ??= entry
      if (entry[1].held > 0) continue
      chosen = entry
      break
    }
    if (chosen === undefined) return
    const [key, stream] = chosen
    this.#watch(key, stream, () => stream.end('bound'), now)
    this.#horizon = Math.max(this.#horizon, Math.min(stream.lastHlc, this.#wall(now)))
    this.#forget(key, stream)
  }

  #forget(key: string, stream: StreamOrder<M>): void {
    this.#unwait(key)
    this.#streams.delete(key)
    this.#deadlines.disarm(key)
    if (this.#keyByRef.get(stream.ref) === key) this.#keyByRef.delete(stream.ref)
  }
}
