import { BoundedMap, equalBytes } from '@kithnet/kernel'
import type { KnownPeer } from '@kithnet/membership'
import {
  decodeDescriptor,
  forkedPeer,
  type NetworkId,
  type PeerId,
  type Signed,
} from '@kithnet/types'

/** Descriptors remembered. Source: our choice; views, samples and updates of a large neighbourhood. */
const capacity = 512
/** Peers remembered that signed two descriptors of one epoch. Source: our choice; 12 KB of evidence each. */
const maxForks = 64

/** Two descriptors of one peer, life and epoch that differ. */
export type DescriptorFork = readonly [Signed, Signed]

/**
 * Verified descriptors, the last of each peer: the same bytes are verified once. A peer that signed two for one
 * life and epoch is where it says to some and elsewhere to others: neither is believed any more.
 */
export class DescriptorBook {
  readonly network: NetworkId
  readonly #byPeer = new BoundedMap<PeerId, KnownPeer>(capacity)
  readonly #forkByPeer = new BoundedMap<PeerId, DescriptorFork>(maxForks)

  constructor(network: NetworkId) {
    this.network = network
  }

  /** The known peer of exactly these bytes. */
  find(signed: Signed): KnownPeer | undefined {
    const decoded = decodeDescriptor(signed.body)
    if (!decoded.ok) return undefined
    const known = this.#byPeer.get(decoded.value.peer)
    if (known === undefined) return undefined
    if (known.signed === signed) return known
    const { body, signature } = known.signed
    const same = sameBytes(body, signed.body) && sameBytes(signature, signed.signature)
    return same ? known : undefined
  }

  /** The evidence that nothing a peer says of itself can be believed, if there is any. */
  fork(peer: PeerId): DescriptorFork | undefined {
    return this.#forkByPeer.peek(peer)
  }

  /**
   * Keeps a verified descriptor. Answers with the one shared by everybody who has these bytes, or `undefined`
   * when with it there is a fork.
   */
  add(known: KnownPeer): KnownPeer | undefined {
    const { peer, incarnation, epoch } = known.descriptor
    if (this.#forkByPeer.has(peer)) return undefined
    const held = this.find(known.signed)
    if (held !== undefined) return held
    const before = this.#byPeer.peek(peer)
    if (before !== undefined && forkedPeer(before.signed.body, known.signed.body) !== undefined) {
      this.#byPeer.delete(peer)
      this.#forkByPeer.set(peer, [before.signed, known.signed])
      return undefined
    }
    const last = before?.descriptor
    const isOlder =
      last !== undefined &&
      (last.incarnation > incarnation || (last.incarnation === incarnation && last.epoch > epoch))
    if (!isOlder) this.#byPeer.set(peer, known)
    return known
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || equalBytes(a, b)
}
