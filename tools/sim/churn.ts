/**
 * Steady churn: in every cycle one peer of a hundred crashes and another joins, for a thousand cycles.
 *
 * Set-up: bare HyParView machines, `lan` as shipped, links of 10 ms one way that notice 25 s of silence. The
 * peers join one by one through random earlier ones, 200 ms apart and with no cycle between: `bootParts` are the
 * components after two cycles, of which that way of joining leaves several without early shuffles. At the start
 * of each cycle of 30 s, one in a hundred crashes, every second one without a word, and as many that were never
 * there join through a random living one. Every tenth cycle is looked at, at its end. Four hundred peers instead
 * of the ten thousand of the other experiments keep a run within minutes.
 */
import { type Rng } from '@kithnet/kernel'
import { presets } from '@kithnet/membership'
import {
  atLeast,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { components } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import {
  addView,
  fullShare,
  graphOf,
  growViews,
  runCycles,
  type ViewNetwork,
} from './membership-network.ts'
import { simulatedPeer } from './membership-peers.ts'

const config = presets.lan.views
/** Source: `deadMs` of @kithnet/transport. */
const idleMs = 25_000
const churnShare = 0.01
const cyclesPerLook = 10

interface Outcome {
  readonly bootParts: number
  readonly mostComponents: number
  readonly worstFull: number
  readonly meanFull: number
}

function measure(size: number, cycles: number, seed: number): Outcome {
  const views = growViews(size, config, seed, { keepaliveMs: idleMs })
  runCycles(views, 2)
  const bootParts = components(graphOf(views))
  const rng = views.network.rng('churn')
  const living = Array.from({ length: size }, (_, index) => index)
  const full: number[] = []
  let mostComponents = 0
  for (let cycle = 1; cycle <= cycles; cycle++) {
    replace(views, living, Math.max(1, Math.round(churnShare * size)), rng)
    runCycles(views, 1)
    if (cycle % cyclesPerLook !== 0) continue
    mostComponents = Math.max(mostComponents, components(graphOf(views)))
    full.push(fullShare(views))
  }
  return { bootParts, mostComponents, worstFull: Math.min(...full), meanFull: mean(full) }
}

/** Some of the living crash, and as many newcomers join. */
function replace(views: ViewNetwork, living: number[], count: number, rng: Rng): void {
  for (let crash = 0; crash < count; crash++) {
    const [index] = living.splice(rng.below(living.length), 1)
    views.network.crash(simulatedPeer(index!), crash % 2 === 0 ? 'blackhole' : 'reset')
  }
  for (let join = 0; join < count; join++) {
    const contact = living[rng.below(living.length)]!
    living.push(views.nodes.length)
    addView(views, [contact])
  }
}

/** Source: papers.md section 1, experiments. */
const threshold: Readonly<Record<string, Threshold>> = {
  bootParts: { match: exactly(1), beat: null },
  mostComponents: { match: exactly(1), beat: null },
  worstFullShare: { match: atLeast(0.98), beat: null },
}

export const scenario: Scenario = {
  id: 'churn',
  title: 'HyParView, `lan`: churn of 1 % a cycle for a thousand cycles',
  defaultSeeds: 3,
  async run(options: ScenarioOptions): Promise<Report> {
    const size = options.quick ? 100 : 400
    const cycles = options.quick ? 50 : 1_000
    const outcomes: Outcome[] = []
    for (const seed of seedsOf(options)) {
      const outcome = measure(size, cycles, seed)
      outcomes.push(outcome)
      options.progress(`seed ${seed}: ${JSON.stringify(outcome)}`)
    }
    return judge({
      id: 'churn',
      seeds: outcomes.length,
      figures: {
        nodes: size,
        cycles,
        bootParts: Math.max(...outcomes.map((one) => one.bootParts)),
        mostComponents: Math.max(...outcomes.map((one) => one.mostComponents)),
        worstFullShare: rounded(Math.min(...outcomes.map((one) => one.worstFull))),
        meanFullShare: rounded(mean(outcomes.map((one) => one.meanFull))),
      },
      threshold,
    })
  },
}
