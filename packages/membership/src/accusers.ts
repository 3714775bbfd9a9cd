import { BoundedMap, type Instant, TokenBucket } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** Accusations a period that one peer may make. Source: our choice, two full messages. */
const perPeriod = 8
/** Accusations that one peer may make at once. Source: our choice, a neighbourhood that dies together. */
const burst = 16
/** Peers whose rate is kept. Source: our choice, far above the sessions of a preset. */
const maxAccusers = 256

/**
 * How much each peer may accuse others. A few slow peers that suspect hundreds would have everybody probe
 * everybody; what is dropped here was only a hint, and one's own probes find the dead without it.
 */
export class Accusers {
  readonly #ratePerSecond: number
  readonly #bucketByPeer = new BoundedMap<PeerId, TokenBucket>(maxAccusers)

  constructor(periodMs: number) {
    this.#ratePerSecond = (perPeriod * 1000) / periodMs
  }

  /** True when the peer may make one more accusation now. */
  allows(peer: PeerId, now: Instant): boolean {
    let bucket = this.#bucketByPeer.get(peer)
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#ratePerSecond, burst, now)
      this.#bucketByPeer.set(peer, bucket)
    }
    return bucket.take(1, now)
  }
}
