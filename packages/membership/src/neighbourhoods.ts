import { type Rng, sample } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { idOf, type KnownPeer } from './known-peer.ts'

/** Who the neighbours of my neighbours are, as they say: whom to ask when one of them is silent. */
export class Neighbourhoods {
  readonly #knownByMember = new Map<PeerId, Map<PeerId, KnownPeer | undefined>>()
  /** What each member has been sent, by incarnation, so that a descriptor crosses a link once. */
  readonly #sentToMember = new Map<PeerId, Map<PeerId, number>>()

  /** Replaces what is known of a member's neighbourhood. Descriptors sent before are kept. */
  set(member: PeerId, peers: readonly PeerId[], known: readonly KnownPeer[]): void {
    const before = this.#knownByMember.get(member)
    const now = new Map<PeerId, KnownPeer | undefined>()
    for (const peer of peers) now.set(peer, before?.get(peer))
    for (const one of known) if (now.has(idOf(one))) now.set(idOf(one), one)
    this.#knownByMember.set(member, now)
  }

  /** Forgets a member. */
  delete(member: PeerId): void {
    this.#knownByMember.delete(member)
    this.#sentToMember.delete(member)
  }

  clear(): void {
    this.#knownByMember.clear()
    this.#sentToMember.clear()
  }

  /** True when the member has said that the other is its neighbour. */
  has(member: PeerId, other: PeerId): boolean {
    return this.#knownByMember.get(member)?.has(other) === true
  }

  /** The neighbours of a member that can be dialled, without `self`. */
  around(member: PeerId, self: PeerId): readonly KnownPeer[] {
    const known = this.#knownByMember.get(member)
    if (known === undefined) return []
    const around: KnownPeer[] = []
    for (const [peer, one] of known) if (one !== undefined && peer !== self) around.push(one)
    return around
  }

  /** At most `count` peers to probe `target` for us: its neighbours first, then ours. */
  helpers(
    target: PeerId,
    self: PeerId,
    members: readonly KnownPeer[],
    count: number,
    rng: Rng,
  ): readonly KnownPeer[] {
    const helpers = sample(rng, this.around(target, self), count)
    if (helpers.length >= count) return helpers
    const chosen = new Set(helpers.map(idOf))
    const spare = members.filter((known) => idOf(known) !== target && !chosen.has(idOf(known)))
    return [...helpers, ...sample(rng, spare, count - helpers.length)]
  }

  /** Which of these descriptors the member has not been sent; notes them as sent. */
  unsent(member: PeerId, known: readonly KnownPeer[]): readonly KnownPeer[] {
    const before = this.#sentToMember.get(member)
    const now = new Map<PeerId, number>()
    const unsent: KnownPeer[] = []
    for (const one of known) {
      const { peer, incarnation } = one.descriptor
      if (before?.get(peer) !== incarnation) unsent.push(one)
      now.set(peer, incarnation)
    }
    this.#sentToMember.set(member, now)
    return unsent
  }
}
