import { assert, type Rng } from '@kithnet/kernel'

/** How long a message travels one way. Peers are numbered in the order in which they were added. */
export interface Latency {
  /** Drawn anew for each message, or once per direction of a link. */
  readonly perMessage: boolean
  /** Milliseconds one way. */
  ms(from: number, to: number, rng: Rng): number
}

/** The same for everybody. */
export function fixedLatency(ms: number): Latency {
  return { perMessage: false, ms: () => ms }
}

/** Uniform between two bounds; each link keeps its own unless `perMessage`. */
export function uniformLatency(
  leastMs: number,
  mostMs: number,
  options: { readonly perMessage?: boolean } = {},
): Latency {
  return {
    perMessage: options.perMessage === true,
    ms: (_from, _to, rng) => leastMs + rng.unit() * (mostMs - leastMs),
  }
}

/**
 * Any distribution by its evenly spaced quantiles, from the least to the greatest, with straight lines
 * between them: a table, because logarithms may differ in the last bit from host to host.
 */
export function quantileLatency(
  quantilesMs: readonly number[],
  options: { readonly perMessage?: boolean } = {},
): Latency {
  assert(quantilesMs.length >= 2, 'a distribution has at least two quantiles')
  return {
    perMessage: options.perMessage === true,
    ms: (_from, _to, rng) => {
      const at = rng.unit() * (quantilesMs.length - 1)
      const low = Math.floor(at)
      return quantilesMs[low]! + (at - low) * (quantilesMs[low + 1]! - quantilesMs[low]!)
    },
  }
}

/** Round trips between regions, in milliseconds. */
export interface RegionMatrix {
  readonly regions: readonly string[]
  readonly rttMs: readonly (readonly number[])[]
}

/**
 * Six regions of the world, for simulations that need a planet and not one in particular.
 * Source: our choice; rounded from fibre at two thirds of the speed of light over 1.5 times the
 * great-circle distance between large cities, 2 ms inside a region.
 */
export const planet: RegionMatrix = {
  regions: ['europe', 'america-east', 'america-west', 'america-south', 'asia-east', 'oceania'],
  rttMs: [
    [2, 90, 140, 150, 145, 260],
    [90, 2, 60, 115, 165, 240],
    [140, 60, 2, 155, 130, 180],
    [150, 115, 155, 2, 280, 200],
    [145, 165, 130, 280, 2, 120],
    [260, 240, 180, 200, 120, 2],
  ],
}

/** Half the round trip between the regions of two peers; peers are dealt to regions in turn unless told. */
export function regionLatency(
  matrix: RegionMatrix,
  regionOf: (peer: number) => number = (peer) => peer % matrix.regions.length,
): Latency {
  return {
    perMessage: false,
    ms: (from, to) => matrix.rttMs[regionOf(from)]![regionOf(to)]! / 2,
  }
}
