import type { EpochMs, Rng } from '@kithnet/kernel'
import type { NetworkId, PeerId, StreamId } from '@kithnet/types'
import type { PubsubConfig } from './config.ts'

/** Who and where a `Pubsub` is. */
export interface PubsubOptions {
  readonly network: NetworkId
  readonly self: PeerId
  /** Drawn for this life of the process, never used again. */
  readonly stream: StreamId
  /** Wall time of instant zero. */
  readonly epochAtZero: EpochMs
  readonly config: PubsubConfig
  readonly rng: Rng
}
