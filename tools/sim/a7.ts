/**
 * Plumtree over HyParView with one source.
 *
 * Set-up: views grown as in A1, frozen after 20 cycles; 10 ms a hop, 0.12 ms a check; the source publishes one
 * message after the other. The first floods, the trees stand from the second on. `paper` is 5/30, `lan` the preset
 * that ships. The first three seeds have 10,000 nodes, which take up to ten minutes a seed, and only they count for the hops; further
 * seeds have 1,000. 300 nodes in the quick form.
 */
import { presets } from '@kithnet/membership'
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
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import type { Graph } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { graphOf, growViews, paperViews, runCycles } from './membership-network.ts'
import { BroadcastWorld, type Spread } from './overlay-broadcast.ts'

interface Size {
  readonly nodes: number
  readonly cycles: number
}

const fullSize: Size = { nodes: 10_000, cycles: 20 }
const laterSize: Size = { nodes: 1_000, cycles: 20 }
const quickSize: Size = { nodes: 300, cycles: 3 }
/** Seeds of the full size. Source: our choice: half an hour of one core. */
const fullSeeds = 3
const messages = 4

/** Settings of views in the experiments here. */
export type Views = typeof paperViews

/** Source: the preset, with cycles as long as in the experiments of A1. */
export const lanViews: Views = {
  ...presets.lan.views,
  shuffleIntervalMs: paperViews.shuffleIntervalMs,
  rejoinIntervalMs: paperViews.rejoinIntervalMs,
  earlyShuffles: 0,
  joinsPerSecond: paperViews.joinsPerSecond,
}

/** The overlay that HyParView grows, frozen. */
export function grownGraph({ nodes, cycles }: Size, views: Views, seed: number): Graph {
  const grown = growViews(nodes, views, seed)
  runCycles(grown, cycles)
  return graphOf(grown)
}

/** Redundancy and last hop of one source's messages on a graph, one after the other: the rows of a plot. */
export function redundancyByMessage(
  graph: Graph,
  seed: number,
  count: number = messages,
): { readonly spreads: readonly Spread[]; readonly repeated: number } {
  const world = new BroadcastWorld(graph, seed)
  const source = world.network.rng('source').below(graph.length)
  const spreads = Array.from({ length: count }, () => world.broadcast(source))
  return { spreads, repeated: world.repeated }
}

type Rows = ReturnType<typeof redundancyByMessage>

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const largest = options.quick ? quickSize : fullSize
  const paper: Rows[] = []
  const lan: Rows[] = []
  for (const [index, seed] of seedsOf(options).entries()) {
    const began = performance.now()
    const size = index < fullSeeds || options.quick ? largest : laterSize
    paper.push(redundancyByMessage(grownGraph(size, paperViews, seed), seed))
    lan.push(redundancyByMessage(grownGraph(size, lanViews, seed), seed))
    const seconds = (performance.now() - began) / 1000
    options.progress(
      `seed ${seed}: ${describe('paper', paper)}; ${describe('lan', lan)}, ${seconds.toFixed(0)} s`,
    )
  }
  const first = (all: readonly Rows[]): Spread[] => all.map(({ spreads }) => spreads[0]!)
  const later = (all: readonly Rows[]): Spread[] => all.flatMap(({ spreads }) => spreads.slice(1))
  const both = [...paper, ...lan]
  const [paperLarge, lanLarge] = [paper.slice(0, fullSeeds), lan.slice(0, fullSeeds)]
  return judge({
    id: 'A7',
    seeds: paper.length,
    figures: {
      nodes: largest.nodes,
      leastReliability: Math.min(
        ...both.flatMap(({ spreads }) => spreads.map(({ reliability }) => reliability)),
      ),
      repeatedDeliveries: both.reduce((sum, { repeated }) => sum + repeated, 0),
      paperFirstRedundancy: rounded(mean(first(paperLarge).map((spread) => spread.redundancy))),
      paperLaterRedundancy: Math.max(...later(paper).map((spread) => spread.redundancy)),
      paperLastHop: rounded(mean(later(paperLarge).map((spread) => spread.lastHop))),
      lanFirstRedundancy: rounded(mean(first(lanLarge).map((spread) => spread.redundancy))),
      lanLaterRedundancy: Math.max(...later(lan).map((spread) => spread.redundancy)),
      lanLastHop: Math.max(...later(lan).map((spread) => spread.lastHop)),
    },
    threshold: {
      leastReliability: { match: exactly(1), beat: atLeast(1) },
      repeatedDeliveries: { match: exactly(0), beat: exactly(0) },
      // A node that has two copies by the time it has checked one sends to fewer: below the paper's 3.0.
      paperFirstRedundancy: { match: between(2, 3.05), beat: null },
      paperLaterRedundancy: { match: atMost(0.0005), beat: null },
      // Eight hops, to the nearest, in the mean over messages and seeds.
      paperLastHop: { match: atMost(options.quick ? 7 : 8.5), beat: null },
      lanLaterRedundancy: { match: null, beat: atMost(0.0005) },
      lanLastHop: { match: null, beat: atMost(8) },
    },
  })
}

function describe(name: string, all: readonly Rows[]): string {
  const { spreads } = all.at(-1)!
  const figures = spreads.slice(0, 2).map((one) => `${one.redundancy.toFixed(4)} in ${one.lastHop}`)
  return `${name} ${figures.join(', then ')} hops`
}

export const scenario: Scenario = {
  id: 'A7',
  title: 'Plumtree: copies beyond a tree, and hops',
  defaultSeeds: 3,
  run,
}
