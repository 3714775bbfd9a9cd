import {
  after,
  ExpiringMap,
  type Fired,
  type Instant,
  type Machine,
  pick,
  type Rng,
} from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { Openings } from '../openings.ts'
import { parcelOf } from './comparison.ts'
import { Comparisons } from './comparisons.ts'
import {
  defaultExchangeConfig,
  type ExchangeConfig,
  type ExchangeEffect,
  type ExchangeEvent,
  type ExchangeOutput,
  type Taken,
} from './exchange-events.ts'
import type { ExchangeMessage, Parcel } from './exchange-messages.ts'
import { Meetings } from './meetings.ts'
import type { StatementBook } from './statement-book.ts'

/** What `StatementExchange` is made from. */
export interface ExchangeOptions {
  readonly self: PeerId
  readonly rng: Rng
  /** What is compared. It is changed by whoever answers `take`, and told of by `made`. */
  readonly book: StatementBook
  readonly config?: Partial<ExchangeConfig>
}

/**
 * Keeps the books of neighbours the same: what is made here is broadcast, and books are compared with each new neighbour at
 * once, with one at random every half minute, and with all when a comparison has brought something. It verifies and stores
 * nothing itself: what comes counts once `take` is answered.
 */
export class StatementExchange implements Machine<
  ExchangeEvent,
  PeerId,
  ExchangeMessage,
  string,
  ExchangeOutput
