import { ExpiringMap, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { EffectList } from './effect-list.ts'
import type { NeighbourDownCause, ViewOutput } from './events.ts'
import type { KnownPeer } from './known-peer.ts'
import type { ViewMessage } from './messages.ts'
import { PartialView } from './partial-view.ts'

/** How long a dead peer is remembered, so that shuffles cannot bring it back. Source: our choice. */
const deadTtlMs = 300_000
/** Most dead peers remembered. Source: our choice. */
const maxDead = 1024

/**
 * The active and the passive view together: disjoint, bounded, never with this peer itself. Tells what enters
 * and what leaves.
 */
export class Views {
  readonly active: PartialView
  readonly passive: PartialView
  readonly #self: PeerId
  readonly #rng: Rng
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  /** Passive peers that have refused to be neighbours since they were last forgiven. */
  readonly #refused = new Set<PeerId>()
  readonly #dead = new ExpiringMap<PeerId, number>(maxDead, deadTtlMs)

  constructor(
    self: PeerId,
    capacities: { readonly activeCapacity: number; readonly passiveCapacity: number },
    rng: Rng,
    effects: EffectList<ViewMessage, ViewOutput>,
  ) {
    this.#self = self
    this.#rng = rng
    this.#effects = effects
    this.active = new PartialView(capacities.activeCapacity)
    this.passive = new PartialView(capacities.passiveCapacity)
  }

  /** The descriptor held of a peer. */
  get(peer: PeerId): KnownPeer | undefined {
    return this.active.get(peer) ?? this.passive.get(peer)
  }

  /** Makes a peer that is none yet a neighbour, while there is room. */
  activate(known: KnownPeer): void {
    const peer = known.descriptor.peer
    if (!this.#takeFromPassive(peer)) this.#effects.emit({ type: 'learned', known })
    this.#dead.delete(peer)
    this.active.add(known)
    this.#effects.emit({ type: 'neighbourUp', peer })
  }

  /** Ends a neighbourhood and forgets the peer. */
  dismiss(peer: PeerId, cause: NeighbourDownCause): void {
    if (!this.active.delete(peer)) return
    this.#effects.emit({ type: 'neighbourDown', peer, cause })
    this.#effects.emit({ type: 'forgot', peer })
  }

  /** Ends a neighbourhood and keeps the peer in reserve. */
  demote(peer: PeerId, cause: NeighbourDownCause): void {
    const known = this.active.get(peer)
    if (known === undefined) return
    this.active.delete(peer)
    this.#effects.emit({ type: 'neighbourDown', peer, cause })
    if (this.passive.full) this.drop(this.#whoLeaves([]))
    this.passive.add(known)
  }

  /** Removes a peer from the reserves. */
  drop(peer: PeerId): void {
    if (this.#takeFromPassive(peer)) this.#effects.emit({ type: 'forgot', peer })
  }

  /** Holds a newer descriptor of a peer that is in a view. */
  renew(known: KnownPeer): boolean {
    if (!this.active.renew(known) && !this.passive.renew(known)) return false
    this.#effects.emit({ type: 'learned', known })
    return true
  }

  /**
   * Takes peers into the reserves. Where there is no room, those of `given`, which the other side has now,
   * make it first, then a random one.
   */
  reserve(peers: readonly KnownPeer[], given: PeerId[], now: Instant): void {
    for (const known of peers) {
      const { peer, incarnation } = known.descriptor
      if (peer === this.#self) continue
      const held = this.get(peer)
      if (held !== undefined) {
        if (held !== known) this.renew(known)
        continue
      }
      const dead = this.#dead.size === 0 ? undefined : this.#dead.get(peer, now)
      if (dead === undefined || incarnation > dead) this.#admit(known, given)
    }
  }

  /** Remembers a death: the peer comes back only with a later incarnation, or by asking itself. */
  bury(peer: PeerId, incarnation: number, now: Instant): void {
    this.#dead.set(peer, incarnation, now)
    this.drop(peer)
  }

  /** A random reserve that has not refused, or `undefined`. */
  candidate(): KnownPeer | undefined {
    if (this.#refused.size === 0) return this.passive.pick(this.#rng)
    let place = this.passive.size - this.#refused.size
    if (place <= 0) return undefined
    place = this.#rng.below(place)
    for (const known of this.passive) {
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
    for (const known of this.passive)
      this.#effects.emit({ type: 'forgot', peer: known.descriptor.peer })
    this.passive.clear()
    this.#refused.clear()
  }

  #takeFromPassive(peer: PeerId): boolean {
    this.#unrefuse(peer)
    return this.passive.delete(peer)
  }

  #admit(known: KnownPeer, given: PeerId[]): void {
    if (this.passive.full) {
      const leaving = this.#whoLeaves(given)
      this.#unrefuse(leaving)
      this.passive.replace(leaving, known)
      this.#effects.emit({ type: 'forgot', peer: leaving })
    } else {
      this.passive.add(known)
    }
    this.#effects.emit({ type: 'learned', known })
  }

  #whoLeaves(given: PeerId[]): PeerId {
    for (let peer = given.pop(); peer !== undefined; peer = given.pop()) {
      if (this.passive.has(peer)) return peer
    }
    return this.passive.pick(this.#rng)!.descriptor.peer
  }

  #unrefuse(peer: PeerId): void {
    if (this.#refused.size > 0) this.#refused.delete(peer)
  }
}
