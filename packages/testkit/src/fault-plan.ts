import { after, type Instant } from '@kithnet/kernel'
import type { DiskAtRestart } from './boot.ts'
import type { PathConditions } from './path.ts'

/** One fault, `atMs` after its plan begins. Plans are data, so that they can be printed and shrunk. */
export type FaultStep<Peer> = { readonly atMs: number } & (
  | { readonly kind: 'crash'; readonly peer: Peer; readonly manner: 'reset' | 'blackhole' }
  | { readonly kind: 'restart'; readonly peer: Peer; readonly disk: DiskAtRestart }
  | { readonly kind: 'snapshot' | 'clog' | 'unclog'; readonly peer: Peer }
  | { readonly kind: 'stall'; readonly peer: Peer; readonly forMs: number }
  | { readonly kind: 'reset-link' | 'half-open'; readonly peer: Peer; readonly other: Peer }
  | {
      readonly kind: 'block'
      readonly from: readonly Peer[]
      readonly to: readonly Peer[]
      readonly forMs: number
    }
  | {
      readonly kind: 'partition'
      readonly groups: readonly (readonly Peer[])[]
      readonly forMs: number
    }
)

/** Faults in any order; their times say when. */
export type FaultPlan<Peer> = readonly FaultStep<Peer>[]

/** The part of a network that faults act on. */
export interface Faultable<Peer> {
  readonly now: Instant
  readonly peers: readonly Peer[]
  at(at: Instant, action: () => void): void
  isAlive(peer: Peer): boolean
  crash(peer: Peer, manner: 'reset' | 'blackhole'): void
  restart(peer: Peer, disk: DiskAtRestart): void
  snapshot(peer: Peer): void
  stall(peer: Peer, ms: number): void
  clog(peer: Peer): void
  unclog(peer: Peer): void
  resetLink(one: Peer, other: Peer): void
  halfOpen(loser: Peer, believer: Peer): void
  block(from: Iterable<Peer>, to: Iterable<Peer>): () => void
  partition(...groups: readonly (readonly Peer[])[]): () => void
  unblock(): void
  shape(conditions: Partial<PathConditions>, applies?: (from: Peer, to: Peer) => boolean): void
  unshape(): void
}

/** A plan under way. */
export interface PlanRun {
  /** Lets no further step happen. What has happened stays. */
  stop(): void
}

/** Lets the faults of a plan happen from now on. `restarted` is told of each start, to inject what it needs. */
export function applyPlan<Peer>(
  network: Faultable<Peer>,
  plan: FaultPlan<Peer>,
  restarted: (peer: Peer) => void = () => {},
): PlanRun {
  let stopped = false
  const begin = network.now
  const plannedAt = (atMs: number, action: () => void): void => {
    network.at(after(begin, atMs), () => {
      if (!stopped) action()
    })
  }
  for (const step of plan) {
    plannedAt(step.atMs, () => {
      const heal = perform(network, step, restarted)
      if (heal !== undefined && 'forMs' in step) plannedAt(step.atMs + step.forMs, heal)
    })
  }
  return { stop: () => void (stopped = true) }
}

/** Does it, and answers with what undoes it where the plan says when. */
function perform<Peer>(
  network: Faultable<Peer>,
  step: FaultStep<Peer>,
  restarted: (peer: Peer) => void,
): (() => void) | undefined {
  switch (step.kind) {
    case 'crash':
      network.crash(step.peer, step.manner)
      return undefined
    case 'restart':
      if (network.isAlive(step.peer)) return undefined
      network.restart(step.peer, step.disk)
      restarted(step.peer)
      return undefined
    case 'snapshot':
      network.snapshot(step.peer)
      return undefined
    case 'clog':
      network.clog(step.peer)
      return undefined
    case 'unclog':
      network.unclog(step.peer)
      return undefined
    case 'stall':
      network.stall(step.peer, step.forMs)
      return undefined
    case 'reset-link':
      network.resetLink(step.peer, step.other)
      return undefined
    case 'half-open':
      network.halfOpen(step.peer, step.other)
      return undefined
    case 'block':
      return network.block(step.from, step.to)
    case 'partition':
      return network.partition(...step.groups)
  }
}
