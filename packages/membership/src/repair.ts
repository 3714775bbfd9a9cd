import { ExpiringMap, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { Contact, ViewOutput } from './events.ts'
import { jittered } from './jitter.ts'
import type { KnownPeer } from './known-peer.ts'
import type { Priority, ViewMessage } from './messages.ts'
import { Rejoin } from './rejoin.ts'
import type { Views } from './views.ts'

/** The timers of a repair. */
const neighborKey = 'view/neighbor'
const repairKey = 'view/repair'
const rejoinKey = 'view/rejoin'

/** Why a peer was asked to be a neighbour: from the reserves, as a contact, or because a walk ended here. */
export type Asked = 'promotion' | 'contact' | 'walkHigh' | 'walkLow'

/** Most newcomers asked at a time whose walk ended here. Source: our choice. */
const maxWalks = 32

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
  readonly #walks: ExpiringMap<PeerId, Priority>
  #promoting: PeerId | undefined
  #contact: PeerId | undefined
  #pauses = 0
  #paused = false
  #awaitingWalks = false
  #rejoinPaused = false
  /** True once a neighbour was found: from then on contacts are asked with low priority. */
  #wasIn = false
  #isolated = false

  constructor(
    id: PeerId,
    config: ViewConfig,
    rng: Rng,
    views: Views,
    effects: EffectList<ViewMessage, ViewOutput>,
  ) {
    this.#config = config
    this.#rng = rng
    this.#views = views
    this.#effects = effects
    this.#rejoin = new Rejoin(id, config)
    this.#walks = new ExpiringMap(maxWalks, config.neighborTimeoutMs)
  }

  addContacts(contacts: readonly Contact[]): void {
    this.#rejoin.addContacts(contacts)
  }

  /** A random contact that is no neighbour, or `undefined`. */
  anyContact(): PeerId | undefined {
    const contact = this.#rejoin.any(this.#rng)
    return contact === undefined || this.#views.active.has(contact) ? undefined : contact
  }

  /** True when the peer has been asked and may still answer. */
  awaits(peer: PeerId, now: Instant): boolean {
    return this.#promoting === peer || this.#contact === peer || this.#walks.has(peer, now)
  }

  /** Asks a newcomer whose walk ended here. Low priority: it has neighbours already. */
  askNewcomer(self: KnownPeer, newcomer: KnownPeer, priority: Priority, now: Instant): void {
    const { peer } = newcomer.descriptor
    this.#forgetWalks(now)
    if (this.#walks.size >= maxWalks) return
    this.#walks.set(peer, priority, now)
    // It is in no view yet, and the driver must know where to dial it.
    this.#effects.emit({ type: 'learned', known: newcomer })
    this.#effects.send(peer, { type: 'neighbor', self, priority: 'low' })
  }

  /** Takes the next step if neighbours are missing. Called after every event. */
  advance(self: KnownPeer, now: Instant): void {
    this.#forgetWalks(now)
    if (this.#missing <= 0 || this.#promoting !== undefined) return
    if (this.#awaitingWalks && this.#views.active.size > 0) return
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
        // Each asking may cost a dial, so a pause ends for as many as are missing.
        this.#views.forgive(this.#missing)
    }
  }

  /** The peer has answered or is gone: says what it had been asked as. */
  settle(peer: PeerId, now: Instant): Asked | undefined {
    const walk = this.#walks.get(peer, now)
    let asked: Asked | undefined = walk && (walk === 'high' ? 'walkHigh' : 'walkLow')
    if (this.#walks.delete(peer)) this.#forget(peer)
    if (this.#promoting === peer) {
      this.#promoting = undefined
      this.#effects.disarm(neighborKey)
      asked = 'promotion'
    }
    if (this.#contact === peer) {
      this.#contact = undefined
      this.#effects.disarm(rejoinKey)
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
    for (const peer of [this.#promoting, this.#contact, ...this.#walks.keys()]) {
      if (peer !== undefined) this.#effects.release(peer)
    }
    for (const key of [neighborKey, repairKey, rejoinKey]) this.#effects.disarm(key)
    for (const peer of [...this.#walks.keys()]) {
      this.#walks.delete(peer)
      this.#forget(peer)
    }
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
    return this.#config.activeTarget - this.#views.active.size
  }

  #promote(self: KnownPeer, peer: PeerId, now: Instant): void {
    const priority = this.#views.active.size === 0 ? 'high' : 'low'
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
    const contact = this.#rejoin.next(this.#rng)
    if (contact === undefined) {
      this.#tellIsolated()
      if (!this.#rejoin.hasContacts) return
      this.#rejoinPaused = true
      this.#effects.arm(rejoinKey, now, jittered(this.#rng, this.#rejoin.pauseMs()))
      return
    }
    this.#contact = contact
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

  /** Newcomers that did not answer in time. */
  #forgetWalks(now: Instant): void {
    for (const peer of this.#walks.keys()) {
      if (this.#walks.has(peer, now)) return
      this.#walks.delete(peer)
      this.#forget(peer)
    }
  }

  /** Where to dial it was told for a walk's sake alone, unless a view holds it by now. */
  #forget(peer: PeerId): void {
    const { active, passive } = this.#views
    if (!active.has(peer) && !passive.has(peer)) this.#effects.emit({ type: 'forgot', peer })
  }

  #tellIsolated(): void {
    if (this.#isolated || (!this.#wasIn && !this.#rejoin.hasContacts)) return
    this.#isolated = true
    this.#effects.emit({ type: 'isolated' })
  }
}
