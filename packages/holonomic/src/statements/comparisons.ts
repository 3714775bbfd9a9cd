import { after, type Instant, type Rng } from '@kithnet/kernel'
import type { ReconcileFault } from '@kithnet/reconcile'
import type { PeerId } from '@kithnet/types'
import type { ExchangeFault } from '../faults.ts'
import { Comparison, type ComparisonStep } from './comparison.ts'
import type { ExchangeEffect } from './exchange-events.ts'
import type { ComparisonMessage, ComparisonRef } from './exchange-messages.ts'
import type { StatementBook } from './statement-book.ts'

interface Entry {
  readonly key: string
  readonly peer: PeerId
  readonly number: number
  readonly isOpener: boolean
  readonly comparison: Comparison
}

/** The comparisons that a node takes part in: one in each direction with a peer at a time. */
export class Comparisons {
  readonly #book: StatementBook
  readonly #rng: Rng
  readonly #entries = new Map<string, Entry>()
  readonly #entryByToken = new Map<number, Entry>()
  #number = 0
  #token = 0

  constructor(book: StatementBook, rng: Rng) {
    this.#book = book
    this.#rng = rng
  }

  get size(): number {
    return this.#entries.size
  }

  /** True while something is compared with a peer. */
  isBusyWith(peer: PeerId): boolean {
    return this.#entries.has(keyOf(peer, true)) || this.#entries.has(keyOf(peer, false))
  }

  /** A token for a `take`, of these or of others. */
  token(): number {
    return ++this.#token
  }

  /** Begins a comparison, if this side has none with the peer. */
  open(peer: PeerId, now: Instant): readonly ExchangeEffect[] {
    if (this.#entries.has(keyOf(peer, true))) return []
    const entry = this.#add(peer, ++this.#number, true)
    return this.#perform(entry, { sends: [entry.comparison.open()] }, now)
  }

  /** True for a message that begins a comparison. */
  opens(from: PeerId, { number, byOpener }: ComparisonRef, message: ComparisonMessage): boolean {
    const known = this.#entries.get(keyOf(from, false))
    return byOpener && message.type === 'coded' && known?.number !== number
  }

  /** Takes a message of a comparison. What belongs to none that is known is answered by nothing. */
  take(
    from: PeerId,
    ref: ComparisonRef,
    message: ComparisonMessage,
    now: Instant,
  ): readonly ExchangeEffect[] {
    const key = keyOf(from, !ref.byOpener)
    let entry = this.#entries.get(key)
    const effects: ExchangeEffect[] = []
    if (this.opens(from, ref, message)) {
      // Whoever opens again has given up what was before.
      if (entry !== undefined) effects.push(...this.#forget(entry))
      entry = this.#add(from, ref.number, false)
    }
    if (entry === undefined || entry.number !== ref.number) return effects
    return [...effects, ...this.#perform(entry, entry.comparison.take(message), now)]
  }

  /** Answers a `take` of these; `undefined` when the token is of none. */
  taken(token: number, forged: number, now: Instant): readonly ExchangeEffect[] | undefined {
    const entry = this.#entryByToken.get(token)
    if (entry === undefined) return undefined
    this.#entryByToken.delete(token)
    if (this.#entries.get(entry.key) !== entry) return forged === 0 ? [] : [rejection(entry.peer)]
    if (forged === 0) return this.#perform(entry, entry.comparison.settled(), now)
    return this.#over(entry, forgery)
  }

  /** True for the key of a timer of these. */
  owns(timer: string): boolean {
    return timer.startsWith(silencePrefix)
  }

  /** The other side of a comparison has been silent for too long. */
  silent(timer: string): readonly ExchangeEffect[] {
    const entry = this.#entries.get(timer.slice(silencePrefix.length))
    return entry === undefined ? [] : this.#over(entry, undefined)
  }

  /** Ends every comparison with a peer that is gone. */
  drop(peer: PeerId): readonly ExchangeEffect[] {
    return [keyOf(peer, true), keyOf(peer, false)].flatMap((key) => {
      const entry = this.#entries.get(key)
      return entry === undefined ? [] : this.#over(entry, undefined)
    })
  }

  #add(peer: PeerId, number: number, isOpener: boolean): Entry {
    const key = keyOf(peer, isOpener)
    const rng = this.#rng.fork(`comparison ${this.token()}`)
    const entry = { key, peer, number, isOpener, comparison: new Comparison(this.#book, rng) }
    this.#entries.set(key, entry)
    return entry
  }

  #perform(entry: Entry, step: ComparisonStep, now: Instant): readonly ExchangeEffect[] {
    const { peer, number, isOpener } = entry
    const comparison = { number, byOpener: isOpener }
    const effects: ExchangeEffect[] = step.sends.map((message) => ({
      type: 'send',
      to: peer,
      message: { comparison, ...message },
    }))
    if (step.take !== undefined) {
      const token = this.token()
      this.#entryByToken.set(token, entry)
      const output = { type: 'take', token, from: peer, parcel: step.take } as const
      effects.push({ type: 'emit', output })
    }
    if (step.over !== undefined) return [...effects, ...this.#over(entry, step.fault)]
    effects.push({ type: 'arm', key: silencePrefix + entry.key, at: after(now, silenceMs) })
    return effects
  }

  #over(
    entry: Entry,
    fault: ExchangeFault | ReconcileFault | undefined,
  ): readonly ExchangeEffect[] {
    const { peer, comparison } = entry
    const effects: ExchangeEffect[] = [...this.#forget(entry)]
    if (fault !== undefined) {
      effects.push({ type: 'emit', output: { type: 'reject', from: peer, fault } })
    }
    effects.push({ type: 'emit', output: { type: 'synced', peer, report: comparison.report } })
    return effects
  }

  #forget(entry: Entry): readonly ExchangeEffect[] {
    // What is being verified of it stays known: whoever gave it answers for it.
    this.#entries.delete(entry.key)
    return [{ type: 'disarm', key: silencePrefix + entry.key }]
  }
}

function rejection(from: PeerId): ExchangeEffect {
  return { type: 'emit', output: { type: 'reject', from, fault: forgery } }
}

function keyOf(peer: PeerId, isOpener: boolean): string {
  return `${isOpener ? 'opened' : 'joined'} ${peer}`
}

const forgery: ExchangeFault = { code: 'holonomic/exchange-forged' }
const silencePrefix = 'silence '
/** Source: our choice: a slow disk and a slow processor may need seconds for a window of 150 signatures. */
const silenceMs = 5_000
