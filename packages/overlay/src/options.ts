import type { EpochMs, Rng } from '@kithnet/kernel'
import type { Address, NetworkId, PeerId, StreamId } from '@kithnet/types'
import type { OverlayConfig } from './config.ts'

/** Who and where an `Overlay` is. */
export interface OverlayOptions {
  readonly network: NetworkId
  readonly self: PeerId
  /** This node's ML-DSA-65 public key, 1,952 bytes. */
  readonly publicKey: Uint8Array
  /** Drawn for this life of the process, never used again. */
  readonly stream: StreamId
  /** Wall time of instant zero. */
  readonly epochAtZero: EpochMs
  /** At least what an earlier life has persisted. */
  readonly incarnation: number
  readonly addresses: readonly Address[]
  readonly config: OverlayConfig
  readonly rng: Rng
}
