import { BoundedMap, type Instant, TokenBucket } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** What each peer may ask for and be given, so that nobody makes this node work for nobody else. */
export class Allowances {
  readonly #requests = new BoundedMap<PeerId, TokenBucket>(watchedPeers)
  readonly #bytes = new BoundedMap<PeerId, TokenBucket>(watchedPeers)

  /** Whether a peer may ask for something of this cost: an item is one. */
  mayAsk(peer: PeerId, cost: number, now: Instant): boolean {
    const bucket = bucketOf(this.#requests, peer, requestsPerSecond, burstRequests, now)
    return bucket.take(Math.min(cost, burstRequests), now)
  }

  /** Whether a peer may begin a comparison with a set of so many items, all of which may have to be hashed. */
  mayOpen(peer: PeerId, items: number, now: Instant): boolean {
    return this.mayAsk(peer, openingCost + Math.ceil(items / itemsPerCost), now)
  }

  /** Whether a peer may be given so many bytes of items more. */
  mayTake(peer: PeerId, bytes: number, now: Instant): boolean {
    return bucketOf(this.#bytes, peer, bytesPerSecond, burstBytes, now).take(bytes, now)
  }
}

function bucketOf(
  buckets: BoundedMap<PeerId, TokenBucket>,
  peer: PeerId,
  rate: number,
  burst: number,
  now: Instant,
): TokenBucket {
  let bucket = buckets.get(peer)
  if (bucket === undefined) {
    bucket = new TokenBucket(rate, burst, now)
    buckets.set(peer, bucket)
  }
  return bucket
}

/** Source: our choice; a forgotten peer may ask at once again. */
const watchedPeers = 256
/** Items that a peer may ask for. Source: our choice. */
const requestsPerSecond = 64
const burstRequests = 512
/** What an opening costs of that: four a second in the long run. Source: our choice. */
const openingCost = 16
/** Items of a set whose hashing costs one: a second's worth of asking is 64 ms of work. Source: measured, 0.5 us an item. */
const itemsPerCost = 2_000
/** Source: our choice: 1,500 records of 5.5 KB a second, after 12,000 at once. */
const bytesPerSecond = 8 * 2 ** 20
const burstBytes = 64 * 2 ** 20
