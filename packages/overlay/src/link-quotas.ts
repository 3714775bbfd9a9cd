import { type Instant, TokenBucket } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KeyConfig, LinkQuota } from './config.ts'

interface Buckets {
  readonly bytes: TokenBucket
  readonly frames: TokenBucket
  readonly keys: TokenBucket
  /** When the peer was last blamed for its rate: once a second is enough. */
  blamedAt: Instant | undefined
}

/** What each link may deliver, and take in keys, by bytes and frames. Checked before anything is decoded. */
export class LinkQuotas {
  readonly #byPeer = new Map<PeerId, Buckets>()
  readonly #quota: LinkQuota
  readonly #keys: KeyConfig

  constructor(quota: LinkQuota, keys: KeyConfig) {
    this.#quota = quota
    this.#keys = keys
  }

  /** `blame` once a second for a link beyond its rate; its frames are dropped all the while. */
  take(peer: PeerId, bytes: number, now: Instant): 'ok' | 'drop' | 'blame' {
    const buckets = this.#of(peer, now)
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
      const { bytesPerSecond, burstBytes, framesPerSecond, burstFrames } = this.#quota
      buckets = {
        bytes: new TokenBucket(bytesPerSecond, burstBytes, now),
        frames: new TokenBucket(framesPerSecond, burstFrames, now),
        keys: new TokenBucket(this.#keys.servedPerSecond, this.#keys.servedBurst, now),
        blamedAt: undefined,
      }
      this.#byPeer.set(peer, buckets)
    }
    return buckets
  }
}
