/**
 * A million deliveries: none lost, none twice, none unverified.
 *
 * Set-up: 100 whole overlays of the `lan` preset on links of 5 to 50 ms; then every link loses 5 % of its messages,
 * those of membership, keys, batches and repairs included. Every node publishes messages of 256 bytes, 40 a second
 * in all, at random instants; after the last one, paths stay lossy while what is missing is repaired. 20 nodes and a
 * hundredth of the deliveries in the quick form.
 */
import { uniformLatency } from '@kithnet/testkit'
import {
  atLeast,
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { rounded } from './membership-mean.ts'
import { OverlayWorld, quantile } from './overlay-world.ts'

interface Size {
  readonly nodes: number
  readonly messages: number
}

const fullSize: Size = { nodes: 100, messages: 10_200 }
const quickSize: Size = { nodes: 20, messages: 530 }
const lossRate = 0.05
const messagesPerSecond = 40
const payloadBytes = 256
/** Source: our choice; three periods of anti-entropy. */
const repairMs = 30_000

interface Outcome {
  readonly due: number
  readonly delivered: number
  readonly lost: number
  readonly repeated: number
  readonly unverified: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly shed: number
  readonly lostFrames: number
}

function measure(
  { nodes, messages }: Size,
  seed: number,
  progress: (text: string) => void,
): Outcome {
  const world = new OverlayWorld({ seed, peers: nodes, latency: uniformLatency(5, 50) })
  const { network } = world
  const topic = world.topic('deliveries')
  const rng = network.rng('payloads')
  world.subscribeAll(topic)
  world.join(100)
  network.run(nodes * 100 + 20_000)
  network.shape({ lossRate })
  const spanMs = (messages * 1000) / messagesPerSecond
  const slices = 20
  for (let slice = 0; slice < slices; slice++) {
    const count = Math.ceil(messages / slices)
    for (let sent = 0; sent < count; sent++) {
      world.publish(rng.below(nodes), topic, rng.bytes(payloadBytes), rng.below(spanMs / slices))
    }
    network.run(spanMs / slices)
    progress(`seed ${seed}: ${world.deliveries} deliveries`)
  }
  network.run(repairMs)
  return {
    due: world.published.size * (nodes - 1),
    delivered: world.deliveries,
    lost: world.missing(),
    repeated: world.repeated,
    unverified: world.unverified,
    p50Ms: quantile(world.delaysMs, 0.5),
    p99Ms: quantile(world.delaysMs, 0.99),
    maxMs: quantile(world.delaysMs, 1),
    shed: world.outputs('shed'),
    lostFrames: network.counts.lostMessages,
  }
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const size = options.quick ? quickSize : fullSize
  const outcomes = seedsOf(options).map((seed) => measure(size, seed, options.progress))
  const total = (pick: (outcome: Outcome) => number): number =>
    outcomes.reduce((sum, outcome) => sum + pick(outcome), 0)
  const worst = (pick: (outcome: Outcome) => number): number => Math.max(...outcomes.map(pick))
  return judge({
    id: 'deliveries',
    seeds: outcomes.length,
    figures: {
      deliveriesDue: total((outcome) => outcome.due),
      deliveries: total((outcome) => outcome.delivered),
      lost: total((outcome) => outcome.lost),
      repeated: total((outcome) => outcome.repeated),
      unverified: total((outcome) => outcome.unverified),
      lostFrames: total((outcome) => outcome.lostFrames),
      medianMs: rounded(worst((outcome) => outcome.p50Ms)),
      p99Ms: rounded(worst((outcome) => outcome.p99Ms)),
      slowestMs: rounded(worst((outcome) => outcome.maxMs)),
      linksShed: total((outcome) => outcome.shed),
    },
    threshold: {
      deliveriesDue: { match: atLeast(options.quick ? 10_000 : 1_000_000), beat: null },
      lost: { match: exactly(0), beat: exactly(0) },
      repeated: { match: exactly(0), beat: exactly(0) },
      unverified: { match: exactly(0), beat: exactly(0) },
      linksShed: { match: exactly(0), beat: null },
      slowestMs: { match: null, beat: atMost(30_000) },
    },
  })
}

export const scenario: Scenario = {
  id: 'deliveries',
  title: 'a million deliveries over 100 nodes with 5 % loss',
  defaultSeeds: 1,
  run,
}
