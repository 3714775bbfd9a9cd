import type { Instant } from '@kithnet/kernel'

/** Asks the other side whether it is there, and how long an answer takes. */
export class Keepalive {
  /** So much has come on streams that it was acknowledged, since the last pause was chosen. */
  isUsed = false
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

  /** How long until the next question: a link in use is measured often, another only asked whether it is there. */
  pauseMs(idleMs: number): number {
    const pauseMs = this.isUsed ? Math.min(measureMs, idleMs) : idleMs
    this.isUsed = false
    return pauseMs
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
    const known = this.#smoothed ?? sample
    // Source: RFC 6298 section 2, alpha = 1/8; a shorter one counts more, or the first, taken while all is new, would stay.
    this.#smoothed = known + (sample - known) * (sample < known ? 0.5 : 0.125)
    return sample
  }
}

/** Source: our choice; the timers of broadcast follow what is measured. */
const measureMs = 1_000
