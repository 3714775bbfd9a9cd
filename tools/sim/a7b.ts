/**
 * Sixteen sources at once: a tree for each against one for all.
 *
 * Set-up: views of the shipping `lan` preset grown as in A7, frozen; 10 ms a hop, 0.12 ms a check. Sixteen sources
 * publish 1,000 messages in all, one every 50 ms in turn; each source's first message is left
 * out of the means. Beside it, a tenth of the messages on one tree for all sources (`sources: 0`): what the paper's
 * Plumtree does. 1,000 nodes in place of 10,000, on which 1,000 messages take ten minutes a seed; from the fourth seed
 * on 200 messages; 150 nodes and 64 messages in the quick form.
 */
import {
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { grownGraph, lanViews } from './a7.ts'
import type { Graph } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { BroadcastWorld, type Publication } from './overlay-broadcast.ts'

const sources = 16
/** Seeds with all messages. Source: our choice: a quarter of an hour of one core. */
const fullSeeds = 3
const laterMessages = 200
const pauseMs = 50
const settleMs = 5_000
/** An id of 32 bytes in a list of its own against a prefix of eight. */
const savedBytes = 34 - 8

interface Many {
  readonly reliability: number
  readonly redundancy: number
  readonly lastHop: number
  readonly meanLastHop: number
  /** Bytes of announcements for each delivery; what they would be with whole ids. */
  readonly announcedBytes: number
  readonly announcedWhole: number
  readonly repeated: number
}

function measure(graph: Graph, seed: number, messages: number, trees: number | undefined): Many {
  const config = trees === undefined ? {} : { sources: trees }
  const world = new BroadcastWorld(graph, seed, { config })
  const rng = world.network.rng('sources')
  const publishing = Array.from({ length: sources }, () => rng.below(graph.length))
  for (const source of publishing) {
    world.publish(source)
    world.network.run(pauseMs)
  }
  world.network.run(settleMs)
  const before = { bytes: world.announcedBytes, ids: world.announcedIds }
  const counted: Publication[] = []
  while (world.publications.length < messages) {
    counted.push(world.publish(publishing[counted.length % sources]!))
    world.network.run(pauseMs)
  }
  world.network.run(settleMs)
  const spreads = counted.map((publication) => world.spreadOf(publication))
  const deliveries = counted.reduce((sum, { delivered }) => sum + delivered, 0)
  const announced = world.announcedBytes - before.bytes
  return {
    reliability: Math.min(...spreads.map((spread) => spread.reliability)),
    redundancy: mean(spreads.map((spread) => spread.redundancy)),
    lastHop: Math.max(...spreads.map((spread) => spread.lastHop)),
    meanLastHop: mean(spreads.map((spread) => spread.lastHop)),
    announcedBytes: announced / deliveries,
    announcedWhole: (announced + (world.announcedIds - before.ids) * savedBytes) / deliveries,
    repeated: world.repeated,
  }
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const [nodes, messages] = options.quick ? [150, 64] : [1_000, 1_000]
  const own: Many[] = []
  const one: Many[] = []
  for (const [index, seed] of seedsOf(options).entries()) {
    const began = performance.now()
    const count = index < fullSeeds || options.quick ? messages : laterMessages
    const graph = grownGraph({ nodes, cycles: options.quick ? 2 : 20 }, lanViews, seed)
    own.push(measure(graph, seed, count, undefined))
    one.push(measure(graph, seed, Math.max(40, count / 10), 0))
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    const { redundancy, lastHop } = own.at(-1)!
    options.progress(`seed ${seed}: ${redundancy.toFixed(4)} in ${lastHop} hops, ${seconds} s`)
  }
  return judge({
    id: 'A7b',
    seeds: own.length,
    figures: {
      nodes,
      messages,
      leastReliability: Math.min(...own.map((many) => many.reliability)),
      repeatedDeliveries: own.reduce((sum, { repeated }) => sum + repeated, 0),
      redundancy: rounded(mean(own.map((many) => many.redundancy)), 3),
      lastHop: Math.max(...own.map((many) => many.lastHop)),
      meanLastHop: rounded(mean(own.map((many) => many.meanLastHop))),
      announcedBytesPerDelivery: rounded(mean(own.map((many) => many.announcedBytes))),
      announcedBytesWithWholeIds: rounded(mean(own.map((many) => many.announcedWhole))),
      oneTreeRedundancy: rounded(mean(one.map((many) => many.redundancy)), 3),
      oneTreeLastHop: Math.max(...one.map((many) => many.lastHop)),
    },
    threshold: {
      leastReliability: { match: exactly(1), beat: exactly(1) },
      repeatedDeliveries: { match: exactly(0), beat: exactly(0) },
      redundancy: { match: atMost(0.05), beat: atMost(0.02) },
      lastHop: { match: null, beat: atMost(9) },
    },
  })
}

export const scenario: Scenario = {
  id: 'A7b',
  title: 'Plumtree with sixteen sources: copies beyond a tree, and hops',
  defaultSeeds: 3,
  run,
}
