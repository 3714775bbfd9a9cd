import type { Brand } from './brand.ts'

/** Monotonic milliseconds since the driver's start: what timers and timeouts are measured in. */
export type Instant = Brand<number, 'Instant'>

/** Wall time, milliseconds since 1970: only inside signed records and replay windows. */
export type EpochMs = Brand<number, 'EpochMs'>

/** Marks a number of monotonic milliseconds. */
export function instant(ms: number): Instant {
  return ms as Instant
}

/** Marks a number of milliseconds since 1970. */
export function epochMs(ms: number): EpochMs {
  return ms as EpochMs
}

/** The instant `ms` milliseconds later. */
export function after(now: Instant, ms: number): Instant {
  return (now + ms) as Instant
}

/** The wall time of an instant, given the wall time of instant zero. */
export function wallAt(epochAtZero: EpochMs, now: Instant): EpochMs {
  return Math.floor(epochAtZero + now) as EpochMs
}

/** The host's two clocks. Only drivers hold one; machines are told `now`. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): Instant
  /** Milliseconds since 1970; may jump. */
  wall(): EpochMs
}
