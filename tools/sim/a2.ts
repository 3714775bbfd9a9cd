/**
 * HyParView after a crash of a large share of the nodes, whose links break.
 *
 * Set-up: the overlay of A1; a random share f of the nodes crashes at one instant and the survivors' links to
 * them reset. No cycle runs afterwards: only repair helps. Ten seconds later (a sixtieth of the shortest
 * cycle that anybody uses, and about fifty refused dials in a row) the first of 200 messages is flooded from
 * a random survivor, then one every 100 ms. Reliability is the share of survivors that a flood reaches. Each
 * share grows its own overlay, so a seed takes minutes: five seeds by default.
 */
import {
  atLeast,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { hopsFrom } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { crashShare, graphOf, growViews, paperViews, runCycles } from './membership-network.ts'

const messages = 200
const repairMs = 10_000
const pauseMs = 100

interface Outcome {
  readonly first: number
  readonly all: number
}

function measure(size: number, cycles: number, share: number, seed: number): Outcome {
  const views = growViews(size, paperViews, seed)
  runCycles(views, cycles)
  crashShare(views, share)
  views.network.run(repairMs)
  const rng = views.network.rng('sources')
  const reliabilities: number[] = []
  for (let message = 0; message < messages; message++) {
    const graph = graphOf(views)
    const hops = hopsFrom(graph, rng.below(graph.length))
    reliabilities.push(hops.filter((hop) => hop >= 0).length / graph.length)
    views.network.run(pauseMs)
  }
  return { first: reliabilities[0]!, all: mean(reliabilities) }
}

/** Source: targets.md, A2; shares above 0.8 are shown and not judged here. */
const shares = [0.5, 0.8, 0.9, 0.95] as const
const threshold: Readonly<Record<string, Threshold>> = {
  reliability50: { match: atLeast(0.99999), beat: null },
  reliability80: { match: atLeast(0.99999), beat: null },
}

export const scenario: Scenario = {
  id: 'A2',
  title: 'HyParView 5/30: reliability of 200 messages after a crash of a share of the nodes',
  defaultSeeds: 2,
  async run(options: ScenarioOptions): Promise<Report> {
    const size = options.quick ? 1_000 : 10_000
    const cycles = options.quick ? 10 : 50
    const wanted = options.quick ? shares.slice(0, 2) : shares
    const figures: Record<string, number> = { nodes: size }
    for (const share of wanted) {
      const outcomes = seedsOf(options).map((seed) => {
        const outcome = measure(size, cycles, share, seed)
        options.progress(
          `a2: seed ${seed}, f ${share}: first ${outcome.first}, mean ${outcome.all}`,
        )
        return outcome
      })
      const name = String(Math.round(share * 100))
      figures[`reliability${name}`] = rounded(mean(outcomes.map((one) => one.all)), 6)
      figures[`worstReliability${name}`] = rounded(Math.min(...outcomes.map((one) => one.all)), 6)
      figures[`firstMessage${name}`] = rounded(mean(outcomes.map((one) => one.first)), 6)
    }
    return judge({ id: 'A2', seeds: seedsOf(options).length, figures, threshold })
  },
}
