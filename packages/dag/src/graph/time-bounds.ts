import { equalBytes } from '@kithnet/kernel'
import type { RecordGraph } from './record-graph.ts'

/**
 * Between which times a record was made, in seconds since 1970, as far as others show it. Each side is as trustworthy as
 * who says it: ancestors' authors for the first, this host's clock and witnesses for the second.
 */
export interface TimeBounds {
  /** What the record says itself. */
  readonly claimed: number
  /** It was made after all its ancestors: the newest time that one of them claims. -Infinity for a root. */
  readonly notBefore: number
  /** It was there when it was first seen here, when a witness attested it and when another author built on it: the first of these. */
  readonly notAfter: number
  /** Whether the claim lies between the two. */
  readonly holds: boolean
}

/** `undefined` when the id is not known. `attestedAt`: when witnesses say that they had the record, in seconds. */
export function timeBounds(
  graph: RecordGraph,
  id: string,
  attestedAt: readonly number[] = [],
): TimeBounds | undefined {
  const entry = graph.entry(id)
  if (entry === undefined) return undefined
  let notAfter = entry.firstSeen / 1000
  for (const at of attestedAt) if (at < notAfter) notAfter = at
  for (const child of graph.descendants(id, { depth: 1, count: maxChildren }).ids) {
    const { creatorKeyHash, timestamp } = graph.entry(child)!
    if (timestamp < notAfter && !equalBytes(creatorKeyHash, entry.creatorKeyHash)) {
      notAfter = timestamp
    }
  }
  const { timestamp: claimed, notBefore } = entry
  return { claimed, notBefore, notAfter, holds: notBefore <= claimed && claimed <= notAfter }
}

/** Children that are looked at: the newest. Source: our choice, 1 ms. */
const maxChildren = 1_000

/** How long after the time that it claims a record was first seen. */
export type Lateness = 'prompt' | 'within-week' | 'within-month' | 'within-year' | 'over-year'

/** Lateness, and what the claim of time is worth for it, from 0 to 1. */
export interface LateArrival {
  readonly lateness: Lateness
  readonly worth: number
}

/** The class of a gap in seconds; one below zero is a record that claims to be from later, and prompt. */
export function lateArrival(gapSeconds: number): LateArrival {
  return arrivals.find(({ below }) => gapSeconds < below) ?? overYear
}

const daySeconds = 86_400
/** Source: Elara whitepaper 0.6.0, section 11.6. */
const arrivals: readonly (LateArrival & { readonly below: number })[] = [
  { below: daySeconds, lateness: 'prompt', worth: 1 },
  { below: 7 * daySeconds, lateness: 'within-week', worth: 0.9 },
  { below: 30 * daySeconds, lateness: 'within-month', worth: 0.5 },
  { below: 365 * daySeconds, lateness: 'within-year', worth: 0.1 },
]
/** Source: as above. */
const overYear: LateArrival = { lateness: 'over-year', worth: 0.01 }
