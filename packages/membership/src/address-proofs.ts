import { BoundedMap } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'

/** Peers whose proof is kept. Source: our choice; several times what both views hold. */
const maxProofs = 1_024

/**
 * At which address a link to a peer was last made from here. A signature shows who says where a peer is; only a
 * link that was dialled there, and in which the peer proved its id, shows that it is true.
 */
export class AddressProofs {
  readonly #whereByPeer = new BoundedMap<PeerId, string>(maxProofs)

  /** The peer has answered where it was dialled. */
  reached(peer: PeerId, where: string): void {
    this.#whereByPeer.set(peer, where)
  }

  /** The peer could not be reached. */
  missed(peer: PeerId): void {
    this.#whereByPeer.delete(peer)
  }

  /** True when the peer was reached at an address that it says to have. */
  hold(known: KnownPeer): boolean {
    const { peer, addresses } = known.descriptor
    const where = this.#whereByPeer.peek(peer)
    return where !== undefined && addresses.some((address) => address === where)
  }
}
