/**
 * A join storm: ten thousand peers start within ten cycles and know the same three contacts.
 *
 * Set-up: bare HyParView machines, `lan` with its early shuffles as shipped; the three contacts know each other
 * and settle for a cycle; every other peer joins at a random moment of ten cycles of 30 s through one of them.
 * Ten more cycles pass. The in-degree of a contact is the number of peers that have it as neighbour, its most
 * over looks four times a cycle; a look takes 100 ms, so that a peer that was just turned away does not count
 * while the goodbye is on its way. Links of 10 ms one way.
 */
import { instant } from '@kithnet/kernel'
import { presets } from '@kithnet/membership'
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
import { components } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import { addView, emptyViews, fullShare, graphOf, type ViewNetwork } from './membership-network.ts'
import { simulatedPeer } from './membership-peers.ts'

const config = presets.lan.views
const cycleMs = config.shuffleIntervalMs
const stormCycles = 10
const settleCycles = 10
const looksPerCycle = 4
const lookMs = 100
const contacts = 3

interface Outcome {
  readonly mostInDegree: number
  readonly components: number
  readonly full: number
  /** Share that had all its neighbours when the last had joined. */
  readonly fullAtEnd: number
}

function measure(size: number, seed: number): Outcome {
  const views = emptyViews(config, seed)
  const { network } = views
  for (let index = 0; index < contacts; index++) addView(views, index === 0 ? [] : [0])
  network.run(cycleMs)
  const rng = network.rng('storm')
  const moments = Array.from({ length: size - contacts }, () => rng.below(stormCycles * cycleMs))
  for (const moment of moments.toSorted((a, b) => a - b)) {
    network.at(instant(cycleMs + moment), () => addView(views, [rng.below(contacts)]))
  }
  let mostInDegree = 0
  let fullAtEnd = 0
  for (let look = 1; look <= (stormCycles + settleCycles) * looksPerCycle; look++) {
    network.run(cycleMs / looksPerCycle - lookMs)
    mostInDegree = Math.max(mostInDegree, inDegree(views))
    if (look === stormCycles * looksPerCycle) fullAtEnd = fullShare(views)
  }
  const parts = components(graphOf(views))
  return { mostInDegree, components: parts, full: fullShare(views), fullAtEnd }
}

/** Of the contact that most peers have as neighbour. */
function inDegree({ network, nodes }: ViewNetwork): number {
  const holders = Array.from({ length: contacts }, (_, index) => {
    return nodes.filter((node) => node.machine.isNeighbour(simulatedPeer(index)))
  })
  network.run(lookMs)
  const degrees = holders.map((held, index) => {
    return held.filter((node) => node.machine.isNeighbour(simulatedPeer(index))).length
  })
  return Math.max(...degrees)
}

/** Source: papers.md section 1, experiments: in-degree of a bootstrap node at most the active view's size. */
const threshold: Readonly<Record<string, Threshold>> = {
  mostComponents: { match: exactly(1), beat: exactly(1) },
  worstFullShare: { match: atLeast(0.98), beat: atLeast(0.98) },
  mostInDegree: { match: null, beat: atMost(config.activeCapacity) },
}

export const scenario: Scenario = {
  id: 'storm',
  title: 'HyParView, `lan`: ten thousand peers join in ten cycles through three contacts',
  defaultSeeds: 2,
  async run(options: ScenarioOptions): Promise<Report> {
    const size = options.quick ? 200 : 10_000
    const outcomes: Outcome[] = []
    for (const seed of seedsOf(options)) {
      const outcome = measure(size, seed)
      outcomes.push(outcome)
      options.progress(`seed ${seed}: ${JSON.stringify(outcome)}`)
    }
    return judge({
      id: 'storm',
      seeds: outcomes.length,
      figures: {
        nodes: size,
        mostComponents: Math.max(...outcomes.map((one) => one.components)),
        worstFullShare: rounded(Math.min(...outcomes.map((one) => one.full))),
        meanFullShareAtEndOfStorm: rounded(mean(outcomes.map((one) => one.fullAtEnd))),
        mostInDegree: Math.max(...outcomes.map((one) => one.mostInDegree)),
      },
      threshold,
    })
  },
}
