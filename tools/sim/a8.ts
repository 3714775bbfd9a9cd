/**
 * The setting of the gossipsub simulation: copies of a payload, and time to the last node.
 *
 * Set-up: 1,000 nodes with 20 links each (a random regular graph), every link with a latency of its own, uniform from
 * 10 to 100 ms, which gives gossipsub its 100 to 300 ms over four hops; 0.12 ms a check. Five sources publish one message
 * a second in turn, 60 in all, as there. There the mesh is formed before the count begins: here each source publishes
 * one message before, whose copies are a figure of their own. 200 nodes and 20 messages in the quick form.
 * Source of the thresholds: vyzo/gerbil-simsub, gossipsub v1.0: 6.29 copies, 98 % within 300 ms, 100 % within 400 ms.
 */
import { type Rng, seededRng } from '@kithnet/kernel'
import { uniformLatency } from '@kithnet/testkit'
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
import type { Graph } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { BroadcastWorld, type Publication } from './overlay-broadcast.ts'

const links = 20
const sources = 5
const settleMs = 5_000

interface Outcome {
  readonly reliability: number
  readonly copies: number
  readonly copiesWithFirst: number
  readonly announcedBytes: number
  /** Messages asked for, of a thousand deliveries. */
  readonly pulled: number
  readonly delaysMs: readonly number[]
}

/** A graph in which nearly everybody has `degree` neighbours: pairs are drawn until no two free places fit. */
export function randomGraph(nodes: number, degree: number, rng: Rng): Graph {
  const graph: number[][] = Array.from({ length: nodes }, () => [])
  const places = Array.from({ length: nodes * degree }, (_, place) => place % nodes)
  for (let round = 0; round < 20 && places.length > 0; round++) {
    const left: number[] = []
    while (places.length > 1) {
      const [one, other] = [takeFrom(places, rng), takeFrom(places, rng)]
      if (one === other || graph[one]!.includes(other)) left.push(one, other)
      else {
        graph[one]!.push(other)
        graph[other]!.push(one)
      }
    }
    places.push(...left)
  }
  return graph
}

function takeFrom(places: number[], rng: Rng): number {
  const at = rng.below(places.length)
  const place = places[at]!
  places[at] = places.at(-1)!
  places.pop()
  return place
}

function measure(seed: number, nodes: number, messages: number): Outcome {
  const graph = randomGraph(nodes, links, seededRng(`graph ${seed}`))
  const world = new BroadcastWorld(graph, seed, { latency: uniformLatency(10, 100) })
  const publish = (index: number): Publication => {
    const publication = world.publish(index % sources)
    world.network.run(1_000)
    return publication
  }
  const first = Array.from({ length: sources }, (_, index) => publish(index))
  const before = world.announcedBytes
  const counted = Array.from({ length: messages }, (_, index) => publish(index))
  world.network.run(settleMs)
  const sum = (all: readonly Publication[], of: (one: Publication) => number): number =>
    all.reduce((total, one) => total + of(one), 0)
  const all = [...first, ...counted]
  const delivered = sum(counted, (one) => one.delivered)
  return {
    reliability: Math.min(...all.map((one) => world.spreadOf(one).reliability)),
    copies: sum(counted, (one) => one.copies) / delivered,
    copiesWithFirst: sum(all, (one) => one.copies) / sum(all, (one) => one.delivered),
    announcedBytes: (world.announcedBytes - before) / delivered,
    pulled: (1_000 * world.pulledIds) / sum(all, (one) => one.delivered),
    delaysMs: all.flatMap((one) => [...one.delaysMs].filter((ms) => !Number.isNaN(ms))),
  }
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const [nodes, messages] = options.quick ? [200, 20] : [1_000, 60]
  const outcomes: Outcome[] = []
  for (const seed of seedsOf(options)) {
    const outcome = measure(seed, nodes, messages)
    outcomes.push(outcome)
    const { copies, delaysMs } = outcome
    const most = Math.max(...quantiles(delaysMs))
    options.progress(`seed ${seed}: ${copies.toFixed(3)} copies, last after ${most.toFixed(0)} ms`)
  }
  const delays = outcomes.map(({ delaysMs }) => quantiles(delaysMs))
  const meanOf = (of: (outcome: Outcome) => number): number => mean(outcomes.map(of))
  return judge({
    id: 'A8',
    seeds: outcomes.length,
    figures: {
      nodes,
      leastReliability: Math.min(...outcomes.map(({ reliability }) => reliability)),
      copies: rounded(meanOf(({ copies }) => copies)),
      copiesWithFirst: rounded(meanOf(({ copiesWithFirst }) => copiesWithFirst)),
      announcedBytesPerDelivery: rounded(meanOf(({ announcedBytes }) => announcedBytes)),
      pulledOfThousand: rounded(meanOf(({ pulled }) => pulled)),
      medianMs: rounded(mean(delays.map(([median]) => median))),
      p99Ms: rounded(mean(delays.map(([, p99]) => p99))),
      slowestMs: rounded(Math.max(...delays.map(([, , most]) => most))),
    },
    threshold: {
      leastReliability: { match: exactly(1), beat: exactly(1) },
      copies: { match: null, beat: atMost(1.1) },
      copiesWithFirst: { match: atMost(6.4), beat: null },
      slowestMs: { match: atMost(400), beat: atMost(400) },
      // Of gossipsub 2.1 % take longer than 300 ms.
      p99Ms: { match: null, beat: atMost(300) },
    },
  })
}

function quantiles(delaysMs: readonly number[]): readonly [number, number, number] {
  const sorted = delaysMs.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return [at(0.5), at(0.99), at(1)]
}

export const scenario: Scenario = {
  id: 'A8',
  title: "gossipsub's simulation: copies of a payload, and time to the last node",
  run,
}
