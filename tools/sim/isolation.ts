/**
 * Nobody is left behind: networks of 16 to 512 peers under joins, crashes, restarts, leaves and faults of the
 * network, after which every living peer must be in one component.
 *
 * Set-up: composed machines, `lan`, links of 1 to 30 ms one way that notice 25 s of silence, as those that ship.
 * The size is the smaller of two that are drawn uniformly on a logarithmic scale. Everybody joins within some seconds through one of three
 * contacts, drawn at random, and keeps that one alone. Then, for a minute: as many random faults as a quarter
 * of the peers (crashes with restarts on kept, lost and old disks, stalls, clogs, one-way and two-way
 * partitions, broken and half-open links; each seed draws its kinds), while a sixteenth of the peers crash for
 * good, as many leave, half of whom come back, and as many join. The contacts suffer the same faults but do not
 * go for good: who knows only peers that are gone cannot get in. Half of the seeds lose 2 % of all messages.
 * When the faults are over, the network has two rejoin periods to be whole; most need none. A peer counts as
 * isolated when it is then outside the largest component, over mutual active views: a flood from any other
 * peer does not reach it. Every 25th seed runs whole overlays instead, of 16 to 48 peers, and there a peer
 * counts when one of three broadcasts after the faults did not reach it.
 */
import { type Rng } from '@kithnet/kernel'
import { presets } from '@kithnet/membership'
import { applyPlan, type FaultKind, randomPlan, uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import {
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import {
  addComposed,
  type Composed,
  emptyComposed,
  graphOfComposed,
  join,
} from './membership-composed.ts'
import { hopsFrom } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { simulatedPeer } from './membership-peers.ts'
import { isolatedOverlays } from './isolation-overlay.ts'

const config = presets.lan
/** Source: `deadMs` of @kithnet/transport. */
const idleMs = 25_000
const contacts = 3
const churnMs = 60_000
const joinMs = 20_000
const lookMs = 5_000
const healMs = 2 * config.views.rejoinIntervalMs
const overlayEvery = 25

/** What became of one network. */
export interface IsolationRun {
  readonly size: number
  readonly isolated: number
  /** From the end of the faults until it was whole and stayed so; `Infinity` when it was not. */
  readonly wholeAfterMs: number
}

/** One seed of composed machines. */
export function isolationRun(seed: number, mostPeers = 512): IsolationRun {
  const composed = emptyComposed({
    config,
    seed,
    latency: uniformLatency(1, 30),
    keepaliveMs: idleMs,
    onEmit: () => undefined,
  })
  const { network } = composed
  const rng = network.rng('isolation')
  const size = drawnSize(rng, mostPeers)
  for (let index = 0; index < size; index++) {
    addComposed(composed, simulatedPeer(rng.below(Math.min(contacts, Math.max(1, index)))))
    network.run(rng.below(Math.ceil((2 * joinMs) / size)))
  }
  const left = churn(composed, rng)
  let wholeAfterMs = Infinity
  let isolated = outside(composed, left)
  for (let ms = 0; ms <= healMs; ms += lookMs) {
    if (isolated > 0) wholeAfterMs = Infinity
    else if (wholeAfterMs === Infinity) wholeAfterMs = ms
    // Whole, and still so two looks later.
    if (isolated === 0 && ms - wholeAfterMs >= 2 * lookMs) break
    network.run(lookMs)
    isolated = outside(composed, left)
  }
  return { size, isolated, wholeAfterMs }
}

/** From 16 to `most`, small ones more often. */
function drawnSize(rng: Rng, most: number): number {
  const sizes: number[] = []
  for (let size = 16; size < most; size *= 2) sizes.push(size)
  const least = sizes[Math.min(rng.below(sizes.length), rng.below(sizes.length))]!
  return least + rng.below(least + 1)
}

/** A minute of faults. Who has left and not come back. */
function churn(composed: Composed, rng: Rng): ReadonlySet<PeerId> {
  const { network, nodes } = composed
  const peers = [...nodes.keys()]
  const left = new Set<PeerId>()
  const contact = (): PeerId => simulatedPeer(rng.below(contacts))
  const lossy = rng.below(2) === 0
  if (lossy) network.shape({ lossRate: 0.02 })
  const faults = Math.max(4, Math.floor(peers.length / 4))
  const plan = randomPlan(rng, peers, { durationMs: churnMs, faults, kinds: kindsOf(rng) })
  const run = applyPlan(network, plan, (peer) => {
    left.delete(peer)
    join(network, peer, contact())
  })
  const mortals = peers.slice(contacts)
  const steps = Math.max(1, Math.floor(peers.length / 16))
  for (let step = 0; step < steps; step++) {
    network.crash(mortals[rng.below(mortals.length)]!, rng.below(2) === 0 ? 'reset' : 'blackhole')
    addComposed(composed, contact())
    const leaver = mortals[rng.below(mortals.length)]!
    network.inject(leaver, { type: 'leave' })
    left.add(leaver)
    network.run(churnMs / steps)
    if (step % 2 === 1) continue
    join(network, leaver, contact())
    left.delete(leaver)
  }
  // The longest fault began at the end of that minute and takes a quarter of it.
  network.run(churnMs / 4)
  run.stop()
  network.unblock()
  if (lossy) network.unshape()
  return left
}

const kinds: readonly FaultKind[] = [
  'crash',
  'stall',
  'clog',
  'block',
  'partition',
  'bridge',
  'reset-link',
  'half-open',
]

/** Crashes always, and each other kind with a probability of a half. */
function kindsOf(rng: Rng): readonly FaultKind[] {
  return kinds.filter((kind) => rng.below(2) === 0 || kind === 'crash')
}

/** Living peers that take part and are outside the largest component. */
function outside({ nodes }: Composed, left: ReadonlySet<PeerId>): number {
  const graph = graphOfComposed(nodes, left)
  let largest = 0
  const seen = new Set<number>()
  for (let node = 0; node < graph.length; node++) {
    if (seen.has(node)) continue
    let size = 0
    for (const [other, hops] of hopsFrom(graph, node).entries()) {
      if (hops < 0) continue
      seen.add(other)
      size++
    }
    largest = Math.max(largest, size)
  }
  return graph.length - largest
}

/** Source: the goal is none, ever. */
const threshold: Readonly<Record<string, Threshold>> = {
  isolated: { match: exactly(0), beat: exactly(0) },
  overlaysMissed: { match: exactly(0), beat: exactly(0) },
}

export const scenario: Scenario = {
  id: 'isolation',
  title: 'HyParView and SWIM, `lan`: peers left outside after churn, 16 to 512 peers',
  defaultSeeds: 100,
  async run(options: ScenarioOptions): Promise<Report> {
    const runs: IsolationRun[] = []
    let overlays = 0
    let missed = 0
    for (const seed of seedsOf(options)) {
      if (seed % overlayEvery === 0 || (options.quick && seed === 1)) {
        overlays++
        missed += isolatedOverlays(seed, options.quick ? 16 : 48)
      } else {
        const run = isolationRun(seed, options.quick ? 32 : 512)
        runs.push(run)
        if (run.isolated > 0) options.progress(`seed ${seed}: ${JSON.stringify(run)}`)
      }
      if (seed % 50 === 0) options.progress(`seed ${seed} is done`)
    }
    const waits = runs.map((run) => run.wholeAfterMs / 1000)
    return judge({
      id: 'isolation',
      seeds: runs.length + overlays,
      figures: {
        networks: runs.length,
        meanPeers: rounded(mean(runs.map((run) => run.size))),
        isolated: runs.reduce((sum, run) => sum + run.isolated, 0),
        networksNotWhole: runs.filter((run) => run.isolated > 0).length,
        meanSecondsUntilWhole: rounded(mean(waits)),
        worstSecondsUntilWhole: Math.max(...waits),
        overlays,
        overlaysMissed: missed,
      },
      threshold,
    })
  },
}
