import { type Rng, sample, shuffled } from '@kithnet/kernel'
import type { FaultStep } from './fault-plan.ts'

/** Kinds of faults that a random plan draws from. */
export type FaultKind =
  | 'crash'
  | 'stall'
  | 'clog'
  | 'swizzle'
  | 'block'
  | 'partition'
  | 'bridge'
  | 'reset-link'
  | 'half-open'

export const faultKinds: readonly FaultKind[] = [
  'crash',
  'stall',
  'clog',
  'swizzle',
  'block',
  'partition',
  'bridge',
  'reset-link',
  'half-open',
]

/** What a random plan is made of. */
export interface PlanOptions {
  /** Faults begin within this time. */
  readonly durationMs: number
  /** Number of faults; a swizzle counts as one. */
  readonly faults: number
  /** Each lasts up to this. Default: a quarter of the duration. */
  readonly longestMs?: number
  /** Default: a random half of all kinds, so that different seeds try different mixtures. */
  readonly kinds?: readonly FaultKind[]
}

/** Faults drawn uniformly, each of which heals. Source: swarm testing, Groce et al. 2012, for the mixtures. */
export function randomPlan<Peer>(
  rng: Rng,
  peers: readonly Peer[],
  options: PlanOptions,
): FaultStep<Peer>[] {
  const kinds = options.kinds ?? sample(rng, faultKinds, Math.ceil(faultKinds.length / 2))
  const longestMs = options.longestMs ?? options.durationMs / 4
  const steps: FaultStep<Peer>[] = []
  for (let count = 0; count < options.faults; count++) {
    const kind = kinds[rng.below(kinds.length)]
    const atMs = rng.below(Math.max(1, Math.floor(options.durationMs)))
    const forMs = 1 + rng.below(Math.max(1, Math.floor(longestMs)))
    if (kind !== undefined) steps.push(...draw(rng, peers, kind, atMs, forMs))
  }
  return steps.toSorted((a, b) => a.atMs - b.atMs)
}

function draw<Peer>(
  rng: Rng,
  peers: readonly Peer[],
  kind: FaultKind,
  atMs: number,
  forMs: number,
): FaultStep<Peer>[] {
  const [peer, other] = sample(rng, peers, 2)
  if (peer === undefined || other === undefined) return []
  const mixed = shuffled(rng, peers)
  const cut = 1 + rng.below(peers.length - 1)
  const groups = [mixed.slice(0, cut), mixed.slice(cut)] as const
  switch (kind) {
    case 'crash': {
      const manner = rng.below(2) === 0 ? 'reset' : 'blackhole'
      const disk = (['kept', 'lost', 'old'] as const)[rng.below(3)] ?? 'kept'
      return [
        { atMs: Math.floor(atMs / 2), kind: 'snapshot', peer },
        { atMs, kind: 'crash', peer, manner },
        { atMs: atMs + forMs, kind: 'restart', peer, disk },
      ]
    }
    case 'stall':
      return [{ atMs, kind: 'stall', peer, forMs }]
    case 'clog':
      return [
        { atMs, kind: 'clog', peer },
        { atMs: atMs + forMs, kind: 'unclog', peer },
      ]
    case 'swizzle':
      return swizzle(rng, peers, { atMs, overMs: forMs })
    case 'block':
      return [{ atMs, kind: 'block', from: groups[0], to: groups[1], forMs }]
    case 'partition':
      return [{ atMs, kind: 'partition', groups, forMs }]
    case 'bridge':
      return [{ atMs, kind: 'partition', groups: groups.map((group) => [...group, peer]), forMs }]
    case 'reset-link':
    case 'half-open':
      return [{ atMs, kind, peer, other }]
  }
}

/**
 * Swizzled clogging: a random part of the peers is clogged one by one, and freed one by one in another
 * order. Source: FoundationDB's simulator, for which it was the fault that found most.
 */
export function swizzle<Peer>(
  rng: Rng,
  peers: readonly Peer[],
  options: { readonly atMs: number; readonly overMs: number },
): FaultStep<Peer>[] {
  const chosen = sample(rng, peers, 1 + rng.below(peers.length))
  const stepMs = options.overMs / (2 * chosen.length)
  const clogs = chosen.map((peer, at) => {
    return { atMs: options.atMs + at * stepMs, kind: 'clog', peer } as const
  })
  const unclogs = shuffled(rng, chosen).map((peer, at) => {
    return { atMs: options.atMs + (chosen.length + at) * stepMs, kind: 'unclog', peer } as const
  })
  return [...clogs, ...unclogs]
}
