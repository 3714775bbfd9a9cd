import { BoundedMap } from '@kithnet/kernel'
import type { Address, PeerId } from '@kithnet/types'

/** Where peers can be dialled, for as many as a node may want to meet. */
export class AddressBook {
  readonly #addressesByPeer = new BoundedMap<PeerId, readonly Address[]>(maxPeers)

  /** What a peer's own signed descriptor, or a ticket, says. Replaces what was known. */
  learn(peer: PeerId, addresses: readonly Address[]): void {
    if (addresses.length > 0) this.#addressesByPeer.set(peer, addresses)
  }

  forget(peer: PeerId): void {
    this.#addressesByPeer.delete(peer)
  }

  /** Empty when nothing is known. */
  of(peer: PeerId): readonly Address[] {
    return this.#addressesByPeer.get(peer) ?? []
  }
}

/** Source: our choice; sixteen times the largest passive view, some 200 bytes each. */
const maxPeers = 2_048
