import { type Instant, pick, type Rng, sample } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { AddressProofs } from './address-proofs.ts'
import { type Choice, Choices } from './choices.ts'
import type { ViewConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { NeighbourDownCause, ViewOutput } from './events.ts'
import { Exclusions } from './exclusions.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import type { Priority, ViewMessage } from './messages.ts'
import { pairRank } from './pair-rank.ts'
import { isNewer, PartialView } from './partial-view.ts'
import { RankedReserves } from './ranked-reserves.ts'
import { RecentReserves, type Reserves } from './reserves.ts'

/** Shuffle periods between two rotations. Source: facts on eclipse: 6 seeds every 25 cycles. */
const rotationPeriods = 25
/** The same for the choices of a young peer, which it made when it knew few. Source: our choice. */
const youngPeriods = 5
/**
 * Reserves that count as near. Source: measured; with fewer, ids made for one victim are its choices, with more, full peers refuse
 * honest choices where sybils ask everybody.
 */
const bandReserves = 16
/** One of so many candidates is chosen at random, while nobody refuses. Source: our choice; one own choice of three. */
const oneAtRandom = 3
/**
 * The active and the passive view together: disjoint, bounded, never with this peer itself. Tells what enters
 * and what leaves.
 */
export class Views {
  readonly active: PartialView
  readonly passive: Reserves
  readonly choices: Choices
  readonly #self: PeerId
  readonly #config: ViewConfig
  readonly #rng: Rng
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  /** Passive peers that have refused to be neighbours since they were last forgiven. */
  readonly #refused = new Set<PeerId>()
  readonly #exclusions: Exclusions
  readonly #proofs = new AddressProofs()
  #periods = 0

  constructor(
    self: PeerId,
    config: ViewConfig,
    rng: Rng,
    effects: EffectList<ViewMessage, ViewOutput>,
  ) {
    this.#self = self
    this.#config = config
    this.#rng = rng
    this.#effects = effects
    this.#exclusions = new Exclusions(config.shuffleIntervalMs)
    this.active = new PartialView(config.activeCapacity)
    this.choices = new Choices(config.outboundQuota, config.activeCapacity)
    this.passive =
      config.reserves === 'ranked'
        ? new RankedReserves(config.passiveCapacity, rng)
        : new RecentReserves(config.passiveCapacity, rng)
  }

  /** True when reserves are held by rank and only those whose address has proven true are told of. */
  get isRanked(): boolean {
    return this.#config.reserves === 'ranked'
  }

  /** The descriptor held of a peer. */
  get(peer: PeerId): KnownPeer | undefined {
    return this.active.get(peer) ?? this.passive.get(peer)
  }

  /** True when a peer that asks with this priority can be let in and nobody has to go for it. */
  hasRoom(priority: Priority): boolean {
    const { free } = this.choices
    return priority === 'spare' ? free > 1 : free > 0
  }

  /** The peer has proven by itself that it lives, whatever was said of it before. */
  lives(peer: PeerId): void {
    this.#exclusions.lives(peer)
  }

  /** A link to the peer was made from here at this address. */
  reached(peer: PeerId, where: string): void {
    if (!this.isRanked) return
    this.#proofs.reached(peer, where)
    const known = this.passive.get(peer)
    if (known === undefined || !this.#proofs.hold(known)) return
    const left: PeerId[] = []
    this.passive.prove(peer, left)
    this.#forget(left)
  }

  /** No link to the peer could be made: it is taken again only when it says something new of itself. */
  miss(peer: PeerId, now: Instant): void {
    this.#proofs.missed(peer)
    const known = this.passive.get(peer)
    if (known === undefined) return
    if (this.isRanked) this.#exclusions.miss(known, now)
    this.drop(peer)
  }

  /** A shuffle period is over. Now and then seeds change, and one neighbour is chosen anew. */
  turn(): void {
    const period = ++this.#periods
    const isYoung = period < rotationPeriods
    if (period % (isYoung ? youngPeriods : rotationPeriods) !== 0) return
    this.choices.renew()
    if (isYoung) return
    const left: PeerId[] = []
    this.passive.rotate(left)
    this.#forget(left)
  }

  /**
   * This peer is still learning who is there, and its first choices were made among few: the one of the greatest rank is made
   * anew while it ranks above the band and somebody within it is known. Ranks only fall, so this ends.
   */
  ripen(): void {
    if (!this.isRanked || this.choices.missing > 0) return
    let last: PeerId | undefined
    let lastRank = this.#band
    for (const peer of this.choices.own) {
      const rank = pairRank(this.#self, peer)
      if (rank <= lastRank) continue
      last = peer
      lastRank = rank
    }
    if (last !== undefined && this.#withinBand().length > 0) this.choices.renew(last)
  }

  /** At most so many reserves whose addresses are to be tried now, those never tried first. */
  untried(most: number): readonly KnownPeer[] {
    return this.passive.untried(this.#rng, most)
  }

  /** Adds at most `count` reserves that others may be told of, none of them `except`. */
  offerReserves(into: KnownPeer[], count: number, except?: PeerId): void {
    this.passive.offerable.sampleInto(into, this.#rng, count, except)
  }

  /** The descriptors, of peers with these ids, that others may be told of. */
  offerable(ids: readonly PeerId[]): KnownPeer[] {
    return ids.flatMap((peer) => {
      const neighbour = this.active.get(peer)
      if (neighbour !== undefined) return this.#proofs.hold(neighbour) ? [neighbour] : []
      return this.passive.offerable.get(peer) ?? []
    })
  }

  /** At most `count` of these ids that reserves have room for and that may be taken on hearsay. */
  wanted(ids: readonly PeerId[], count: number, now: Instant): PeerId[] {
    const wanted = new Set<PeerId>()
    for (const peer of ids) {
      if (wanted.size >= count) break
      if (peer === this.#self || this.active.has(peer) || this.passive.has(peer)) continue
      if (this.#exclusions.isLost(peer, now)) continue
      if (!this.isBarred(peer, now) && this.passive.wants(peer)) wanted.add(peer)
    }
    return [...wanted]
  }

  /** Adds at most `count` neighbours that others may be told of, none of them `except`. */
  offerNeighbours(into: KnownPeer[], count: number, except?: PeerId): void {
    if (count <= 0) return
    if (!this.isRanked) {
      this.active.sampleInto(into, this.#rng, count, except)
      return
    }
    const proven = this.active.values.filter((known) => {
      return idOf(known) !== except && this.#proofs.hold(known)
    })
    into.push(...sample(this.#rng, proven, count))
  }

  /**
   * A random neighbour other than these two to send a walk through: one that this peer chose, where there is
   * one, because those who asked may all be hostile.
   */
  through(exceptA?: PeerId, exceptB?: PeerId): KnownPeer | undefined {
    const { own } = this.choices
    const open = own.length === 0 ? own : own.filter((peer) => peer !== exceptA && peer !== exceptB)
    const chosen = pick(this.#rng, open)
    if (chosen !== undefined) return this.active.get(chosen)
    return this.active.pick(this.#rng, exceptA, exceptB)
  }

  /** Makes a peer that is none yet a neighbour, while there is room. */
  activate(known: KnownPeer, choice: Choice, now: Instant): void {
    const peer = known.descriptor.peer
    if (!this.#takeFromPassive(peer)) this.#effects.emit({ type: 'learned', known })
    this.#exclusions.revive(peer)
    this.active.add(known)
    this.choices.set(peer, choice, now)
    this.#effects.emit({ type: 'neighbourUp', peer })
  }

  /** Ends a neighbourhood and forgets the peer. */
  dismiss(peer: PeerId, cause: NeighbourDownCause): void {
    if (!this.active.delete(peer)) return
    this.choices.delete(peer)
    this.#effects.emit({ type: 'neighbourDown', peer, cause })
    this.#effects.emit({ type: 'forgot', peer })
  }

  /** Ends a neighbourhood and keeps the peer in reserve. */
  demote(peer: PeerId, cause: NeighbourDownCause): void {
    const known = this.active.get(peer)
    if (known === undefined) return
    this.active.delete(peer)
    this.choices.delete(peer)
    this.#effects.emit({ type: 'neighbourDown', peer, cause })
    if (!this.#take(known, [])) this.#effects.emit({ type: 'forgot', peer })
  }

  /** Removes a peer from the reserves. */
  drop(peer: PeerId): void {
    if (this.#takeFromPassive(peer)) this.#effects.emit({ type: 'forgot', peer })
  }

  /** Holds a newer descriptor of a peer that is in a view. */
  renew(known: KnownPeer): boolean {
    if (!this.active.renew(known) && !this.#renewReserve(known)) return false
    this.#effects.emit({ type: 'learned', known })
    return true
  }

  /**
   * Takes peers into the reserves. Where there is no room, those of `given`, which the other side has now,
   * make it first, then a random one.
   */
  reserve(peers: readonly KnownPeer[], given: PeerId[], now: Instant): void {
    for (const known of peers) {
      const { peer } = known.descriptor
      if (peer === this.#self || this.isBarred(peer, now)) continue
      const held = this.get(peer)
      if (held !== undefined) {
        if (held !== known) this.renew(known)
        continue
      }
      if (this.#exclusions.isHearsay(known, now)) continue
      if (this.#take(known, given)) this.#effects.emit({ type: 'learned', known })
    }
  }

  /** Remembers a death: the peer comes back only with a later incarnation, or by asking itself. */
  bury(peer: PeerId, incarnation: number, now: Instant): void {
    this.#exclusions.bury(peer, incarnation, now)
    this.drop(peer)
  }

  /** Keeps a peer out of the reserves until then. */
  bar(peer: PeerId, until: Instant): void {
    this.#exclusions.bar(peer, until)
    this.drop(peer)
  }

  /** The neighbour was of no use: it stays out for a while, and longer each time. */
  barIdle(peer: PeerId, now: Instant): void {
    this.#exclusions.barIdle(peer, now)
    this.drop(peer)
  }

  /** The neighbour has been of use. */
  prize(peer: PeerId): void {
    this.#exclusions.prize(peer)
    this.choices.prize(peer)
  }

  /**
   * A reserve that has not refused, or `undefined`. With ranked reserves mostly one of those whose pair rank is low: the other
   * side prefers low ranks as well, so it has a place for this peer although others ask more often. Any of these, and one in
   * three of all: anybody can make an id that ranks lower with this peer's than all others do.
   */
  candidate(): KnownPeer | undefined {
    let place = this.passive.size - this.#refused.size
    if (place <= 0) return undefined
    const { values } = this.passive
    if (this.isRanked && (this.#refused.size > 0 || this.#rng.below(oneAtRandom) > 0)) {
      const near = pick(this.#rng, this.#withinBand())
      if (near !== undefined) return near
    }
    place = this.#rng.below(place)
    if (this.#refused.size === 0) return values[place]
    for (const known of values) {
      if (this.#refused.has(known.descriptor.peer)) continue
      if (place-- === 0) return known
    }
    return undefined
  }

  /** True when some reserve has refused. */
  get anyRefused(): boolean {
    return this.#refused.size > 0
  }

  /** Notes that a reserve does not want to be a neighbour now. */
  refuse(peer: PeerId): void {
    if (this.passive.has(peer)) this.#refused.add(peer)
  }

  /** Lets at most `count` of those who refused, the first ones first, be asked again. */
  forgive(count: number): void {
    let left = count
    for (const peer of this.#refused) {
      if (left-- <= 0) return
      this.#refused.delete(peer)
    }
  }

  /** Empties both views; the neighbours were dismissed before. */
  clear(): void {
    for (const known of this.passive.values)
      this.#effects.emit({ type: 'forgot', peer: idOf(known) })
    this.passive.clear()
    this.#refused.clear()
  }

  /**
   * True while the peer must not be chosen, nor let in. Who has exchanged most of its neighbours as idle may itself be the one
   * that nothing reaches: short of neighbours, it takes them again.
   */
  isBarred(peer: PeerId, now: Instant): boolean {
    const isShort = this.active.size * 2 < this.#config.activeTarget
    return this.#exclusions.isBarred(peer, now) || (!isShort && this.#exclusions.isIdle(peer, now))
  }

  /** Ranks below it are low: as many reserves as `bandReserves` have one, give or take. */
  get #band(): number {
    return (2 ** 32 * bandReserves) / Math.max(bandReserves, this.passive.size)
  }

  #withinBand(): readonly KnownPeer[] {
    const band = this.#band
    return this.passive.values.filter(({ descriptor: { peer } }) => {
      return !this.#refused.has(peer) && pairRank(this.#self, peer) < band
    })
  }

  #takeFromPassive(peer: PeerId): boolean {
    this.#unrefuse(peer)
    return this.passive.delete(peer)
  }

  /** Takes a peer that is in no view into the reserves, if their rule lets it in. */
  #take(known: KnownPeer, given: PeerId[]): boolean {
    const left: PeerId[] = []
    const taken = this.passive.take(known, this.#proofs.hold(known), given, left)
    this.#forget(left)
    return taken
  }

  #renewReserve(known: KnownPeer): boolean {
    const { peer } = known.descriptor
    const held = this.passive.get(peer)
    if (held === undefined || !isNewer(known, held)) return false
    if (!this.#proofs.hold(held) || this.#proofs.hold(known)) return this.passive.renew(known)
    // It has moved, and nobody has found it there yet.
    this.passive.delete(peer)
    if (this.#take(known, [])) return true
    this.#forget([peer])
    return false
  }

  /** These are in no view any more. */
  #forget(left: readonly PeerId[]): void {
    for (const peer of left) {
      this.#unrefuse(peer)
      this.#effects.emit({ type: 'forgot', peer })
    }
  }

  #unrefuse(peer: PeerId): void {
    if (this.#refused.size > 0) this.#refused.delete(peer)
  }
}
