/**
 * What signing in batches saves: bytes of a hop, signature checks of a message, and what it costs in time.
 *
 * Set-up: 16 whole overlays of the `lan` preset, 10 ms links, one author, payloads of 1 KB at even pauses; trees stand
 * before the count begins. Bytes of a hop are those of real frames: every message and batch sent, over the messages
 * sent. Checks are of batches, over messages and receivers. Time is from publishing to delivery, beside the same run with
 * a signature for each message. The comparator's frame holds signature and public key: 6,381 bytes, checked per copy.
 *
 * Then a grid of 1 to 1,000 messages a second in all by 1, 16 and 256 authors, on bare pubsub machines (`a15-grid.ts`).
 */
import type { Fired, Instant } from '@kithnet/kernel'
import {
  encodeFrame,
  type Overlay,
  overlayConfig,
  type OverlayConfig,
  type OverlayEvent,
  type OverlayView,
} from '@kithnet/overlay'
import {
  atLeast,
  atMost,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { batchGrid } from './a15-grid.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { mean, rounded } from './membership-mean.ts'
import {
  type OverlayEffects,
  type OverlayMachine,
  OverlayWorld,
  quantile,
} from './overlay-world.ts'

const peers = 16
const payloadBytes = 1_024
/** Source: papers.md section 12: 1 KB payload, ML-DSA-65 signature and key, header. */
const comparatorBytes = 6_381

/** Bytes and messages that all peers have pushed. */
interface Pushed {
  bytes: number
  messages: number
}

/** An overlay whose pushes are counted. */
class Counted implements OverlayMachine {
  readonly #overlay: Overlay
  readonly #pushed: Pushed

  constructor(overlay: Overlay, pushed: Pushed) {
    this.#overlay = overlay
    this.#pushed = pushed
  }

  on(event: OverlayEvent | Fired<string>, now: Instant): OverlayEffects {
    const effects = this.#overlay.on(event, now)
    for (const effect of effects) {
      if (effect.type !== 'send' || effect.message.type !== 'pubsub') continue
      const { type } = effect.message.message
      if (type !== 'eager' && type !== 'batch') continue
      this.#pushed.bytes += encodeFrame(effect.message).length
      if (type === 'eager') this.#pushed.messages++
    }
    return effects
  }

  snapshot(): OverlayView {
    return this.#overlay.snapshot()
  }
}

interface Load {
  readonly perSecond: number
  /** `undefined`: what ships. */
  readonly flushMs: number | undefined
  readonly batched: boolean
}

interface Cost {
  readonly bytesPerHop: number
  readonly checksPerMessage: number
  readonly p50Ms: number
  readonly p99Ms: number
}

function configOf({ flushMs, batched }: Load): OverlayConfig {
  const config = overlayConfig('lan')
  if (batched && flushMs === undefined) return config
  const ms = batched ? flushMs! : 0
  return { ...config, pubsub: { ...config.pubsub, flushMinMs: ms, flushMaxMs: ms } }
}

function measure(load: Load, seed: number, seconds: number): Cost {
  const pushed: Pushed = { bytes: 0, messages: 0 }
  const world = new OverlayWorld({
    seed,
    peers,
    config: configOf(load),
    wrap: (overlay) => new Counted(overlay, pushed),
  })
  const { network } = world
  const topic = world.topic('a15')
  const rng = network.rng('payloads')
  world.subscribeAll(topic)
  world.join(100)
  network.run(peers * 100 + 10_000)
  for (let warm = 0; warm < 5; warm++) world.publish(3, topic, rng.bytes(payloadBytes), warm * 500)
  network.run(5_000)
  const checks = (): number =>
    world.citizens.reduce((sum, { verifications }) => sum + verifications, 0)
  const before = { ...pushed, checks: checks(), delays: world.delaysMs.length }
  const count = Math.max(10, Math.round(seconds * load.perSecond))
  for (let sent = 0; sent < count; sent++) {
    world.publish(3, topic, rng.bytes(payloadBytes), (sent * 1000) / load.perSecond)
  }
  network.run((count * 1000) / load.perSecond + 2_000)
  const delays = world.delaysMs.slice(before.delays)
  return {
    bytesPerHop: (pushed.bytes - before.bytes) / (pushed.messages - before.messages),
    checksPerMessage: (checks() - before.checks) / (count * (peers - 1)),
    p50Ms: quantile(delays, 0.5),
    p99Ms: quantile(delays, 0.99),
  }
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const seconds = options.quick ? 2 : 10
  const seeds = seedsOf(options)
  const over = (load: Load): Cost => {
    const costs = seeds.map((seed) => measure(load, seed, seconds))
    const of = (pick: (cost: Cost) => number): number => mean(costs.map(pick))
    options.progress(
      `${load.perSecond}/s, ${load.batched ? `flush ${load.flushMs ?? 'as shipped'}` : 'signed one by one'}`,
    )
    return {
      bytesPerHop: of((cost) => cost.bytesPerHop),
      checksPerMessage: of((cost) => cost.checksPerMessage),
      p50Ms: of((cost) => cost.p50Ms),
      p99Ms: of((cost) => cost.p99Ms),
    }
  }
  const single64 = over({ perSecond: 64, flushMs: undefined, batched: false })
  const batched64 = over({ perSecond: 64, flushMs: 100, batched: true })
  const batched640 = over({ perSecond: 640, flushMs: 25, batched: true })
  const slow640 = over({ perSecond: 640, flushMs: 100, batched: true })
  const idle = over({ perSecond: 1, flushMs: undefined, batched: true })
  const idleSingle = over({ perSecond: 1, flushMs: undefined, batched: false })
  const grid = batchGrid(options.quick, seeds, options.progress)
  return judge({
    id: 'A15',
    seeds: seeds.length,
    figures: {
      singleBytesPerHop: rounded(single64.bytesPerHop),
      singleChecksPerMessage: rounded(single64.checksPerMessage, 3),
      bytesPerHopAt64: rounded(batched64.bytesPerHop),
      messagesPerCheckAt64: rounded(1 / batched64.checksPerMessage),
      addedP50MsAt64: rounded(batched64.p50Ms - single64.p50Ms),
      addedP99MsAt64: rounded(batched64.p99Ms - single64.p99Ms),
      bytesPerHopAt640: rounded(batched640.bytesPerHop),
      addedP50MsAt640: rounded(batched640.p50Ms - single64.p50Ms),
      addedP99MsAt640: rounded(batched640.p99Ms - single64.p99Ms),
      messagesPerCheckAt640: rounded(1 / slow640.checksPerMessage),
      addedMsWhenIdle: rounded(idle.p50Ms - idleSingle.p50Ms),
      timesBelowComparator: rounded((2 * comparatorBytes) / batched640.bytesPerHop),
      ...grid,
    },
    threshold: {
      bytesPerHopAt64: { match: atMost(1_750), beat: null },
      messagesPerCheckAt64: { match: atLeast(6), beat: null },
      bytesPerHopAt640: { match: null, beat: atMost(1_400) },
      messagesPerCheckAt640: { match: null, beat: atLeast(60) },
      addedMsWhenIdle: { match: atMost(0.5), beat: atMost(0.5) },
      timesBelowComparator: { match: null, beat: atLeast(8) },
      // Batches never cost more than single signatures do, wherever in the grid.
      gridMostBytesToSingle: { match: atMost(1), beat: atMost(1) },
      gridMostChecksToSingle: { match: atMost(1), beat: atMost(1) },
    },
  })
}

export const scenario: Scenario = {
  id: 'A15',
  title: 'signatures in batches: bytes of a hop, checks of a message, added time',
  defaultSeeds: 3,
  run,
}
