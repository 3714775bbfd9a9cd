import { after, type Bytes, concat, equalBytes, type Instant, instant, utf8 } from '@kithnet/kernel'
import type { ChannelPrimitives } from './primitives.ts'

/** Bounds of a listener's half-open handshakes. */
export interface GateLimits {
  /** Above this many at once, a hello must bring a cookie. */
  readonly cookieAbove: number
  /** Above this many at once, every hello is refused. */
  readonly maxHalfOpen: number
}

/** Source: our choice, `docs/limits.md`. 64 half-open ones are 64 KB of state at most. */
export const defaultGateLimits: GateLimits = { cookieAbove: 64, maxHalfOpen: 1_024 }

/** Milliseconds that one cookie key mints for; the cookies of the key before it still count. Source: papers, 2 min. */
export const cookieKeyMs = 60_000

/** What a gate says to a hello. */
export type Admission =
  | { readonly type: 'admitted' }
  | { readonly type: 'retry'; readonly cookie: Bytes }
  | { readonly type: 'busy' }

/**
 * Bounds the handshakes under way at one listener. When there are many, it makes an initiator show first that
 * it receives at the address from which it sends, at no cost in memory.
 */
export class HandshakeGate {
  readonly #primitives: ChannelPrimitives
  readonly #limits: GateLimits
  #halfOpen = 0
  #key: Bytes
  #previousKey: Bytes
  #rotateAt: Instant = instant(0)

  constructor(primitives: ChannelPrimitives, limits: GateLimits = defaultGateLimits) {
    this.#primitives = primitives
    this.#limits = limits
    this.#key = primitives.random(32)
    this.#previousKey = primitives.random(32)
  }

  /** Handshakes admitted and not yet over. */
  get halfOpen(): number {
    return this.#halfOpen
  }

  /** Judges a hello. Whoever is admitted must `leave` once. */
  admit(
    address: string,
    nonce: Uint8Array,
    cookie: Uint8Array | undefined,
    now: Instant,
  ): Admission {
    if (this.#halfOpen >= this.#limits.maxHalfOpen) return { type: 'busy' }
    if (this.#halfOpen >= this.#limits.cookieAbove) {
      this.#rotate(now)
      if (cookie === undefined || !this.#isOurs(cookie, address, nonce)) {
        return { type: 'retry', cookie: this.#mint(this.#key, address, nonce) }
      }
    }
    this.#halfOpen++
    return { type: 'admitted' }
  }

  /** An admitted handshake is over, well or not. */
  leave(): void {
    this.#halfOpen--
  }

  #isOurs(cookie: Uint8Array, address: string, nonce: Uint8Array): boolean {
    const current = equalBytes(cookie, this.#mint(this.#key, address, nonce))
    const previous = equalBytes(cookie, this.#mint(this.#previousKey, address, nonce))
    return current || previous
  }

  /** The nonce has a fixed width, so no two inputs collide. */
  #mint(key: Uint8Array, address: string, nonce: Uint8Array): Bytes {
    return this.#primitives.hmacSha256(key, concat(nonce, utf8(address)))
  }

  #rotate(now: Instant): void {
    if (now < this.#rotateAt) return
    const stale = now >= after(this.#rotateAt, cookieKeyMs)
    this.#previousKey = stale ? this.#primitives.random(32) : this.#key
    this.#key = this.#primitives.random(32)
    this.#rotateAt = after(now, cookieKeyMs)
  }
}
