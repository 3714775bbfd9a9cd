/**
 * What is left of HyParView's reliability after a share of the nodes has crashed, whose links break.
 *
 * Set-up: the overlay of A1, and for the BEAT two thousand peers with `lan` as it ships, early shuffles
 * included, after 20 cycles; its views cost several times as much as those of the paper. A random share f of the
 * nodes crashes at one instant and the survivors' links to them reset. No cycle of `paper` runs afterwards: only
 * repair helps. Ten seconds later (a sixth of the shortest cycle that anybody uses with 5/30, and about fifty
 * refused dials in a row) the first of 200 messages is flooded from a random survivor, then one every 100 ms.
 * Reliability is the share of survivors that a flood reaches. Each share grows its own overlay, so a seed takes
 * minutes: two seeds by default.
 */
import { presets, type ViewConfig } from '@kithnet/membership'
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

/** Grows an overlay, crashes a share of it, and floods 200 messages. */
export function reliabilityAfter(
  { config, size, cycles }: Overlay,
  share: number,
  seed: number,
): Outcome {
  const views = growViews(size, config, seed)
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

/** One row: whose views, and which share crashes. */
interface Row {
  readonly preset: 'paper' | 'lan'
  readonly share: number
}

const rows: readonly Row[] = [
  { preset: 'paper', share: 0.5 },
  { preset: 'paper', share: 0.8 },
  { preset: 'paper', share: 0.9 },
  { preset: 'paper', share: 0.95 },
  { preset: 'lan', share: 0.9 },
  { preset: 'lan', share: 0.95 },
]

/** The rows of the smaller form: two survivors of forty are no network. */
const quickRows: readonly Row[] = [
  { preset: 'paper', share: 0.8 },
  { preset: 'lan', share: 0.8 },
]

/** A network before its crash. */
interface Overlay {
  readonly config: ViewConfig
  readonly size: number
  readonly cycles: number
}

type Overlays = Readonly<Record<Row['preset'], Overlay>>

const overlays: Overlays = {
  paper: { config: paperViews, size: 10_000, cycles: 50 },
  lan: { config: presets.lan.views, size: 2_000, cycles: 20 },
}

const quickOverlays: Overlays = {
  paper: { config: paperViews, size: 600, cycles: 10 },
  lan: { config: presets.lan.views, size: 150, cycles: 10 },
}

/** Source: targets.md, A2. A mean over floods that all reach everybody is 1 but for its rounding. */
const all = atLeast(0.999999)
const threshold: Readonly<Record<string, Threshold>> = {
  paper50: { match: all, beat: null },
  paper80: { match: all, beat: null },
  paper90: { match: atLeast(0.99), beat: null },
  paper95: { match: atLeast(0.91), beat: null },
  lan90: { match: null, beat: all },
  lan95: { match: null, beat: atLeast(0.998) },
}
const quickThreshold: Readonly<Record<string, Threshold>> = {
  paper80: { match: atLeast(0.999), beat: null },
  lan80: { match: all, beat: null },
}

export const scenario: Scenario = {
  id: 'A2',
  title: 'HyParView: reliability of 200 messages after a crash of a share of the nodes',
  defaultSeeds: 2,
  async run(options: ScenarioOptions): Promise<Report> {
    const grown = options.quick ? quickOverlays : overlays
    const figures: Record<string, number> = {
      paperNodes: grown.paper.size,
      lanNodes: grown.lan.size,
    }
    for (const { preset, share } of options.quick ? quickRows : rows) {
      const outcomes = seedsOf(options).map((seed) => {
        const outcome = reliabilityAfter(grown[preset], share, seed)
        options.progress(
          `seed ${seed}, ${preset}, f ${share}: first ${outcome.first}, mean ${outcome.all}`,
        )
        return outcome
      })
      const name = `${preset}${Math.round(share * 100)}`
      figures[name] = rounded(mean(outcomes.map((one) => one.all)), 6)
      figures[`${name}Worst`] = rounded(Math.min(...outcomes.map((one) => one.all)), 6)
      figures[`${name}First`] = rounded(mean(outcomes.map((one) => one.first)), 6)
    }
    return judge({
      id: 'A2',
      seeds: seedsOf(options).length,
      figures,
      threshold: options.quick ? quickThreshold : threshold,
    })
  },
}
