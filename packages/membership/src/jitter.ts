import type { Rng } from '@kithnet/kernel'

/** A whole number of milliseconds in [3/4, 5/4] of `ms`: keeps the peers of a network out of step. */
export function jittered(rng: Rng, ms: number): number {
  return Math.floor((ms * (768 + rng.below(513))) / 1024)
}
