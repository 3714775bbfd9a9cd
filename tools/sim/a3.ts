/**
 * Half of the peers vanish in silence: nobody is told, and only missing answers show it.
 *
 * Set-up, MATCH: bare HyParView machines, the overlay of A1 (`paper` 5/30, after 10 cycles), whose links notice
 * 25 s of silence as those that ship do. Reliability is the mean share of the survivors that floods from 50 of
 * them reach: before anything is noticed, and after two cycles.
 * BEAT: composed machines, `lan`, whose links notice nothing, so that SWIM alone finds out. One detection time
 * is the longest wait for a probe, (2n - 1) / `probesPerInterval` periods among n = `activeCapacity` members
 * and one more, and then the longest suspicion. Links of 10 ms and of 1 to 10 ms one way.
 */
import { type Rng, sample } from '@kithnet/kernel'
import { presets, suspicionTimes } from '@kithnet/membership'
import { uniformLatency } from '@kithnet/testkit'
import {
  atLeast,
  atMost,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { graphOfComposed, growComposed } from './membership-composed.ts'
import { flood, type Graph } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { crashShare, graphOf, growViews, paperViews, runCycles } from './membership-network.ts'

const share = 0.5
const sources = 50
/** Source: `deadMs` of @kithnet/transport. */
const idleMs = 25_000
const cyclesBefore = 10
const { views, swim } = presets.lan
const settleMs = 60_000

interface Outcome {
  readonly before: number
  readonly afterTwoCycles: number
  readonly composedBefore: number
  readonly afterDetection: number
  /** Until 99 % were reached, looked at once a second. */
  readonly secondsTo99: number
}

/** The longest that a neighbour of a silent peer can take to declare it dead, while it is well itself. */
function detectionMs(): number {
  const members = views.activeCapacity
  const { maxMs } = suspicionTimes(swim, members, members)
  return ((2 * members - 1) / swim.probesPerInterval + 1) * swim.probeIntervalMs + maxMs
}

function reach(graph: Graph, rng: Rng): number {
  return flood(graph, sources, rng).reached
}

function measureBare(size: number, seed: number): { before: number; afterTwoCycles: number } {
  const grown = growViews(size, paperViews, seed, { keepaliveMs: idleMs })
  runCycles(grown, cyclesBefore)
  crashShare(grown, share, 'blackhole')
  const rng = grown.network.rng('flood')
  const before = reach(graphOf(grown), rng)
  runCycles(grown, 2)
  return { before, afterTwoCycles: reach(graphOf(grown), rng) }
}

function measureComposed(
  size: number,
  seed: number,
): { composedBefore: number; afterDetection: number; secondsTo99: number } {
  const { network, nodes } = growComposed({
    size,
    config: presets.lan,
    seed,
    latency: uniformLatency(1, 10),
    joinPauseMs: 200,
    onEmit: () => undefined,
  })
  network.run(settleMs)
  const rng = network.rng('flood')
  for (const peer of sample(network.rng('crash'), [...nodes.keys()], Math.round(share * size))) {
    network.crash(peer, 'blackhole')
  }
  const composedBefore = reach(graphOfComposed(nodes), rng)
  let reached = composedBefore
  let secondsTo99 = 0
  const detectionSeconds = Math.floor(detectionMs() / 1000)
  for (let second = 1; second <= detectionSeconds; second++) {
    network.run(1000)
    reached = reach(graphOfComposed(nodes), rng)
    if (reached < 0.99) secondsTo99 = second + 1
  }
  return { composedBefore, afterDetection: reached, secondsTo99 }
}

/** Source: targets.md, A3. */
const threshold: Readonly<Record<string, Threshold>> = {
  reliabilityBefore: { match: atLeast(0.9), beat: null },
  worstAfterTwoCycles: { match: atLeast(1), beat: null },
  worstAfterDetection: { match: null, beat: atLeast(0.99) },
  worstSecondsTo99: { match: null, beat: atMost(detectionMs() / 1000) },
}

export const scenario: Scenario = {
  id: 'A3',
  title: 'HyParView, and with SWIM: half of the peers vanish in silence',
  async run(options: ScenarioOptions): Promise<Report> {
    const bareSize = options.quick ? 500 : 10_000
    const composedSize = options.quick ? 80 : 1_000
    const outcomes: Outcome[] = []
    for (const seed of seedsOf(options)) {
      const bare = measureBare(bareSize, seed)
      options.progress(`seed ${seed}: ${bare.before} before, ${bare.afterTwoCycles} after`)
      const composed = measureComposed(composedSize, seed)
      options.progress(`seed ${seed}: 99 % after ${composed.secondsTo99} s`)
      outcomes.push({ ...bare, ...composed })
    }
    return judge({
      id: 'A3',
      seeds: outcomes.length,
      figures: {
        nodes: bareSize,
        reliabilityBefore: rounded(mean(outcomes.map((one) => one.before))),
        worstAfterTwoCycles: Math.min(...outcomes.map((one) => one.afterTwoCycles)),
        composedNodes: composedSize,
        detectionSeconds: detectionMs() / 1000,
        composedBefore: rounded(mean(outcomes.map((one) => one.composedBefore))),
        worstAfterDetection: rounded(Math.min(...outcomes.map((one) => one.afterDetection)), 6),
        meanSecondsTo99: rounded(mean(outcomes.map((one) => one.secondsTo99))),
        worstSecondsTo99: Math.max(...outcomes.map((one) => one.secondsTo99)),
      },
      threshold,
    })
  },
}
