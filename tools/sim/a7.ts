/**
 * Plumtree over HyParView: one source first, then sixteen.
 *
 * Set-up: views grown as in A1, frozen after 20 cycles; 10 ms a hop, 0.12 ms a check; the source publishes one
 * message after the other. The first floods, the trees stand from the second on. Then sixteen other sources publish
 * four messages each in turn, each one's first left out of the means (A7b at a sixteenth of its messages). `paper`
 * is 5/30, `lan` the preset that ships. 500 nodes and four sources
 * in the quick form.
 */
import { sample } from '@kithnet/kernel'
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
import { mean, rounded } from './membership-mean.ts'
import { graphOf, growViews, paperViews, runCycles } from './membership-network.ts'
import { BroadcastWorld, type Spread } from './overlay-broadcast.ts'

interface Size {
  readonly nodes: number
  readonly cycles: number
  readonly sources: number
  readonly messagesPerSource: number
}

const fullSize: Size = { nodes: 10_000, cycles: 20, sources: 16, messagesPerSource: 4 }
const quickSize: Size = { nodes: 500, cycles: 4, sources: 4, messagesPerSource: 2 }

interface Trees {
  readonly first: Spread
  readonly second: Spread
  readonly rest: readonly Spread[]
  readonly many: readonly Spread[]
  readonly repeated: number
}

type Views = typeof paperViews

/** Source: the preset, with cycles as long as in the experiments of A1. */
const lanViews: Views = {
  ...presets.lan.views,
  shuffleIntervalMs: paperViews.shuffleIntervalMs,
  earlyShuffles: 0,
  joinsPerSecond: paperViews.joinsPerSecond,
}

function measure(size: Size, views: Views, seed: number, sources: number): Trees {
  const grown = growViews(size.nodes, views, seed)
  runCycles(grown, size.cycles)
  const graph = graphOf(grown)
  const world = new BroadcastWorld(graph, seed)
  const rng = grown.network.rng('sources')
  const indices = graph.map((_, index) => index)
  const [source = 0, ...others] = sample(rng, indices, sources + 1)
  const [first, second] = [world.broadcast(source), world.broadcast(source)]
  const rest = [world.broadcast(source), world.broadcast(source)]
  const many: Spread[] = []
  for (let round = 0; round < size.messagesPerSource; round++) {
    for (const other of others) {
      const spread = world.broadcast(other)
      if (round > 0) many.push(spread)
    }
  }
  return { first, second, rest, many, repeated: world.repeated }
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const size = options.quick ? quickSize : fullSize
  const paper: Trees[] = []
  const lan: Trees[] = []
  for (const seed of seedsOf(options)) {
    const began = performance.now()
    paper.push(measure(size, paperViews, seed, 0))
    lan.push(measure(size, lanViews, seed, size.sources))
    const seconds = (performance.now() - began) / 1000
    options.progress(
      `seed ${seed}: ${describe('paper', paper)}; ${describe('lan', lan)}, ${seconds.toFixed(0)} s`,
    )
  }
  const later = (all: readonly Trees[]): Spread[] =>
    all.flatMap(({ second, rest }) => [second, ...rest])
  const reached = [...paper, ...lan].flatMap(({ first, second, rest, many }) => [
    first,
    second,
    ...rest,
    ...many,
  ])
  const many = lan.flatMap((trees) => trees.many)
  return judge({
    id: 'A7',
    seeds: paper.length,
    figures: {
      nodes: size.nodes,
      leastReliability: Math.min(...reached.map((spread) => spread.reliability)),
      repeatedDeliveries: [...paper, ...lan].reduce((sum, trees) => sum + trees.repeated, 0),
      paperFirstRedundancy: rounded(mean(paper.map(({ first }) => first.redundancy))),
      paperLaterRedundancy: Math.max(...later(paper).map((spread) => spread.redundancy)),
      paperLastHop: rounded(mean(later(paper).map((spread) => spread.lastHop))),
      lanFirstRedundancy: rounded(mean(lan.map(({ first }) => first.redundancy))),
      lanLaterRedundancy: Math.max(...later(lan).map((spread) => spread.redundancy)),
      lanLastHop: Math.max(...later(lan).map((spread) => spread.lastHop)),
      manySourcesRedundancy: rounded(mean(many.map((spread) => spread.redundancy)), 3),
      manySourcesLastHop: Math.max(...many.map((spread) => spread.lastHop)),
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
      manySourcesRedundancy: { match: atMost(0.05), beat: atMost(0.02) },
      manySourcesLastHop: { match: null, beat: atMost(9) },
    },
  })
}

function describe(name: string, all: readonly Trees[]): string {
  const last = all.at(-1)!
  const figures = [last.first, last.second].map(
    (one) => `${one.redundancy.toFixed(4)} in ${one.lastHop}`,
  )
  return `${name} ${figures.join(', then ')} hops`
}

export const scenario: Scenario = {
  id: 'A7',
  title: 'Plumtree: copies beyond a tree, and hops',
  defaultSeeds: 1,
  run,
}
