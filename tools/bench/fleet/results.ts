import type { RunResult } from './fleet.ts'

/** Of all that each node should have got from the others, the share that it got. */
export function arrivedShare(results: readonly RunResult[]): number {
  const due = sum(results, (one) => one.published) * (results.length - 1)
  return sum(results, (one) => one.arrived) / due
}

/** A quantile of the latencies of all nodes. */
export function latencyMs(results: readonly RunResult[], share: number): number {
  const sorted = results.flatMap((one) => one.latenciesMs).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** A figure of all nodes together. */
export function sum(results: readonly RunResult[], pick: (result: RunResult) => number): number {
  return results.reduce((total, one) => total + pick(one), 0)
}
