/**
 * Overloaded honest peers do not shut each other out, and recover.
 *
 * Set-up: twelve whole overlays (the quick form: six) of the `lan` preset, 10 ms one way, a message of 200 bytes from each
 * every 100 ms. After ten quiet seconds the load is three times what each node can do, for 60 s (10 s), in two ways.
 * `signatures`: checking takes so long that what comes in a second takes three on the node's one core for checks; what is not checked in two seconds is given up by the trust rules. `events`: every event takes so long that the
 * node's loop is three times too slow, and answers as late as its queue is long. Then the load ends, and nodes have 120 s (90 s) to
 * mend. Nobody may be graylisted or shed at any time, and all that was published must be everywhere in the end: by
 * pushes, pulls, or comparing histories.
 */
import { overlayConfig } from '@kithnet/overlay'
import { nativeCosts } from '@kithnet/testkit'
import {
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { rounded } from './membership-mean.ts'
import { OverlayWorld } from './overlay-world.ts'

/** How large a run is. */
interface Size {
  readonly nodes: number
  readonly overloadMs: number
  /** Time to mend afterwards. */
  readonly mendMs: number
}

const fullSize: Size = { nodes: 12, overloadMs: 60_000, mendMs: 120_000 }
const quickSize: Size = { nodes: 6, overloadMs: 10_000, mendMs: 90_000 }

const factor = 3
const everyMs = 100
const payloadBytes = 200
const quietMs = 10_000

type Kind = 'signatures' | 'events'

interface Outcome {
  readonly shutOut: number
  readonly lazy: number
  readonly lost: number
  readonly repeated: number
  readonly deliveredInTime: number
}

function measure(kind: Kind, { nodes, overloadMs, mendMs }: Size, seed: number): Outcome {
  const costs = { ...nativeCosts, verifyUs: nativeCosts.verifyUs }
  let shutOut = 0
  let lazy = 0
  const world = new OverlayWorld({
    seed,
    peers: nodes,
    config: overlayConfig('lan'),
    costs,
    cores: 1,
    onOutput: (_, output) => {
      if (output.type !== 'standing') return
      if (output.standing === 'lazy') lazy++
      if (output.standing === 'graylisted' || output.standing === 'shed') shutOut++
    },
  })
  const { network } = world
  const topic = world.topic('overload')
  world.subscribeAll(topic)
  world.join(100)
  network.run(nodes * 100 + 5_000)
  const publish = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += everyMs) {
      for (let index = 0; index < nodes; index++) {
        world.publish(index, topic, network.rng('payloads').bytes(payloadBytes), index)
      }
      network.run(everyMs)
    }
  }
  const perSecond = (count: number): number => (count / nodes / quietMs) * 1_000
  const checks = (): number => world.citizens.reduce((sum, one) => sum + one.verifications, 0)
  const [events, checked] = [network.events, checks()]
  publish(quietMs)
  const eventsPerSecond = perSecond(network.events - events)
  const checksPerSecond = perSecond(checks() - checked)
  if (kind === 'signatures') costs.verifyUs = (factor * 1e6) / checksPerSecond
  else for (const { peer } of world.citizens) network.slow(peer, (factor * 1_000) / eventsPerSecond)
  publish(overloadMs)
  const deliveredInTime = world.deliveries / (world.published.size * (nodes - 1))
  costs.verifyUs = nativeCosts.verifyUs
  for (const { peer } of world.citizens) network.slow(peer, 0)
  network.run(mendMs)
  return { shutOut, lazy, lost: world.missing(), repeated: world.repeated, deliveredInTime }
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const size = options.quick ? quickSize : fullSize
  const figures: Record<string, number> = {}
  for (const kind of ['signatures', 'events'] as const) {
    const outcomes = seedsOf(options).map((seed) => {
      const outcome = measure(kind, size, seed)
      options.progress(`seed ${seed}, ${kind}: ${JSON.stringify(outcome)}`)
      return outcome
    })
    const most = (name: keyof Outcome): number => Math.max(...outcomes.map((one) => one[name]))
    figures[`${kind}ShutOut`] = most('shutOut')
    figures[`${kind}Lazy`] = most('lazy')
    figures[`${kind}Lost`] = most('lost')
    figures[`${kind}Repeated`] = most('repeated')
    figures[`${kind}DeliveredDuring`] = rounded(
      Math.min(...outcomes.map((one) => one.deliveredInTime)),
    )
  }
  const none = { match: exactly(0), beat: exactly(0) }
  return judge({
    id: 'overload',
    seeds: options.seed === undefined ? options.seeds : 1,
    figures,
    threshold: {
      signaturesShutOut: none,
      signaturesLost: none,
      signaturesRepeated: none,
      eventsShutOut: none,
      eventsLost: none,
      eventsRepeated: none,
    },
  })
}

export const scenario: Scenario = {
  id: 'overload',
  title: 'honest peers at three times their load: nobody is shut out, all recovers',
  defaultSeeds: 5,
  run,
}
