import type { Instant, Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { Choice } from './choices.ts'
import type { EffectList } from './effect-list.ts'
import type { ViewOutput } from './events.ts'
import type { KnownPeer } from './known-peer.ts'
import type { Priority, ViewMessage } from './messages.ts'
import { pairRank } from './pair-rank.ts'
import type { Rejoin } from './rejoin.ts'
import type { Asked, Repair } from './repair.ts'
import type { Views } from './views.ts'

/** The places of the active view: who gets one, and who goes for it. */
export class Places {
  readonly #self: PeerId
  readonly #rng: Rng
  readonly #views: Views
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  readonly #rejoin: Rejoin
  readonly #repair: Repair

  constructor(
    self: PeerId,
    rng: Rng,
    views: Views,
    effects: EffectList<ViewMessage, ViewOutput>,
    parts: { readonly rejoin: Rejoin; readonly repair: Repair },
  ) {
    this.#self = self
    this.#rng = rng
    this.#views = views
    this.#effects = effects
    this.#rejoin = parts.rejoin
    this.#repair = parts.repair
  }

  /** Makes the asking peer a neighbour if its priority and the room here allow it. */
  grant(asking: KnownPeer, priority: Priority, choice: Choice, now: Instant): boolean {
    const peer = asking.descriptor.peer
    if (peer === this.#self || this.#views.isBarred(peer, now)) return false
    if (this.#views.active.has(peer)) {
      this.#views.renew(asking)
      if (choice === 'theirs') this.#views.choices.chosenBy(peer)
      return true
    }
    if (!this.#views.hasRoom(priority) && (priority !== 'high' || !this.#makeRoom(peer, now)))
      return false
    this.#activate(asking, choice, now)
    return true
  }

  /** The peer has let this one in, as it was asked to: it is a neighbour, unless its place is gone by now. */
  take(accepting: KnownPeer, asked: Asked | undefined, now: Instant): void {
    const peer = accepting.descriptor.peer
    if (peer === this.#self) return
    if (this.#views.active.has(peer)) {
      this.#views.renew(accepting)
      return
    }
    if (asked === 'promotion' && this.#views.choices.missing > 0) {
      const { outgoing } = this.#views.choices
      if (outgoing !== undefined) this.evict(outgoing)
      this.#activate(accepting, 'own', now)
      return
    }
    if (!this.#views.hasRoom('low') && (asked !== 'walkHigh' || !this.#makeRoom(peer, now))) {
      this.#effects.send(peer, { type: 'disconnect', cause: 'full' })
      this.#views.reserve([accepting], [], now)
      return
    }
    this.#activate(accepting, 'none', now)
  }

  /** The link to a neighbour is of no use: it looks for another, and both are reserves of each other. */
  part(peer: PeerId): void {
    if (!this.#views.active.has(peer)) return
    this.#effects.send(peer, { type: 'disconnect', cause: 'silent' })
    this.#views.demote(peer, 'unheard')
    this.#views.refuse(peer)
    this.#effects.release(peer)
  }

  /** Ends a neighbourhood; both are reserves of each other. */
  evict(peer: PeerId): void {
    this.#effects.send(peer, { type: 'disconnect', cause: 'evicted' })
    this.#views.demote(peer, 'replaced')
    this.#effects.release(peer)
  }

  #activate(known: KnownPeer, choice: Choice, now: Instant): void {
    const { peer } = known.descriptor
    this.#repair.settle(peer, now)
    this.#rejoin.find(peer)
    this.#views.activate(known, choice, now)
    this.#repair.succeed()
  }

  /** Ends the neighbourhood with somebody who may go; false when there is none. */
  #makeRoom(asking: PeerId, now: Instant): boolean {
    const rank = (other: PeerId): number => pairRank(this.#self, other)
    const peer = this.#views.choices.evictable(this.#rng, now, rank, asking)
    if (peer !== undefined) this.evict(peer)
    return peer !== undefined
  }
}
