import { BoundedMap } from '@kithnet/kernel'
import type { Address, PeerId } from '@kithnet/types'

/** Where peers can be dialled, for as many as a node may want to meet, and the contacts. */
export class AddressBook {
  readonly #addressesByPeer = new BoundedMap<PeerId, readonly Address[]>(maxPeers)
  readonly #contactsByPeer = new BoundedMap<PeerId, readonly Address[]>(maxContacts)

  /** Where the user says that a peer is. Not forgotten: it is the way back in when all else is gone. */
  keep(peer: PeerId, addresses: readonly Address[]): void {
    if (addresses.length > 0) this.#contactsByPeer.set(peer, addresses)
  }

  /** What a peer's own signed descriptor says. Replaces what was known. */
  learn(peer: PeerId, addresses: readonly Address[]): void {
    if (addresses.length > 0) this.#addressesByPeer.set(peer, addresses)
  }

  forget(peer: PeerId): void {
    this.#addressesByPeer.delete(peer)
  }

  /** What the peer itself says, then what the user said. Empty when nothing is known. */
  of(peer: PeerId): readonly Address[] {
    const own = this.#addressesByPeer.get(peer) ?? []
    const given = this.#contactsByPeer.get(peer)
    return given === undefined ? own : [...new Set([...own, ...given])]
  }
}

/** Source: our choice; sixteen times the largest passive view, some 200 bytes each. */
const maxPeers = 2_048

/** Source: as many contacts as membership remembers. */
const maxContacts = 64
