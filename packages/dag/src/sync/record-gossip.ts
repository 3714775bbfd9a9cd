import {
  after,
  BoundedMap,
  ExpiringMap,
  type Fired,
  type Instant,
  type Machine,
  pick,
  type Rng,
  toHex,
} from '@kithnet/kernel'
import { ItemSet } from '@kithnet/reconcile'
import type { PeerId } from '@kithnet/types'
import {
  defaultGossipConfig,
  type GossipConfig,
  type GossipEvent,
  type HeldItem,
  type Taken,
} from './gossip-events.ts'
import { Allowances } from './allowances.ts'
import { Meetings } from './meetings.ts'
import { itemKinds, nameDigits, type SyncItem } from './sync-keys.ts'
import type { Announcement, SyncMessage } from './sync-messages.ts'
import { type GossipEffect, type GossipOutput, SyncSessions } from './sync-sessions.ts'
import { Wanted } from './wanted.ts'

/** What `RecordGossip` is made from. */
export interface GossipOptions {
  readonly self: PeerId
  readonly rng: Rng
  readonly config?: Partial<GossipConfig>
}

/**
 * Carries records, attestations and evidence between stores: announces what is made here, fetches the parents that what
 * it hears of lacks, and compares sets with neighbours. It keeps 40 bytes an item and no item; what comes is verified and
 * stored outside, by the effects `take` and `load`, before it counts.
 */
export class RecordGossip implements Machine<
  GossipEvent,
  PeerId,
  SyncMessage,
  string,
  GossipOutput
