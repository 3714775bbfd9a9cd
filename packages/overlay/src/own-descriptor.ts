import type { EpochMs } from '@kithnet/kernel'
import type { KnownPeer } from '@kithnet/membership'
import {
  type Address,
  type Batch,
  type Descriptor,
  encodeDescriptor,
  maxAddresses,
  type NetworkId,
  type PeerId,
  type Signed,
  type Verified,
} from '@kithnet/types'
import { isDescriptor } from './verified-kind.ts'

/** What a descriptor goes through, outside. */
export interface DescriptorHost {
  sign(body: Uint8Array): void
  verify(signed: Signed): void
  described(self: KnownPeer): void
}

/**
 * This node's own descriptor on its way: wanted by membership or because addresses changed, signed, and checked
 * like anybody else's. One at a time; what changed meanwhile makes another round.
 */
export class OwnDescriptor {
  readonly #host: DescriptorHost
  readonly #network: NetworkId
  readonly #self: PeerId
  #addresses: readonly Address[]
  #incarnation: number | undefined
  #epoch = 0
  #signing: Uint8Array | undefined
  #verifying: Signed | undefined
  #stale = false

  constructor(
    network: NetworkId,
    self: PeerId,
    addresses: readonly Address[],
    host: DescriptorHost,
  ) {
    this.#host = host
    this.#network = network
    this.#self = self
    this.#addresses = addresses.slice(0, maxAddresses)
  }

  /** Membership wants a descriptor of this incarnation. */
  describe(incarnation: number, wall: EpochMs): void {
    this.#incarnation = incarnation
    this.#begin(wall)
  }

  /** This node is reachable elsewhere. */
  moved(addresses: readonly Address[], wall: EpochMs): void {
    this.#addresses = addresses.slice(0, maxAddresses)
    this.#begin(wall)
  }

  signed(signature: Uint8Array): void {
    const body = this.#signing
    if (body === undefined) return
    this.#signing = undefined
    this.#verifying = { body, signature: signature.slice() }
    this.#host.verify(this.#verifying)
  }

  /** The check of its own signature has come out. */
  checked(value: Verified<Batch> | Verified<Descriptor> | undefined, wall: EpochMs): void {
    const signed = this.#verifying
    if (signed === undefined) return
    this.#verifying = undefined
    if (value !== undefined && isDescriptor(value)) {
      this.#host.described({ descriptor: value, signed })
    }
    if (this.#stale) this.#begin(wall)
  }

  #begin(wall: EpochMs): void {
    if (this.#incarnation === undefined) return
    this.#stale = this.#signing !== undefined || this.#verifying !== undefined
    if (this.#stale) return
    // Two of one epoch would be evidence against oneself.
    this.#epoch = Math.max(this.#epoch + 1, Math.floor(wall / 1000))
    this.#signing = encodeDescriptor({
      network: this.#network,
      peer: this.#self,
      incarnation: this.#incarnation,
      addresses: this.#addresses,
      epoch: this.#epoch,
    })
    this.#host.sign(this.#signing)
  }
}