> {
  readonly #self: PeerId
  readonly #rng: Rng
  readonly #book: StatementBook
  readonly #config: ExchangeConfig
  readonly #neighbours = new Set<PeerId>()
  readonly #comparisons: Comparisons
  readonly #meetings: Meetings
  /** Whoever broke a rule is not heard. */
  readonly #forgers = new ExpiringMap<PeerId, true>(watchedPeers, avoidMs)
  /** Whoever cannot be reached, or does not speak this, is not asked. */
  readonly #mute = new ExpiringMap<PeerId, true>(watchedPeers, muteMs)
  readonly #openings = new Openings()
  /** Who broadcast what is being taken. */
  readonly #heardByToken = new Map<number, { readonly author: PeerId; readonly items: number }>()
  #heardItems = 0
  /** Evidence found here that is about to be broadcast, unless somebody else does before. */
  readonly #telling = new Set<string>()
  #isOpen = false
  /** Comparisons have brought something that others may lack. */
  #hasNews = false

  constructor({ self, rng, book, config }: ExchangeOptions) {
    this.#self = self
    this.#rng = rng
    this.#book = book
    this.#config = { ...defaultExchangeConfig, ...config }
    this.#comparisons = new Comparisons(book, rng.fork('comparisons'))
    this.#meetings = new Meetings(rng.fork('meetings'))
  }

  on(event: ExchangeEvent | Fired<string>, now: Instant): readonly ExchangeEffect[] {
    switch (event.type) {
      case 'received':
        return this.#received(event.from, event.message, now)
      case 'malformed':
        return this.#refuse(event.from, event.fault, now)
      case 'heard':
        return this.#heard(event.author, event.parcel, now)
      case 'made':
        return this.#made(event.id, now)
      case 'taken':
        return this.#taken(event.token, event.taken, now)
      case 'opened':
        this.#isOpen = true
        return [this.#armSync(now), ...[...this.#neighbours].map((peer) => this.#meet(peer, now))]
      case 'neighbourUp':
        this.#neighbours.add(event.peer)
        this.#mute.delete(event.peer)
        return this.#isOpen ? [this.#meet(event.peer, now)] : []
      case 'neighbourDown':
        this.#neighbours.delete(event.peer)
        this.#meetings.forget(event.peer)
        return [
          { type: 'disarm', key: meetPrefix + event.peer },
          ...this.#comparisons.drop(event.peer),
        ]
      case 'linkUp':
        this.#mute.delete(event.peer)
        return []
      case 'linkDown':
        if (event.cause === 'unreachable') this.#mute.set(event.peer, true, now)
        return this.#comparisons.drop(event.peer)
      case 'compare':
        return this.#isOpen ? this.#comparisons.open(event.peer, now) : []
      case 'fired':
        return this.#fired(event.key, now)
    }
  }

  #fired(key: string, now: Instant): readonly ExchangeEffect[] {
    if (key === syncTimer) {
      const peer = pick(
        this.#rng,
        [...this.#neighbours].filter((one) => this.#answers(one, now)),
      )
      const begun = peer === undefined ? [] : this.#compare(peer, now)
      return [...begun, this.#armSync(now)]
    }
    if (this.#comparisons.owns(key)) return this.#silent(key, now)
    if (key.startsWith(tellPrefix)) return this.#tell(key.slice(tellPrefix.length))
    for (const peer of this.#neighbours) {
      if (key !== meetPrefix + peer) continue
      this.#meetings.forget(peer)
      return this.#compare(peer, now)
    }
    return []
  }

  #compare(peer: PeerId, now: Instant): readonly ExchangeEffect[] {
    if (this.#comparisons.isBusyWith(peer) || !this.#answers(peer, now)) return []
    return this.#comparisons.open(peer, now)
  }

  #answers(peer: PeerId, now: Instant): boolean {
    return !this.#forgers.has(peer, now) && !this.#mute.has(peer, now)
  }

  #received(from: PeerId, message: ExchangeMessage, now: Instant): readonly ExchangeEffect[] {
    if (this.#forgers.has(from, now)) return []
    this.#mute.delete(from)
    const { comparison } = message
    if (this.#comparisons.opens(from, comparison, message) && !this.#mayOpen(from, now)) {
      const answer = { number: comparison.number, byOpener: false }
      return [{ type: 'send', to: from, message: { comparison: answer, type: 'end' } }]
    }
    return this.#after(this.#comparisons.take(from, comparison, message, now), now)
  }

  #mayOpen(peer: PeerId, now: Instant): boolean {
    if (!this.#isOpen || this.#comparisons.size >= maxComparisons) return false
    return this.#openings.admits(peer, now)
  }

  #heard(author: PeerId, parcel: Parcel, now: Instant): readonly ExchangeEffect[] {
    if (author === this.#self || this.#forgers.has(author, now)) return []
    const items = parcel.items.length
    if (items === 0 || this.#heardItems + items > maxHeardItems) return []
    const token = this.#comparisons.token()
    this.#heardItems += items
    this.#heardByToken.set(token, { author, items })
    return [{ type: 'emit', output: { type: 'take', token, from: author, parcel } }]
  }

  #made(id: string, now: Instant): readonly ExchangeEffect[] {
    if (!this.#isOpen) return []
    const held = this.#book.byId(id)
    if (held === undefined) return []
    if (held.kind !== 'fork') return this.#publish(id)
    this.#telling.add(id)
    return [{ type: 'arm', key: tellPrefix + id, at: after(now, this.#rng.below(tellSpreadMs)) }]
  }

  #tell(id: string): readonly ExchangeEffect[] {
    return this.#telling.delete(id) ? this.#publish(id) : []
  }

  #publish(id: string): readonly ExchangeEffect[] {
    const held = this.#book.byId(id)
    if (held === undefined) return []
    return [{ type: 'emit', output: { type: 'publish', parcel: parcelOf([held]) } }]
  }

  #taken(token: number, taken: Taken, now: Instant): readonly ExchangeEffect[] {
    const effects: ExchangeEffect[] = []
    const heard = this.#heardByToken.get(token)
    if (heard !== undefined) {
      this.#heardByToken.delete(token)
      this.#heardItems -= heard.items
      // Everybody hears what is broadcast: somebody else has told of it.
      for (const id of [...taken.known, ...taken.stored]) {
        if (this.#telling.delete(id)) effects.push({ type: 'disarm', key: tellPrefix + id })
      }
      if (taken.forged > 0) {
        effects.push(...this.#refuse(heard.author, { code: 'holonomic/exchange-forged' }, now))
      }
      return effects
    }
    const settled = this.#comparisons.taken(token, taken.forged, now) ?? []
    if (taken.stored.length > 0) this.#hasNews = true
    return this.#after(settled, now)
  }

  /** What comparisons lead to: whoever broke a rule is avoided, and what was new is passed on. */
  #after(effects: readonly ExchangeEffect[], now: Instant): readonly ExchangeEffect[] {
    const more: ExchangeEffect[] = []
    for (const effect of effects) {
      if (effect.type !== 'emit') continue
      const { output } = effect
      if (output.type === 'reject') this.#forgers.set(output.from, true, now)
      if (output.type !== 'synced') continue
      const { peer, report } = output
      if (!report.complete && report.received > 0) more.push(...this.#goOn(peer, now))
      if (report.complete && this.#meetings.met(peer)) {
        more.push({ type: 'disarm', key: meetPrefix + peer })
      }
      if (this.#hasNews) more.push(...this.#pass(output.peer, now))
    }
    return [...effects, ...more]
  }

  /** Passes news on to the other neighbours. */
  #pass(from: PeerId, now: Instant): readonly ExchangeEffect[] {
    this.#hasNews = false
    return [...this.#neighbours].flatMap((peer) => {
      const at = peer === from ? undefined : this.#meetings.planNews(peer, now)
      return at === undefined ? [] : [{ type: 'arm' as const, key: meetPrefix + peer, at }]
    })
  }

  /** A peer has said nothing for too long: it is tried again while it is a neighbour. */
  #silent(timer: string, now: Instant): readonly ExchangeEffect[] {
    const effects = this.#comparisons.silent(timer)
    const peers = effects.flatMap((effect) =>
      effect.type === 'emit' && effect.output.type === 'synced' ? [effect.output.peer] : [],
    )
    return [...effects, ...peers.flatMap((peer) => this.#goOn(peer, now))]
  }

  /** What a bound or a cut has ended goes on. */
  #goOn(peer: PeerId, now: Instant): readonly ExchangeEffect[] {
    if (!this.#neighbours.has(peer)) return []
    return [{ type: 'arm', key: meetPrefix + peer, at: this.#meetings.planMore(peer, now) }]
  }

  /** A new neighbour's book is compared at once, by one of the two. */
  #meet(peer: PeerId, now: Instant): ExchangeEffect {
    const waitMs = this.#self < peer ? 0 : waitForOtherMs
    return { type: 'arm', key: meetPrefix + peer, at: this.#meetings.planNew(peer, waitMs, now) }
  }

  #armSync(now: Instant): ExchangeEffect {
    const { syncIntervalMs } = this.#config
    const ms = Math.floor(syncIntervalMs / 2) + this.#rng.below(syncIntervalMs)
    return { type: 'arm', key: syncTimer, at: after(now, ms) }
  }

  #refuse(
    from: PeerId,
    fault: Extract<ExchangeOutput, { readonly type: 'reject' }>['fault'],
    now: Instant,
  ): readonly ExchangeEffect[] {
    this.#forgers.set(from, true, now)
    return [
      { type: 'emit', output: { type: 'reject', from, fault } },
      ...this.#comparisons.drop(from),
    ]
  }
}

const syncTimer = 'sync'
const meetPrefix = 'meet '
const tellPrefix = 'tell '

/** Comparisons at a time, both directions. Source: our choice, above a neighbourhood of ten. */
const maxComparisons = 24
/** Source: our choice. */
const watchedPeers = 256
/** Source: our choice, as long as the overlay keeps away from whoever it has cut. */
const avoidMs = 600_000
/** Source: our choice: a link that was cut may stand again. */
const muteMs = 30_000
/** Statements out of broadcasts that are verified and stored at a time; more are found by comparisons. Source: our choice. */
const maxHeardItems = 256
/** Among those who find the same evidence at once, the first to tell spares most others. Source: our choice: a hop. */
const tellSpreadMs = 20
/** A neighbour that is to begin and does not is asked. Source: our choice. */
const waitForOtherMs = 3_000
