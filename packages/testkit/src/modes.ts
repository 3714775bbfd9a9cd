import { CodedError, type Fault, type Rng, sample } from '@kithnet/kernel'
import { applyPlan, type Faultable, type PlanRun } from './fault-plan.ts'
import type { PathConditions } from './path.ts'
import { type PlanOptions, randomPlan } from './random-plan.ts'

/** A healthy core that made no progress in time. */
export interface ProgressFault extends Fault {
  readonly code: 'testkit/no-progress'
  readonly what: string
  readonly withinMs: number
}

/** Faults of the safety mode: a plan, and paths that misbehave throughout. */
export interface SafetyOptions<Peer> extends PlanOptions {
  readonly path?: Partial<PathConditions>
  readonly restarted?: (peer: Peer) => void
}

/**
 * Safety mode: faults everywhere, uniformly, each healing in time. What must never happen must not happen
 * now; nothing is asked of progress. Source: TigerBeetle's simulator, for the two modes.
 */
export function safetyMode<Peer>(
  network: Faultable<Peer>,
  rng: Rng,
  options: SafetyOptions<Peer>,
): PlanRun {
  if (options.path !== undefined) network.shape(options.path)
  return applyPlan(network, randomPlan(rng, network.peers, options), options.restarted)
}

/** How the liveness mode divides the network. */
export interface LivenessOptions<Peer> {
  /** Share of the peers that are healthy from now on, in (0, 1]. */
  readonly coreShare: number
  readonly restarted?: (peer: Peer) => void
}

/**
 * Liveness mode: a random core is healed and stays healthy; every other peer stays faulty for ever, each in
 * its own way. Stop a plan of the safety mode first. Answers with the core, of which progress may be
 * demanded: uniform faults never hold still for long enough to show a livelock.
 */
export function livenessMode<Peer>(
  network: Faultable<Peer>,
  rng: Rng,
  options: LivenessOptions<Peer>,
): readonly Peer[] {
  const { peers } = network
  const core = sample(rng, peers, Math.max(1, Math.round(options.coreShare * peers.length)))
  const healthy = new Set(core)
  network.unblock()
  network.unshape()
  for (const peer of peers) network.unclog(peer)
  for (const peer of core) {
    if (network.isAlive(peer)) continue
    network.restart(peer, 'kept')
    options.restarted?.(peer)
  }
  for (const peer of peers) if (!healthy.has(peer)) ruin(network, rng, peer, core)
  return core
}

function ruin<Peer>(network: Faultable<Peer>, rng: Rng, peer: Peer, core: readonly Peer[]): void {
  switch (rng.below(6)) {
    case 0:
      network.crash(peer, 'reset')
      return
    case 1:
      network.crash(peer, 'blackhole')
      return
    case 2:
      network.clog(peer)
      return
    case 3:
      // It hears the core, which does not hear it.
      network.block([peer], core)
      return
    case 4:
      network.block(core, [peer])
      return
    default:
      network.shape({ lossRate: 0.5, jitterMs: 500 }, (from, to) => from === peer || to === peer)
  }
}

/**
 * Lets time pass until a demand is met.
 *
 * @throws CodedError `testkit/no-progress` when it is not met in time.
 */
export function demand(
  network: { runWhile(goOn: () => boolean, ms: number): boolean },
  what: string,
  met: () => boolean,
  withinMs: number,
): void {
  if (network.runWhile(() => !met(), withinMs)) return
  const fault: ProgressFault = { code: 'testkit/no-progress', what, withinMs }
  throw new CodedError(fault, `the healthy part of the network did not reach "${what}" in time`)
}
