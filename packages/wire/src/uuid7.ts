import type { EpochMs, Rng } from '@kithnet/kernel'

/** Draws UUIDs of version 7. What one source draws sorts in the order of drawing. */
export interface Uuid7Source {
  next(now: EpochMs): string
}

/** Values of the counter: 42 bits. Source: the uuid crate from 1.9 on, and RFC 9562 section 6.2 method 1. */
const counterLimit = 2 ** 42

/**
 * A source whose ids grow even within a millisecond and when the clock goes back: 48 bits of milliseconds, a
 * counter of 42 bits that each new millisecond seeds at random below its half, 32 random bits.
 */
export function uuid7Source(rng: Rng): Uuid7Source {
  let ms = -1
  let counter = 0
  const seeded = (): number => (rng.u32() >>> 23) * 2 ** 32 + rng.u32()
  return {
    next(now) {
      if (now > ms) {
        ms = now
        counter = seeded()
      } else if (++counter === counterLimit) {
        ms++
        counter = seeded()
      }
      return uuid7Text(ms, counter, rng.u32())
    },
  }
}

/** The text of a UUID of version 7 with this counter: 12 bits before the variant, 30 after it. */
export function uuid7Text(ms: number, counter: number, random: number): string {
  const time = hex(ms, 12)
  const high = 0x7000 + Math.floor(counter / 2 ** 30)
  const low = counter % 2 ** 30
  const middle = 0x8000 + Math.floor(low / 2 ** 16)
  const last = hex(low % 2 ** 16, 4) + hex(random, 8)
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex(high, 4)}-${hex(middle, 4)}-${last}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
