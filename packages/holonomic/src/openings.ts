import { BoundedMap, type Instant, TokenBucket } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** How often peers open comparisons: each costs a pass over all that is compared. */
export class Openings {
  readonly #buckets = new BoundedMap<PeerId, TokenBucket>(watchedPeers)

  /** Whether a peer may open one more now. */
  admits(peer: PeerId, now: Instant): boolean {
    let bucket = this.#buckets.get(peer)
    if (bucket === undefined) {
      bucket = new TokenBucket(openingsPerSecond, burstOpenings, now)
      this.#buckets.set(peer, bucket)
    }
    return bucket.take(1, now)
  }
}

/** Source: our choice. */
const watchedPeers = 256
/** Source: our choice. */
const openingsPerSecond = 1
const burstOpenings = 16
