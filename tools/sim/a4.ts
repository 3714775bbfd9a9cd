/**
 * A split that lasted: both sides have repaired themselves, forgotten each other and miss nobody. Then the
 * paths are there again.
 *
 * Set-up: composed machines, `lan`, links of 1 to 10 ms one way whose silence is noticed after 25 s, as the
 * links that ship notice it. Everybody joins through the first peer, half a second apart, and settles for six
 * rejoin periods, in which every peer finds those neighbours that it chooses itself; that costs evictions too.
 * Then a random 30 % and the rest do not hear each other for ten times those 25 s, and after that the overlay
 * is looked at ten times a rejoin period, for two of them. An eviction is a neighbour that a peer gave up after
 * the healing to make room for another, for whatever reason; `perNode` is their number over that of the peers.
 * `bridges` are the links between the sides then. Two hundred peers keep a seed within a minute.
 */
import { shuffled } from '@kithnet/kernel'
import { presets } from '@kithnet/membership'
import { uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import {
  atLeast,
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { type ComposedNodes, graphOfComposed, growComposed } from './membership-composed.ts'
import { components } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'

const config = presets.lan
const minority = 0.3
/** Source: `deadMs` of @kithnet/transport. */
const idleMs = 25_000
const heldMs = 10 * idleMs
const periodMs = config.views.rejoinIntervalMs
const settlePeriods = 6
const looksPerPeriod = 10
const periods = 2

interface Outcome {
  /** Components while it lasted: two, when it was a split at all. */
  readonly sides: number
  /** From the healing until there was one component and it stayed one, in rejoin periods. */
  readonly healedAfter: number
  readonly parts: number
  readonly evictionsPerNode: number
  readonly mostEvictions: number
  readonly bridges: number
}

function measure(size: number, seed: number): Outcome {
  const evictions = new Map<PeerId, number>()
  const { network, nodes } = growComposed({
    size,
    config,
    seed,
    latency: uniformLatency(1, 10),
    joinPauseMs: 500,
    keepaliveMs: idleMs,
    onEmit: (peer, output) => {
      if (output.type !== 'neighbourDown' || output.cause !== 'replaced') return
      evictions.set(peer, (evictions.get(peer) ?? 0) + 1)
    },
  })
  network.run(settlePeriods * periodMs)
  const mixed = shuffled(network.rng('sides'), [...nodes.keys()])
  const few = mixed.slice(0, Math.round(minority * size))
  const heal = network.partition(few, mixed.slice(few.length))
  network.run(heldMs)
  const sides = components(graphOfComposed(nodes))
  heal()
  evictions.clear()
  let healedAfter = Infinity
  for (let look = 1; look <= periods * looksPerPeriod; look++) {
    network.run(periodMs / looksPerPeriod)
    const parts = components(graphOfComposed(nodes))
    if (parts > 1) healedAfter = Infinity
    else if (healedAfter === Infinity) healedAfter = look / looksPerPeriod
  }
  return {
    sides,
    healedAfter,
    parts: components(graphOfComposed(nodes)),
    evictionsPerNode: [...evictions.values()].reduce((sum, one) => sum + one, 0) / size,
    mostEvictions: Math.max(0, ...evictions.values()),
    bridges: bridgesBetween(nodes, new Set(few)),
  }
}

function bridgesBetween(nodes: ComposedNodes, few: ReadonlySet<PeerId>): number {
  let count = 0
  for (const peer of few) {
    for (const { descriptor } of nodes.get(peer)!.machine.active) {
      if (!few.has(descriptor.peer)) count++
    }
  }
  return count
}

/** Source: targets.md, A4. */
const threshold: Readonly<Record<string, Threshold>> = {
  fewestSides: { match: atLeast(2), beat: null },
  mostParts: { match: exactly(1), beat: null },
  worstHealedAfterPeriods: { match: null, beat: atMost(2) },
  worstEvictionsPerNode: { match: null, beat: atMost(1) },
}

export const scenario: Scenario = {
  id: 'A4',
  title: 'HyParView and SWIM, `lan`: a split of 30 and 70 %, held 250 s, then healed',
  async run(options: ScenarioOptions): Promise<Report> {
    const size = options.quick ? 40 : 200
    const outcomes: Outcome[] = []
    for (const seed of seedsOf(options)) {
      const outcome = measure(size, seed)
      outcomes.push(outcome)
      options.progress(`seed ${seed}: one network after ${outcome.healedAfter} periods`)
    }
    return judge({
      id: 'A4',
      seeds: outcomes.length,
      figures: {
        nodes: size,
        fewestSides: Math.min(...outcomes.map((one) => one.sides)),
        mostParts: Math.max(...outcomes.map((one) => one.parts)),
        meanHealedAfterPeriods: rounded(mean(outcomes.map((one) => one.healedAfter))),
        worstHealedAfterPeriods: Math.max(...outcomes.map((one) => one.healedAfter)),
        worstEvictionsPerNode: rounded(Math.max(...outcomes.map((one) => one.evictionsPerNode))),
        mostEvictionsOfOne: Math.max(...outcomes.map((one) => one.mostEvictions)),
        fewestBridges: Math.min(...outcomes.map((one) => one.bridges)),
      },
      threshold,
    })
  },
}
