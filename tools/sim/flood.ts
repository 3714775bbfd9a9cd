/**
 * A flood of frames that are worth nothing, from ten links at once.
 *
 * Set-up: eighteen whole overlays of the `lan` preset, 10 ms one way, one core for checks each. Eight of them publish a message
 * each 400 ms, in turn. From the fifth second on the other ten send one of the eight 10,000 frames a second each, 10^5 in all, for
 * ten seconds (one in the quick form): in three equal parts batches of known authors with signatures that are not theirs,
 * messages of authors that nobody knows, and copies of what it has. The figures are of the flooded peer, beside the same
 * run without the flood: its slowest hundredth of deliveries, and how many signatures the flood made it check.
 */
import { epochMs } from '@kithnet/kernel'
import type { OverlayMessage } from '@kithnet/overlay'
import { fixedLatency } from '@kithnet/testkit'
import {
  type Batch,
  contentOf,
  encodeBatch,
  messageIdOf,
  type PeerId,
  peerIdFromBytes,
  signatureBytes,
  streamIdFromBytes,
} from '@kithnet/types'
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
import { rounded } from './membership-mean.ts'
import { OverlayWorld, quantile } from './overlay-world.ts'

const honest = 8
const floods = 10
const tickMs = 50
const framesPerTick = 500
const calmMs = 5_000

interface Outcome {
  readonly p99Ms: number
  readonly lost: number
  readonly checks: number
  readonly heard: number
}

/** One run; `floodMs` of flood, or none. */
function measure(seed: number, spanMs: number, isFlooded: boolean): Outcome {
  const delays: number[] = []
  const shutOut = new Set<PeerId>()
  const world = new OverlayWorld({
    seed,
    peers: honest + floods,
    latency: fixedLatency(10),
    cores: 1,
    onOutput: (citizen, output, now) => {
      if (citizen !== world.citizens[0]) return
      if (output.type === 'standing' && output.standing === 'shed') shutOut.add(output.peer)
      if (output.type !== 'deliver') return
      const publication = world.published.get(output.message.id)
      if (publication !== undefined) delays.push(now - publication.at)
    },
  })
  const { network, citizens } = world
  const topic = world.topic('flood')
  const rng = network.rng('flood')
  world.subscribeAll(topic)
  world.join(50)
  network.run(10_000)
  const target = citizens[0]!
  const invent = (author: PeerId): readonly OverlayMessage[] => {
    const position = { topic, author, stream: streamIdFromBytes(rng.bytes(16)), seq: 0 }
    const payload = rng.bytes(100)
    const id = messageIdOf({ network: world.name, ...position }, contentOf(payload))
    const hlc = epochMs(1_767_225_600_000 + Math.floor(network.now))
    const batch: Batch = {
      ...position,
      network: world.name,
      firstSeq: 0,
      ids: [id],
      hlc,
      prev: undefined,
    }
    const signed = { body: encodeBatch(batch), signature: rng.bytes(signatureBytes) }
    return [
      { type: 'pubsub', message: { type: 'batch', signed } },
      { type: 'pubsub', message: { type: 'eager', ...position, payload } },
    ]
  }
  let number = 0
  const traffic = (ms: number, withFlood: boolean): void => {
    for (let passed = 0; passed < ms; passed += tickMs) {
      world.publish(number++ % honest, topic, rng.bytes(100))
      if (withFlood) {
        const [forged] = invent(citizens[1]!.peer)
        const [, unknown] = invent(peerIdFromBytes(rng.bytes(32)))
        const [batch, copy] = invent(citizens[2]!.peer)
        for (const { peer } of citizens.slice(honest)) {
          for (let count = 0; count < framesPerTick; count++) {
            // Each link has its own of the first two, and copies of one message from then on.
            const message =
              count % 3 === 0
                ? count < 9
                  ? invent(citizens[1]!.peer)[0]!
                  : forged!
                : count % 3 === 1
                  ? count < 60
                    ? invent(peerIdFromBytes(rng.bytes(32)))[1]!
                    : unknown!
                  : count < 3
                    ? batch!
                    : copy!
            network.inject(target.peer, { type: 'received', from: peer, message, sizeBytes: 500 })
          }
        }
      }
      network.run(tickMs)
    }
  }
  traffic(calmMs, false)
  const before = target.verifications
  traffic(spanMs, isFlooded)
  const checks = target.verifications - before
  network.run(30_000)
  let lost = 0
  for (const [id, { author }] of world.published) {
    if (author !== target.peer && !target.delivered.has(id)) lost++
  }
  return { p99Ms: quantile(delays, 0.99), lost, checks, heard: floods - shutOut.size }
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const spanMs = options.quick ? 1_000 : 10_000
  const figures = { p99: 0, lost: 0, checksOfFlood: 0, floodersHeard: 0 }
  for (const seed of seedsOf(options)) {
    const calm = measure(seed, spanMs, false)
    const flooded = measure(seed, spanMs, true)
    options.progress(`seed ${seed}: ${JSON.stringify({ calm, flooded })}`)
    figures.p99 = rounded(Math.max(figures.p99, flooded.p99Ms / calm.p99Ms))
    figures.lost = Math.max(figures.lost, flooded.lost)
    figures.checksOfFlood = Math.max(figures.checksOfFlood, flooded.checks - calm.checks)
    figures.floodersHeard = Math.max(figures.floodersHeard, flooded.heard)
  }
  return judge({
    id: 'flood',
    seeds: seedsOf(options).length,
    figures,
    threshold: {
      p99: { match: atMost(1.1), beat: atMost(1.1) },
      lost: { match: exactly(0), beat: exactly(0) },
      // Source: 64 of each link may wait for a check before the first has failed.
      checksOfFlood: { match: atMost(64 * floods), beat: null },
      floodersHeard: { match: exactly(0), beat: exactly(0) },
    },
  })
}

export const scenario: Scenario = {
  id: 'flood',
  title: '10^5 worthless frames a second from ten links: honest messages no later',
  defaultSeeds: 5,
  run,
}
