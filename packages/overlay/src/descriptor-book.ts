import { BoundedMap, equalBytes } from '@kithnet/kernel'
import type { KnownPeer } from '@kithnet/membership'
import { decodeDescriptor, type NetworkId, type PeerId, type Signed } from '@kithnet/types'

/** Descriptors remembered. Source: our choice; views, samples and updates of a large neighbourhood. */
const capacity = 512

/** Verified descriptors, the last of each peer: the same bytes are verified once. */
export class DescriptorBook {
  readonly network: NetworkId
  readonly #byPeer = new BoundedMap<PeerId, KnownPeer>(capacity)

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

  /** Keeps a verified descriptor. Answers with the one shared by everybody who has these bytes. */
  add(known: KnownPeer): KnownPeer {
    const held = this.find(known.signed)
    if (held !== undefined) return held
    const { peer, incarnation, epoch } = known.descriptor
    const last = this.#byPeer.peek(peer)?.descriptor
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
