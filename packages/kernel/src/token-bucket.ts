import type { Instant } from './clock.ts'

/** A rate limit: `ratePerSecond` tokens flow in, at most `burst` are kept. */
export class TokenBucket {
  readonly #ratePerMs: number
  readonly #burst: number
  #tokens: number
  #at: Instant

  constructor(ratePerSecond: number, burst: number, now: Instant) {
    this.#ratePerMs = ratePerSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /** Takes `count` tokens, or none and returns false. */
  take(count: number, now: Instant): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#ratePerMs)
    this.#at = now
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }
}
