import { type Instant, TokenBucket } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { Lane } from './admission.ts'
import type { KeyConfig, LaneQuotas } from './config.ts'

interface LaneBuckets {
  readonly bytes: TokenBucket
  readonly frames: TokenBucket
  /** When the peer was last blamed for its rate: once a second is enough. */
  blamedAt: Instant | undefined
}

interface Buckets {
  readonly lanes: Readonly<Record<Lane, LaneBuckets>>
  readonly keys: TokenBucket
}

/**
 * What each link may deliver on each lane, and take in keys, by bytes and frames. Checked before anything is decoded;
 * what is beyond is dropped at once, so nothing waits here, and a lane that is full leaves the others open.
 */
export class LinkQuotas {
  readonly #byPeer = new Map<PeerId, Buckets>()
  readonly #quotas: LaneQuotas
  readonly #keys: KeyConfig

  constructor(quotas: LaneQuotas, keys: KeyConfig) {
    this.#quotas = quotas
    this.#keys = keys
  }

  /** `blame` once a second for a lane beyond its rate; its frames are dropped all the while. */
  take(peer: PeerId, lane: Lane, bytes: number, now: Instant): 'ok' | 'drop' | 'blame' {
    const buckets = this.#of(peer, now).lanes[lane]
    if (buckets.frames.take(1, now) && buckets.bytes.take(bytes, now)) return 'ok'
    if (buckets.blamedAt !== undefined && now - buckets.blamedAt < 1_000) return 'drop'
    buckets.blamedAt = now
    return 'blame'
  }

  /** True when the link may have `count` more keys. */
  takeKeys(peer: PeerId, count: number, now: Instant): boolean {
    return this.#of(peer, now).keys.take(count, now)
  }

  forget(peer: PeerId): void {
    this.#byPeer.delete(peer)
  }

  #of(peer: PeerId, now: Instant): Buckets {
    let buckets = this.#byPeer.get(peer)
    if (buckets === undefined) {
      const { critical, normal, bulk } = this.#quotas
      buckets = {
        lanes: {
          critical: bucketsOf(critical, now),
          normal: bucketsOf(normal, now),
          bulk: bucketsOf(bulk, now),
        },
        keys: new TokenBucket(this.#keys.servedPerSecond, this.#keys.servedBurst, now),
      }
      this.#byPeer.set(peer, buckets)
    }
    return buckets
  }
}

function bucketsOf(quota: LaneQuotas[Lane], now: Instant): LaneBuckets {
  const { bytesPerSecond, burstBytes, framesPerSecond, burstFrames } = quota
  return {
    bytes: new TokenBucket(bytesPerSecond, burstBytes, now),
    frames: new TokenBucket(framesPerSecond, burstFrames, now),
    blamedAt: undefined,
  }
}
