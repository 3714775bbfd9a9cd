import { ExpiringMap, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { ViewOutput } from './events.ts'
import { jittered } from './jitter.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import type { Priority, ViewMessage } from './messages.ts'
import type { Rejoin } from './rejoin.ts'
import type { Views } from './views.ts'

/** The timers of a repair. */
const neighborKey = 'view/neighbor'
const repairKey = 'view/repair'
const rejoinKey = 'view/rejoin'

/**
 * Why a peer was asked to be a neighbour: from the reserves, as a contact, because a walk ended here, or to
 * mend a split.
 */
export type Asked = 'promotion' | 'contact' | Favour

/** Askings that are no repair of this peer's own view. */
type Favour = 'walkHigh' | 'walkLow' | 'reunion' | 'rescue'

/** Most peers asked at a time beside the repair. Source: our choice. */
const maxFavours = 32

/**
 * The search for neighbours while some are missing: one reserve after the other, and when alone one contact
 * after the other, with growing pauses when nobody can be had.
 */
export class Repair {
  readonly #config: ViewConfig
  readonly #rng: Rng
  readonly #views: Views
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  readonly #rejoin: Rejoin
  readonly #favours: ExpiringMap<PeerId, Favour>
  /** Of whom the driver was told where they are, for an asking alone. */
  readonly #told = new Set<PeerId>()
  #promoting: PeerId | undefined
  #contact: PeerId | undefined
  #pauses = 0
  #paused = false
  #awaitingWalks = false
  #rejoinPaused = false
  /** True once a neighbour was found: from then on contacts are asked with low priority. */
  #wasIn = false
  /** True when nobody lets this peer in though it misses most of its neighbours. */
  #pressing = false
  #isolated = false

  constructor(
    config: ViewConfig,
    rng: Rng,
    views: Views,
    effects: EffectList<ViewMessage, ViewOutput>,
    rejoin: Rejoin,
  ) {
    this.#config = config
    this.#rng = rng
    this.#views = views
    this.#effects = effects
    this.#rejoin = rejoin
    this.#favours = new ExpiringMap(maxFavours, config.neighborTimeoutMs)
  }

  /** True when the peer has been asked and may still answer. */
  awaits(peer: PeerId, now: Instant): boolean {
    return this.#promoting === peer || this.#contact === peer || this.#favours.has(peer, now)
  }

  /** Asks a newcomer whose walk ended here. Never with high priority: it has neighbours already. */
  askNewcomer(self: KnownPeer, newcomer: KnownPeer, priority: Priority, now: Instant): void {
    const favour = priority === 'high' ? 'walkHigh' : 'walkLow'
    const asked = priority === 'spare' ? 'spare' : 'low'
    if (!this.#await(idOf(newcomer), newcomer, favour, now)) return
    this.#effects.send(idOf(newcomer), { type: 'neighbor', self, priority: asked })
  }

  /**
   * Awaits an answer of a peer that may be beyond a split. `known` says where it is, unless it is a contact.
   * False when too many are awaited.
   */
  awaitBack(peer: PeerId, known: KnownPeer | undefined, now: Instant): boolean {
    return this.#await(peer, known, 'reunion', now)
  }

  /** Keeps the link to a reserve that what runs above may ask for help. False when too many are awaited. */
  awaitRescue(peer: PeerId, known: KnownPeer, now: Instant): boolean {
    return this.#await(peer, known, 'rescue', now)
  }

  /** Takes the next step if neighbours are missing. Called after every event. */
  advance(self: KnownPeer, now: Instant): void {
    this.#forgetFavours(now)
    if (this.#missing <= 0 || this.#promoting !== undefined) return
    const { active, choices } = this.#views
    if (this.#awaitingWalks && active.size > 0 && choices.missing <= 0) return
    const candidate = this.#views.candidate()
    if (candidate !== undefined) {
      this.#promote(self, candidate.descriptor.peer, now)
      return
    }
    if (this.#views.anyRefused && !this.#paused) this.#pause(now)
    if (this.#views.active.size === 0) this.#askContact(self, now)
  }

  /** A timer has fired. */
  fire(key: string, now: Instant): void {
    switch (key) {
      case neighborKey:
        if (this.#promoting !== undefined) this.#giveUp(this.#promoting, now)
        return
      case rejoinKey:
        this.#rejoinPaused = false
        if (this.#contact !== undefined) this.#giveUp(this.#contact, now)
        return
      case repairKey:
        this.#paused = false
        this.#awaitingWalks = false
        this.#pressing = this.#isStuck
        // Each asking may cost a dial, so a pause ends for as many as are missing.
        this.#views.forgive(this.#missing)
    }
  }

  /** The peer has answered or is gone: says what it had been asked as. */
  settle(peer: PeerId, now: Instant): Asked | undefined {
    let asked: Asked | undefined = this.#favours.get(peer, now)
    if (this.#favours.delete(peer)) this.#forget(peer)
    if (this.#promoting === peer) {
      this.#promoting = undefined
      this.#effects.disarm(neighborKey)
      asked = 'promotion'
    }
    if (this.#contact === peer) {
      this.#contact = undefined
      this.#effects.disarm(rejoinKey)
      this.#forget(peer)
      asked = 'contact'
    }
    return asked
  }

  /** A contact has let this peer in: walks bring it neighbours from further away than its reserves are. */
  awaitWalks(now: Instant): void {
    this.#paused = true
    this.#awaitingWalks = true
    this.#effects.arm(repairKey, now, this.#config.neighborTimeoutMs)
  }

  /** There is a new neighbour. */
  succeed(): void {
    this.#wasIn = true
    this.#isolated = false
    this.#pauses = 0
    this.#rejoin.reset()
    if (!this.#rejoinPaused) return
    this.#rejoinPaused = false
    this.#effects.disarm(rejoinKey)
  }

  stop(): void {
    for (const peer of [this.#promoting, this.#contact, ...this.#favours.keys()]) {
      if (peer !== undefined) this.#effects.release(peer)
    }
    for (const key of [neighborKey, repairKey, rejoinKey]) this.#effects.disarm(key)
    for (const peer of [...this.#favours.keys()]) this.#favours.delete(peer)
    for (const peer of [...this.#told]) this.#forget(peer)
    this.#promoting = undefined
    this.#contact = undefined
    this.#paused = false
    this.#awaitingWalks = false
    this.#rejoinPaused = false
    this.#isolated = false
    this.#rejoin.reset()
  }

  /** Neighbours to look for. */
  get #missing(): number {
    const missing = this.#config.activeTarget - this.#views.active.size
    return Math.max(missing, this.#views.choices.missing)
  }

  /** It has asked for as long as it goes, in vain. Then one asking may cost another peer a neighbour. */
  get #isStuck(): boolean {
    const { repairBackoffMs, repairBackoffMaxMs, activeTarget } = this.#config
    if (this.#views.active.size * 2 >= activeTarget) return false
    return repairBackoffMs * 2 ** Math.min(this.#pauses, 16) > repairBackoffMaxMs
  }

  #promote(self: KnownPeer, peer: PeerId, now: Instant): void {
    const { active, choices } = this.#views
    const isUrgent = active.size === 0 || choices.missing > 0 || this.#pressing
    const priority = isUrgent ? 'high' : 'low'
    this.#pressing = false
    this.#promoting = peer
    this.#effects.send(peer, { type: 'neighbor', self, priority })
    this.#effects.arm(neighborKey, now, this.#config.neighborTimeoutMs)
  }

  #pause(now: Instant): void {
    const pause = this.#config.repairBackoffMs * 2 ** Math.min(this.#pauses++, 16)
    this.#paused = true
    const bounded = Math.min(pause, this.#config.repairBackoffMaxMs)
    this.#effects.arm(repairKey, now, jittered(this.#rng, bounded))
  }

  #askContact(self: KnownPeer, now: Instant): void {
    if (this.#contact !== undefined || this.#rejoinPaused) return
    const contact = this.#rejoin.next(this.#rng, now)
    if (contact === undefined) {
      this.#tellIsolated()
      if (!this.#rejoin.hasAnybody) return
      this.#rejoinPaused = true
      this.#effects.arm(rejoinKey, now, jittered(this.#rng, this.#rejoin.pauseMs()))
      return
    }
    this.#contact = contact
    const known = this.#rejoin.lastKnown(contact, now)
    if (known !== undefined) this.#tell(known)
    // Making room for someone costs a neighbourhood elsewhere. A whole network that lost its links at once
    // would evict for ever, so only a first join may ask for it.
    const priority = this.#wasIn ? 'low' : 'high'
    this.#effects.send(contact, { type: 'join', self, priority })
    this.#effects.arm(rejoinKey, now, this.#config.neighborTimeoutMs)
  }

  #giveUp(peer: PeerId, now: Instant): void {
    this.settle(peer, now)
    this.#views.drop(peer)
    if (!this.#views.active.has(peer)) this.#effects.release(peer)
  }

  #await(peer: PeerId, known: KnownPeer | undefined, favour: Favour, now: Instant): boolean {
    this.#forgetFavours(now)
    if (this.#favours.size >= maxFavours) return false
    this.#favours.set(peer, favour, now)
    // It may be in no view, and the driver must know where to dial it.
    if (known !== undefined) this.#tell(known)
    return true
  }

  /** Those that did not answer in time. */
  #forgetFavours(now: Instant): void {
    if (this.#favours.size === 0) return
    for (const peer of this.#favours.keys()) {
      if (this.#favours.has(peer, now)) return
      this.#favours.delete(peer)
      if (!this.#views.active.has(peer)) this.#effects.release(peer)
      this.#forget(peer)
    }
  }

  #tell(known: KnownPeer): void {
    this.#told.add(idOf(known))
    this.#effects.emit({ type: 'learned', known })
  }

  /** Where to dial it was told for an asking alone, unless a view holds it by now. */
  #forget(peer: PeerId): void {
    if (!this.#told.delete(peer)) return
    const { active, passive } = this.#views
    if (!active.has(peer) && !passive.has(peer)) this.#effects.emit({ type: 'forgot', peer })
  }

  #tellIsolated(): void {
    if (this.#isolated || (!this.#wasIn && !this.#rejoin.hasAnybody)) return
    this.#isolated = true
    this.#effects.emit({ type: 'isolated', cause: 'alone' })
  }
}
