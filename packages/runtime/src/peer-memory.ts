import type { Clock } from '@kithnet/kernel'
import { openPeerCache, type PeerCache } from '@kithnet/store'
import type { Address, PeerId, Store } from '@kithnet/types'
import type { Contact } from './node.ts'

/** Peers that this node has met, kept across its lives. */
export class PeerMemory {
  readonly #cache: PeerCache
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void

  private constructor(cache: PeerCache, clock: Clock, onError: (error: unknown) => void) {
    this.#cache = cache
    this.#clock = clock
    this.#onError = onError
  }

  static async open(
    store: Store,
    clock: Clock,
    onError: (error: unknown) => void,
  ): Promise<PeerMemory> {
    return new PeerMemory(await openPeerCache(store), clock, onError)
  }

  /** A peer has become a neighbour; its own descriptor says where it is. */
  heard(peer: PeerId, addresses: readonly Address[]): void {
    for (const where of addresses) this.#cache.heard(peer, where).catch(this.#onError)
  }

  /** A peer was dialled: only what answered counts as a way to reach it. */
  dialled(peer: PeerId, where: Address, answered: boolean): void {
    const noted = answered
      ? this.#cache.succeeded(peer, where, this.#clock.wall())
      : this.#cache.failed(peer, where)
    noted.catch(this.#onError)
  }

  /** The peers to try first when nobody else is known. */
  best(): readonly Contact[] {
    return this.#cache
      .best(triedAtStart)
      .map(({ peer }) => ({ peer, addresses: this.#cache.of(peer).map((known) => known.address) }))
  }
}

/** Source: our choice; enough that one of them runs, few enough to dial at once. */
const triedAtStart = 16
