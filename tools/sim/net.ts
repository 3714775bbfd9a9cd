/**
 * The simulated network alone: machines that do nothing but answer, so that what is measured is the event
 * queue, the links and the driver.
 *
 * Set-up: every peer keeps `perPeer` messages under way to random others over links of 5 to 50 ms; with
 * timers, each message arrived also moves a deadline, which is one more change of the queue and no event.
 */
import type { Effect, Fired, Instant, LinkUp, Machine, Received } from '@kithnet/kernel'
import { createNetwork, type Network, uniformLatency } from '@kithnet/testkit'
import {
  atLeast,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'

interface Go {
  readonly type: 'go'
  readonly to: number
}

type Event = Go | Received<number, number> | LinkUp<number>
type Effects = readonly Effect<number, number, 'idle', never>[]

/** Source: our choice; longer than any round trip here, so that the deadline never fires. */
const idleMs = 500

class Answerer implements Machine<Event, number, number, 'idle', never> {
  readonly #timers: boolean

  constructor(timers: boolean) {
    this.#timers = timers
  }

  on(event: Event | Fired<'idle'>, now: Instant): Effects {
    if (event.type === 'go') return [{ type: 'send', to: event.to, message: 0 }]
    if (event.type !== 'received') return []
    const answer = { type: 'send', to: event.from, message: event.message + 1 } as const
    if (!this.#timers) return [answer]
    return [{ type: 'arm', key: 'idle', at: (now + idleMs) as Instant }, answer]
  }
}

interface Load {
  readonly peers: number
  readonly timers: boolean
  readonly events: number
}

function build(seed: number, load: Load): Network<Event, number, number, 'idle', never> {
  const network = createNetwork<Event, number, number, 'idle', never>({
    seed,
    latency: uniformLatency(5, 50),
  })
  const rng = network.rng('who talks to whom')
  for (let peer = 0; peer < load.peers; peer++) network.add(peer, () => new Answerer(load.timers))
  for (let peer = 0; peer < load.peers; peer++) {
    for (let count = 0; count < perPeer; count++) {
      network.inject(peer, { type: 'go', to: (peer + 1 + rng.below(load.peers - 1)) % load.peers })
    }
  }
  // All links stand after this, and the compiler has seen the code.
  network.run(1_000)
  return network
}

const perPeer = 4

/** Events per second of real time, and the trace of the run. */
function measure(seed: number, load: Load): { readonly rate: number; readonly hash: string } {
  const network = build(seed, load)
  const before = network.events
  const began = performance.now()
  network.runWhile(() => network.events - before < load.events, 1e9)
  const seconds = (performance.now() - began) / 1000
  return { rate: (network.events - before) / seconds, hash: network.traceHash }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

async function run(options: ScenarioOptions): Promise<Report> {
  const events = options.quick ? 300_000 : 2_000_000
  const seeds = seedsOf(options)
  const rates: number[] = []
  const timerRates: number[] = []
  const crowdRates: number[] = []
  let unequal = 0
  for (const seed of seeds) {
    const load = { peers: 1_000, timers: false, events }
    const first = measure(seed, load)
    rates.push(first.rate)
    if (measure(seed, load).hash !== first.hash) unequal++
    timerRates.push(measure(seed, { ...load, timers: true }).rate)
    crowdRates.push(measure(seed, { peers: 10_000, timers: true, events }).rate)
    options.progress(`seed ${seed}: ${Math.round(first.rate)} events/s, trace ${first.hash}`)
  }
  return judge({
    id: 'net',
    seeds: seeds.length,
    figures: {
      eventsPerSecond: Math.round(median(rates)),
      worstEventsPerSecond: Math.round(Math.min(...rates)),
      eventsPerSecondWithTimers: Math.round(median(timerRates)),
      eventsPerSecond10000PeersWithTimers: Math.round(median(crowdRates)),
      unequalTraces: unequal,
    },
    threshold: {
      // The quick form also runs on machines that do other things.
      eventsPerSecond: options.quick
        ? { match: atLeast(300_000), beat: atLeast(1_000_000) }
        : { match: atLeast(1_000_000), beat: null },
      unequalTraces: { match: [0, 0], beat: null },
    },
  })
}

export const scenario: Scenario = {
  id: 'net',
  title: 'the simulated network alone: events per second on one core',
  defaultSeeds: 3,
  run,
}
