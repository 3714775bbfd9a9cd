import { type Bytes, equalBytes, ok, type Result } from '@kithnet/kernel'
import { type Address, address, maxAddresses, maxAddressLength } from './address.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import type { CborFault } from './cbor-scan.ts'
import {
  idBytes,
  idToBytes,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
} from './ids.ts'
import { badShape, isBytes, isList, isText, isTuple, isUint, type ShapeFault } from './shape.ts'

/** Longest body of a descriptor. */
export const maxDescriptorBytes = 2_600

/** What a peer says of itself: where it is, and in which life. Signed by its subject, carried verbatim by others. */
export interface Descriptor {
  readonly network: NetworkId
  readonly peer: PeerId
  /** Rises with each life and each refutation; never falls, across restarts. */
  readonly incarnation: number
  readonly addresses: readonly Address[]
  /** Seconds since 1970 when it was signed, in steps of the epoch length. Two descriptors of one epoch that differ are evidence. */
  readonly epoch: number
}

/** The exact bytes that are signed. */
export function encodeDescriptor(descriptor: Descriptor): Bytes {
  return encodeCbor([
    1,
    idToBytes(descriptor.network),
    idToBytes(descriptor.peer),
    descriptor.incarnation,
    descriptor.addresses,
    descriptor.epoch,
  ])
}

/**
 * The peer of two bodies that it may not both have signed: the same life and epoch, and not the same content.
 * With both signatures valid they are evidence against it, for anybody. `undefined` when they are no such two.
 */
export function forkedPeer(one: Uint8Array, other: Uint8Array): PeerId | undefined {
  const first = decodeDescriptor(one)
  const second = decodeDescriptor(other)
  if (!first.ok || !second.ok || equalBytes(one, other)) return undefined
  const { network, peer, incarnation, epoch } = first.value
  const isSame =
    second.value.network === network &&
    second.value.peer === peer &&
    second.value.incarnation === incarnation &&
    second.value.epoch === epoch
  return isSame ? peer : undefined
}

/** The descriptor of a body. Says nothing about the signature. */
export function decodeDescriptor(body: Uint8Array): Result<Descriptor, CborFault | ShapeFault> {
  const limits = { maxBytes: maxDescriptorBytes, maxDepth: 2, maxItems: 7 + maxAddresses }
  const decoded = decodeCbor(body, 'signed', limits)
  if (!decoded.ok) return decoded
  const value = decoded.value
  if (!isTuple(value, 6)) return badShape('descriptor')
  const [version, network, peer, incarnation, addresses, epoch] = value
  if (version !== 1) return badShape('descriptor.version')
  if (!isBytes(network, idBytes)) return badShape('descriptor.network')
  if (!isBytes(peer, idBytes)) return badShape('descriptor.peer')
  if (!isUint(incarnation)) return badShape('descriptor.incarnation')
  if (!isList(addresses, maxAddresses)) return badShape('descriptor.addresses')
  const parsed: Address[] = []
  for (const text of addresses) {
    if (!isText(text, maxAddressLength)) return badShape('descriptor.addresses')
    const one = address(text)
    if (!one.ok) return badShape('descriptor.addresses')
    parsed.push(one.value)
  }
  if (!isUint(epoch)) return badShape('descriptor.epoch')
  return ok({
    network: networkIdFromBytes(network),
    peer: peerIdFromBytes(peer),
    incarnation,
    addresses: parsed,
    epoch,
  })
}
