import type { Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'
import { PartialView } from './partial-view.ts'

/** The passive view: peers held in reserve, by some rule of who stays. */
export interface Reserves {
  readonly size: number
  /** The peers. Valid until the next change. */
  readonly values: readonly KnownPeer[]
  /** Those that others may be told of. Valid until the next change. */
  readonly offerable: PartialView
  has(peer: PeerId): boolean
  get(peer: PeerId): KnownPeer | undefined
  /** At most so many random peers, those not yet proven first, whose addresses are to be tried now. */
  untried(rng: Rng, most: number): readonly KnownPeer[]
  /** True when a peer that is not here would be taken. */
  wants(peer: PeerId): boolean
  /**
   * Takes a peer that is not here if the rule lets it in; `isProven` when its address is known to be its own.
   * Those that leave for it are added to `left`.
   */
  take(known: KnownPeer, isProven: boolean, given: PeerId[], left: PeerId[]): boolean
  /** The address of a peer that is here has been proven. Those that leave for it are added to `left`. */
  prove(peer: PeerId, left: PeerId[]): void
  /** Holds a newer descriptor, which says the same addresses, of a peer that is here. */
  renew(known: KnownPeer): boolean
  /** True when the peer was here. */
  delete(peer: PeerId): boolean
  /** Changes some of what the rule depends on. Those that leave for it are added to `left`. */
  rotate(left: PeerId[]): void
  clear(): void
}

/**
 * Reserves by recency, as HyParView has them: every peer that is heard of gets in, where there is no room in
 * the place of one that the other side has now, or of a random one. Whoever pushes most fills them.
 */
export class RecentReserves implements Reserves {
  readonly offerable: PartialView
  readonly #rng: Rng

  /** `capacity` >= 1, in peers. */
  constructor(capacity: number, rng: Rng) {
    this.offerable = new PartialView(capacity)
    this.#rng = rng
  }

  get size(): number {
    return this.offerable.size
  }

  get values(): readonly KnownPeer[] {
    return this.offerable.values
  }

  has(peer: PeerId): boolean {
    return this.offerable.has(peer)
  }

  get(peer: PeerId): KnownPeer | undefined {
    return this.offerable.get(peer)
  }

  untried(): readonly KnownPeer[] {
    return []
  }

  wants(): boolean {
    return true
  }

  take(known: KnownPeer, _isProven: boolean, given: PeerId[], left: PeerId[]): boolean {
    if (this.offerable.full) {
      const leaving = this.#whoLeaves(given)
      this.offerable.replace(leaving, known)
      left.push(leaving)
    } else {
      this.offerable.add(known)
    }
    return true
  }

  prove(): void {}

  renew(known: KnownPeer): boolean {
    return this.offerable.renew(known)
  }

  delete(peer: PeerId): boolean {
    return this.offerable.delete(peer)
  }

  rotate(): void {}

  clear(): void {
    this.offerable.clear()
  }

  #whoLeaves(given: PeerId[]): PeerId {
    for (let peer = given.pop(); peer !== undefined; peer = given.pop()) {
      if (this.offerable.has(peer)) return peer
    }
    return this.offerable.pick(this.#rng)!.descriptor.peer
  }
}
