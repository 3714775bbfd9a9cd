import { type EpochMs, epochMs, type Instant, wallAt } from '@kithnet/kernel'

/**
 * Wall time that never falls and follows what was received, so that an answer is stamped later than what it
 * answers. Source: Kulkarni et al., "Logical Physical Clocks", 2014, kept to one number.
 */
export class HybridClock {
  #epochAtZero: EpochMs
  #last = 0

  /** `epochAtZero` is the wall time of instant zero. */
  constructor(epochAtZero: EpochMs) {
    this.#epochAtZero = epochAtZero
  }

  /** The wall clock was set. */
  set(epochAtZero: EpochMs): void {
    this.#epochAtZero = epochAtZero
  }

  wall(now: Instant): EpochMs {
    return wallAt(this.#epochAtZero, now)
  }

  /** The time to sign with. */
  stamp(now: Instant): EpochMs {
    this.#last = Math.max(this.#last, this.wall(now))
    return epochMs(this.#last)
  }

  /** Others may pull this clock forward by little, or one bad clock would set all of them. */
  witness(hlc: EpochMs, now: Instant): void {
    if (hlc > this.#last)
      this.#last = Math.min(hlc, Math.max(this.#last, this.wall(now) + maxLeadMs))
  }
}

/** Source: our choice; far more than clocks that NTP keeps differ by. */
const maxLeadMs = 500
