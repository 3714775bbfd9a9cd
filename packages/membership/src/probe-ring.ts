import { type Rng, shuffled } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'
import { isNewer } from './partial-view.ts'

/**
 * The members in probing order: each once a round, every round in a new random order, so that between two
 * probes of a member lie at most 2n - 1 turns.
 *
 * Source: SWIM, section 4.3.
 */
export class ProbeRing {
  #members: KnownPeer[] = []
  #next = 0

  get size(): number {
    return this.#members.length
  }

  /** The members. Valid until the next change. */
  get values(): readonly KnownPeer[] {
    return this.#members
  }

  /** Replaces all members. */
  set(members: readonly KnownPeer[], rng: Rng): void {
    this.#members = shuffled(rng, members)
    this.#next = 0
  }

  get(peer: PeerId): KnownPeer | undefined {
    return this.#members[this.#indexOf(peer)]
  }

  /** Adds a member at a random place of the round, or renews its descriptor. */
  add(known: KnownPeer, rng: Rng): void {
    const index = this.#indexOf(known.descriptor.peer)
    if (index !== -1) {
      if (isNewer(known, this.#members[index]!)) this.#members[index] = known
      return
    }
    const place = rng.below(this.#members.length + 1)
    this.#members.splice(place, 0, known)
    if (place < this.#next) this.#next++
  }

  delete(peer: PeerId): boolean {
    const index = this.#indexOf(peer)
    if (index === -1) return false
    this.#members.splice(index, 1)
    if (index < this.#next) this.#next--
    return true
  }

  /** The member whose turn it is. */
  next(rng: Rng): KnownPeer | undefined {
    if (this.#next >= this.#members.length) {
      if (this.#members.length === 0) return undefined
      this.#members = shuffled(rng, this.#members)
      this.#next = 0
    }
    return this.#members[this.#next++]
  }

  #indexOf(peer: PeerId): number {
    return this.#members.findIndex((known) => known.descriptor.peer === peer)
  }
}
