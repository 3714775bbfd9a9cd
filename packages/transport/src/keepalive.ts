import type { Instant } from '@kithnet/kernel'

/** Asks the other side whether it is there, and how long an answer takes. */
export class Keepalive {
  #token = 0
  #askedAt: Instant
  #waiting = false
  #smoothed: number | undefined

  constructor(now: Instant) {
    this.#askedAt = now
  }

  /** Smoothed round trip in milliseconds, or `undefined` before the first answer. */
  get smoothedMs(): number | undefined {
    return this.#smoothed
  }

  /** The token to send. An answer to an older one counts no more. */
  ask(now: Instant): number {
    this.#token = (this.#token + 1) >>> 0
    this.#askedAt = now
    this.#waiting = true
    return this.#token
  }

  /** True for a token that was sent at some time. */
  hasSent(token: number): boolean {
    return token > 0 && token <= this.#token
  }

  /** The round trip in milliseconds, or `undefined` when this answers no question that is still open. */
  answered(token: number, now: Instant): number | undefined {
    if (token !== this.#token || !this.#waiting) return undefined
    this.#waiting = false
    const sample = now - this.#askedAt
    // Source: RFC 6298 section 2, alpha = 1/8.
    this.#smoothed = this.#smoothed === undefined ? sample : this.#smoothed * 0.875 + sample * 0.125
    return sample
  }
}