> {
  readonly #self: PeerId
  readonly #rng: Rng
  readonly #config: GossipConfig
  readonly #set = new ItemSet<string>(toHex)
  readonly #neighbours = new Set<PeerId>()
  readonly #meetings: Meetings
  readonly #sessions: SyncSessions
  readonly #wanted: Wanted
  readonly #allowances = new Allowances()
  /** Whoever broke a rule is not heard. */
  readonly #forgers = new ExpiringMap<PeerId, true>(watchedPeers, avoidMs)
  /** Whoever cannot be reached, or does not speak this, is not asked. */
  readonly #mute = new ExpiringMap<PeerId, true>(watchedPeers, muteMs)
  /** Of a `take` outside comparisons, who gave it. */
  readonly #giverByToken = new Map<number, PeerId | undefined>()
  /** Of a `load` for a `want`, what was asked by whom. */
  readonly #askByToken = new Map<
    number,
    { readonly peer: PeerId; readonly keys: readonly string[] }
  >()
  /** Evidence found here that is about to be published, unless somebody else does. */
  readonly #telling = new BoundedMap<string, SyncItem>(maxTelling)
  #isReady = false
  #token = 0
  #comparisons = 0

  constructor({ self, rng, config }: GossipOptions) {
    this.#self = self
    this.#rng = rng
    this.#config = { ...defaultGossipConfig, ...config }
    this.#wanted = new Wanted(rng.fork('wanted'))
    this.#meetings = new Meetings(rng.fork('meetings'))
    this.#sessions = new SyncSessions(
      this.#set,
      rng.fork('sessions'),
      this.#config.limits,
      this.#allowances,
      () => ++this.#token,
    )
  }

  /** How many items are held. */
  get size(): number {
    return this.#set.size
  }

  on(event: GossipEvent | Fired<string>, now: Instant): readonly GossipEffect[] {
    switch (event.type) {
      case 'received':
        return this.#received(event.from, event.message, now)
      case 'malformed':
        return this.#refuse(event.from, event.fault, now)
      case 'heard':
        return this.#heard(event.author, event.announcement, now)
      case 'held':
        return this.#held(event.items, now)
      case 'taken':
        return this.#taken(event.token, event.taken, now)
      case 'loaded':
        return this.#loaded(event.token, event.items, now)
      case 'ready':
        this.#isReady = true
        return [this.#armSync(now), ...[...this.#neighbours].map((peer) => this.#meet(peer, now))]
      case 'neighbourUp':
        this.#neighbours.add(event.peer)
        return this.#isReady ? [this.#meet(event.peer, now)] : []
      case 'neighbourDown':
        this.#neighbours.delete(event.peer)
        this.#meetings.forget(event.peer)
        return [
          { type: 'disarm', key: meetPrefix + event.peer },
          ...this.#sessions.drop(event.peer),
        ]
      case 'linkUp':
        this.#mute.delete(event.peer)
        return []
      case 'linkDown':
        this.#wanted.gone(event.peer, now)
        if (event.cause === 'unreachable') this.#mute.set(event.peer, true, now)
        return [...this.#sessions.drop(event.peer), ...this.#ask(now)]
      case 'compare':
        return this.#isReady ? this.#sessions.open(event.peer, false, now) : []
      case 'fired':
        return this.#fired(event.key, now)
    }
  }

  #fired(key: string, now: Instant): readonly GossipEffect[] {
    if (key === askTimer) return this.#ask(now)
    if (key === syncTimer) {
      const open = this.#answering(now)
      const peer = pick(this.#rng, open)
      const begun = peer === undefined ? [] : this.#compare(peer, now)
      return [...begun, this.#armSync(now)]
    }
    if (this.#sessions.owns(key)) return this.#silent(key, now)
    if (key.startsWith(tellPrefix)) return this.#tell(key.slice(tellPrefix.length))
    for (const peer of this.#neighbours) {
      if (key === meetPrefix + peer) return this.#met(peer, now)
    }
    return []
  }

  #compare(peer: PeerId, now: Instant): readonly GossipEffect[] {
    if (this.#sessions.isBusyWith(peer) || !this.#answers(peer, now)) return []
    const careful = ++this.#comparisons % this.#config.carefulEvery === 0
    return this.#sessions.open(peer, careful, now)
  }

  #received(from: PeerId, message: SyncMessage, now: Instant): readonly GossipEffect[] {
    if (this.#forgers.has(from, now)) return []
    this.#mute.delete(from)
    if (message.type === 'want') return this.#give(from, message.keys, now)
    if (message.type === 'gift') {
      for (const key of message.absent) this.#wanted.absent(key, now)
      // What nobody asked for costs no verification.
      const asked = this.#wanted.answered(from, message.items.length + message.absent.length)
      return [...this.#take(from, message.items.slice(0, asked)), ...this.#ask(now)]
    }
    if (message.type === 'open' && !this.#admitsOpening(from, now)) {
      const { session } = message
      const answer = { number: session.number, byOpener: false }
      return [{ type: 'send', to: from, message: { session: answer, type: 'end', reason: 'busy' } }]
    }
    return this.#after(this.#sessions.take(from, message.session, message, now), now)
  }

  #answers(peer: PeerId, now: Instant): boolean {
    return !this.#forgers.has(peer, now) && !this.#mute.has(peer, now)
  }

  #answering(now: Instant): readonly PeerId[] {
    return [...this.#neighbours].filter((peer) => this.#answers(peer, now))
  }

  #admitsOpening(peer: PeerId, now: Instant): boolean {
    if (!this.#isReady || this.#sessions.size >= maxSessions) return false
    return this.#allowances.mayOpen(peer, this.#set.size, now)
  }

  #give(peer: PeerId, keys: readonly string[], now: Instant): readonly GossipEffect[] {
    const isMore = this.#askByToken.size >= maxAsksServed
    if (keys.length === 0 || isMore || !this.#allowances.mayAsk(peer, keys.length, now)) {
      return [{ type: 'send', to: peer, message: { type: 'gift', items: [], absent: keys } }]
    }
    const token = ++this.#token
    this.#askByToken.set(token, { peer, keys })
    return [{ type: 'emit', output: { type: 'load', token, keys, maxBytes: giftBytes } }]
  }

  #loaded(
    token: number,
    items: readonly (SyncItem | undefined)[],
    now: Instant,
  ): readonly GossipEffect[] {
    const ask = this.#askByToken.get(token)
    if (ask === undefined) return this.#after(this.#sessions.loaded(token, items, now) ?? [], now)
    this.#askByToken.delete(token)
    const { peer, keys } = ask
    const bytes = items.reduce((sum, item) => sum + (item?.bytes.length ?? 0), 0)
    const given = this.#allowances.mayTake(peer, bytes, now) ? items : []
    const present = given.filter((item) => item !== undefined)
    // What did not fit counts as absent, and is asked for again.
    const absent = keys.filter((_, index) => given[index] === undefined)
    return [{ type: 'send', to: peer, message: { type: 'gift', items: present, absent } }]
  }

  #heard(author: PeerId, announcement: Announcement, now: Instant): readonly GossipEffect[] {
    if (author === this.#self) return []
    if (announcement.type === 'item') return this.#take(author, [announcement.item])
    const { key, time } = announcement
    if (this.#set.has(time, key)) return []
    // Only its neighbours ask the author at first; the others ask theirs, who will have it soon.
    const source = this.#neighbours.has(author) ? author : undefined
    const waitMs = source === undefined ? this.#rng.below(noticeSpreadMs) : 0
    this.#wanted.add(key, source, after(now, waitMs))
    return this.#ask(now)
  }

  #take(from: PeerId, items: readonly SyncItem[]): readonly GossipEffect[] {
    if (items.length === 0) return []
    const token = ++this.#token
    this.#giverByToken.set(token, from)
    return [{ type: 'emit', output: { type: 'take', token, from, items } }]
  }

  #taken(token: number, taken: Taken, now: Instant): readonly GossipEffect[] {
    const effects: GossipEffect[] = []
    for (const key of taken.known) {
      this.#meetings.heard(key)
      // Somebody else has told of it.
      if (this.#telling.delete(key)) effects.push({ type: 'disarm', key: tellPrefix + key })
    }
    const isLoose = this.#giverByToken.has(token)
    const giver = this.#giverByToken.get(token)
    this.#giverByToken.delete(token)
    for (const key of taken.waiting) this.#arrived(key)
    const source = giver !== undefined && this.#neighbours.has(giver) ? giver : undefined
    for (const name of taken.missing) this.#wanted.add(name, source, now)
    if (isLoose && giver !== undefined && taken.forged > 0) {
      effects.push(...this.#refuse(giver, { code: 'dag/sync-forged', items: taken.forged }, now))
    }
    if (!isLoose) this.#meetings.brought(taken.stored, now)
    const settled = isLoose ? [] : (this.#sessions.taken(token, taken.forged, now) ?? [])
    return [...effects, ...this.#after(settled, now), ...this.#ask(now)]
  }

  #held(items: readonly HeldItem[], now: Instant): readonly GossipEffect[] {
    const effects: GossipEffect[] = []
    let hasNews = false
    for (const { time, key, item } of items) {
      this.#arrived(key)
      if (!this.#set.add(time, key) || !this.#isReady) continue
      hasNews = true
      if (item === undefined) continue
      if (item.kind === itemKinds.evidence) {
        this.#telling.set(key, item)
        const at = after(now, this.#rng.below(tellSpreadMs))
        effects.push({ type: 'arm', key: tellPrefix + key, at })
      } else {
        effects.push({ type: 'emit', output: this.#publication(time, key, item) })
      }
    }
    return hasNews ? effects : []
  }

  #arrived(key: string): void {
    this.#wanted.delete(key)
    this.#wanted.delete(key.slice(0, nameDigits))
  }

  #publication(time: number, key: string, item: SyncItem): GossipOutput {
    const isShort = item.bytes.length <= this.#config.publishedBytes
    const announcement: Announcement = isShort
      ? { type: 'item', item }
      : { type: 'notice', key, time }
    return { type: 'publish', announcement }
  }

  #tell(key: string): readonly GossipEffect[] {
    const item = this.#telling.peek(key)
    if (item === undefined) return []
    this.#telling.delete(key)
    return [{ type: 'emit', output: { type: 'publish', announcement: { type: 'item', item } } }]
  }

  /** What comparisons lead to: whoever broke a rule is avoided, and what was new is passed on to the neighbours. */
  #after(effects: readonly GossipEffect[], now: Instant): readonly GossipEffect[] {
    const more: GossipEffect[] = []
    for (const effect of effects) {
      if (effect.type !== 'emit') continue
      const { output } = effect
      if (output.type === 'reject') this.#forgers.set(output.from, true, now)
      if (output.type !== 'synced' || output.report.received === 0) continue
      if (!output.report.complete) more.push(...this.#goOn(output.peer, now))
      for (const peer of this.#neighbours) {
        if (peer !== output.peer) more.push(...this.#pass(peer, now))
      }
    }
    return [...effects, ...more]
  }

  /** A peer has said nothing for too long: it is tried again, until it is no neighbour any more. */
  #silent(timer: string, now: Instant): readonly GossipEffect[] {
    const effects = this.#sessions.silent(timer)
    const peers = effects.flatMap((effect) =>
      effect.type === 'emit' && effect.output.type === 'synced' ? [effect.output.peer] : [],
    )
    return [...effects, ...peers.flatMap((peer) => this.#goOn(peer, now))]
  }

  /** What a bound or a cut has ended goes on, while the peer is a neighbour. */
  #goOn(peer: PeerId, now: Instant): readonly GossipEffect[] {
    if (!this.#neighbours.has(peer)) return []
    return [{ type: 'arm', key: meetPrefix + peer, at: this.#meetings.planMore(peer, now) }]
  }

  /** Passes news on to a neighbour, unless broadcast has brought it by then. */
  #pass(peer: PeerId, now: Instant): readonly GossipEffect[] {
    const at = this.#meetings.planNews(peer, now)
    return at === undefined ? [] : [{ type: 'arm', key: meetPrefix + peer, at }]
  }

  #met(peer: PeerId, now: Instant): readonly GossipEffect[] {
    const due = this.#meetings.isDue(peer, now)
    if (due === 'now') return this.#compare(peer, now)
    return due === 'later' ? this.#pass(peer, now) : []
  }

  /** A new neighbour's set is compared at once, by one of the two. */
  #meet(peer: PeerId, now: Instant): GossipEffect {
    const waitMs = this.#self < peer ? 0 : this.#config.syncIntervalMs
    return { type: 'arm', key: meetPrefix + peer, at: this.#meetings.planNew(peer, waitMs, now) }
  }

  #armSync(now: Instant): GossipEffect {
    const { syncIntervalMs } = this.#config
    const ms = Math.floor(syncIntervalMs / 2) + this.#rng.below(syncIntervalMs)
    return { type: 'arm', key: syncTimer, at: after(now, ms) }
  }

  #ask(now: Instant): readonly GossipEffect[] {
    const open = this.#answering(now)
    const { asks, next } = this.#wanted.due(open, now)
    const effects: GossipEffect[] = asks.map(({ peer, keys }) => ({
      type: 'send',
      to: peer,
      message: { type: 'want', keys },
    }))
    if (next !== undefined) effects.push({ type: 'arm', key: askTimer, at: next })
    return effects
  }

  #refuse(
    from: PeerId,
    fault: Extract<GossipOutput, { readonly type: 'reject' }>['fault'],
    now: Instant,
  ): readonly GossipEffect[] {
    this.#forgers.set(from, true, now)
    return [{ type: 'emit', output: { type: 'reject', from, fault } }, ...this.#sessions.drop(from)]
  }
}

const syncTimer = 'sync'
const askTimer = 'ask'
const meetPrefix = 'meet '
const tellPrefix = 'tell '

/** Comparisons at a time, both directions. Source: our choice: above a neighbourhood of ten. */
const maxSessions = 24
/** Source: our choice. */
const watchedPeers = 256
/** Source: our choice, as long as the overlay keeps away from whoever it has cut. */
const avoidMs = 600_000
/** Source: our choice: a link that was cut may stand again. */
const muteMs = 30_000
/** Reads for others at a time. Source: our choice. */
const maxAsksServed = 64
/** Bytes of an answer to a `want`, but for its last item. Source: our choice, as a chunk. */
const giftBytes = 131_072
/** Evidence that waits to be published. Source: our choice. */
const maxTelling = 1_024
/** Among those who find the same evidence at once, the first to tell spares most others. Source: our choice: a hop. */
const tellSpreadMs = 20
/** Source: our choice: some hops, after which a neighbour has it, too. */
const noticeSpreadMs = 500
