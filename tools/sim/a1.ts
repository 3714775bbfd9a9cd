/**
 * HyParView's steady overlay: path length, clustering, degrees and hops of a flood.
 *
 * Set-up: bare HyParView machines, `paper` 5/30; each joins through a random earlier one, with a cycle after
 * each join until there are 200 and at each doubling, then 50 cycles. Links of 10 ms one way. Figures of the
 * mutual active views: floods from 50 random nodes, means over the seeds and the worst seed.
 */
import {
  atLeast,
  atMost,
  between,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { clustering, components, flood } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { fullShare, graphOf, growViews, paperViews, runCycles } from './membership-network.ts'

const cycles = 50
const sources = 50

interface Overlay {
  readonly meanPathHops: number
  readonly lastHop: number
  readonly clustering: number
  readonly full: number
  readonly components: number
}

function measure(size: number, seed: number): Overlay {
  const views = growViews(size, paperViews, seed)
  runCycles(views, cycles)
  const graph = graphOf(views)
  const { meanPathHops, lastHop } = flood(graph, sources, views.network.rng('flood'))
  return {
    meanPathHops,
    lastHop,
    clustering: clustering(graph),
    full: fullShare(views),
    components: components(graph),
  }
}

/** Source: targets.md, A1. */
const atTenThousand: Readonly<Record<string, Threshold>> = {
  meanPathHops: { match: between(6.34, 6.44), beat: between(6.34, 6.44) },
  clustering: { match: atMost(1e-3), beat: atMost(5e-4) },
  fullShare: { match: atLeast(0.998), beat: atLeast(0.998) },
  lastHop: { match: atMost(9), beat: atMost(8.3) },
  mostComponents: { match: null, beat: exactly(1) },
}

/** Source: papers.md section 1, the reproduced row of 1,000 nodes; clustering ten times as high at a tenth. */
const atThousand: Readonly<Record<string, Threshold>> = {
  meanPathHops: { match: between(4.67, 4.77), beat: null },
  clustering: { match: atMost(1e-2), beat: null },
  fullShare: { match: atLeast(0.995), beat: null },
  lastHop: { match: atMost(7), beat: null },
  mostComponents: { match: exactly(1), beat: null },
}

export const scenario: Scenario = {
  id: 'A1',
  title: 'HyParView 5/30 after 50 cycles',
  defaultSeeds: 5,
  async run(options: ScenarioOptions): Promise<Report> {
    const size = options.quick ? 1_000 : 10_000
    const overlays: Overlay[] = []
    for (const seed of seedsOf(options)) {
      const began = performance.now()
      const overlay = measure(size, seed)
      overlays.push(overlay)
      const seconds = (performance.now() - began) / 1000
      options.progress(`a1: seed ${seed}: ${describe(overlay)}, ${seconds.toFixed(1)} s`)
    }
    return judge({
      id: 'A1',
      seeds: overlays.length,
      figures: {
        nodes: size,
        meanPathHops: rounded(mean(overlays.map((one) => one.meanPathHops))),
        clustering: rounded(mean(overlays.map((one) => one.clustering)), 3),
        fullShare: rounded(mean(overlays.map((one) => one.full)), 5),
        lastHop: rounded(mean(overlays.map((one) => one.lastHop))),
        worstMeanPathHops: rounded(Math.max(...overlays.map((one) => one.meanPathHops))),
        worstClustering: rounded(Math.max(...overlays.map((one) => one.clustering)), 3),
        worstFullShare: rounded(Math.min(...overlays.map((one) => one.full)), 5),
        worstLastHop: rounded(Math.max(...overlays.map((one) => one.lastHop))),
        mostComponents: Math.max(...overlays.map((one) => one.components)),
      },
      threshold: options.quick ? atThousand : atTenThousand,
    })
  },
}

function describe(overlay: Overlay): string {
  const hops = `${overlay.meanPathHops.toFixed(3)} hops, last ${overlay.lastHop.toFixed(2)}`
  const shape = `clustering ${overlay.clustering.toExponential(2)}, full ${overlay.full}`
  return `${hops}, ${shape}, ${overlay.components} component(s)`
}
