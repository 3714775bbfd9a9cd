import {
  type Address,
  address,
  parsePeerId,
  type PeerId,
  networkId,
  type Descriptor,
  type Verified,
} from '@kithnet/types'
import type { KnownPeer } from '@kithnet/membership'

const network = networkId('simulation')
const unsigned = { body: new Uint8Array(0), signature: new Uint8Array(0) }

/** The id of the simulated peer with this number. */
export function simulatedPeer(index: number): PeerId {
  // Spread over the id space, and distinct for 2^32 numbers: the multiplier is odd.
  const spread = Math.imul(index, 0x9e3779b1) >>> 0
  return parsePeerId(spread.toString(16).padStart(8, '0').repeat(8))!
}

/** Where the simulated network dials a peer. */
function simulatedAddress(peer: PeerId): Address {
  const parsed = address(`memory://${peer}`)
  if (!parsed.ok) throw new Error('a simulated address is well-formed')
  return parsed.value
}

/**
 * A descriptor that counts as verified: membership never looks at signatures, and a simulation of ten
 * thousand peers need not make any.
 */
export function simulatedKnownPeer(peer: PeerId, incarnation = 1): KnownPeer {
  const addresses = [simulatedAddress(peer)]
  const descriptor: Descriptor = { network, peer, incarnation, addresses, epoch: 0 }
  return { descriptor: descriptor as Verified<Descriptor>, signed: unsigned }
}
