/**
 * Plumtree after crashes, with an overlay that repairs itself and with one that does not.
 *
 * Set-up: `paper` views (5/30) grown as in A7, 20 cycles; 10 ms a hop. One source publishes twice, so that its tree
 * stands; then a share of the others crashes without a word. Without repair nobody learns it: survivors have their old
 * links, and the trees alone mend themselves by what is announced. The source is taken from the largest component of
 * what is left, and reliability counts all survivors, so its bound is the share of that component. With repair,
 * HyParView has run for two cycles, and each survivor is told which links are lost and which are new. Ten messages
 * follow, 15 seconds apart, because without repair the first one passes on by announcements alone, a fifth of a second a
 * hop. 1,000 nodes in place of 10,000: eight worlds take about a minute a seed. 250 nodes in the quick form.
 *
 * No protocol reaches whom no link leads to, and how many those are differs by some percent between graphs of this size.
 * So the least share is the table's or, where that is less, the share that is connected with the source.
 */
import { sample } from '@kithnet/kernel'
import {
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { type Graph, hopsFrom } from './membership-graph.ts'
import { mean, rounded } from './membership-mean.ts'
import {
  graphOf,
  growViews,
  paperViews,
  runCycles,
  type ViewNetwork,
} from './membership-network.ts'
import { simulatedPeer } from './membership-peers.ts'
import { BroadcastWorld } from './overlay-broadcast.ts'

const pauseMs = 15_000
const messages = 10

/** What became of the messages that followed one crash. */
export interface CrashRow {
  readonly share: number
  readonly repaired: boolean
  /** Share of the survivors that a message reached, on average. */
  readonly reliability: number
  /** Share of the survivors that a way leads to: no reliability is above it. */
  readonly reachable: number
  readonly firstRedundancy: number
  readonly laterRedundancy: number
  /** Last hop in milliseconds over the time of one, of the last message. */
  readonly lastHop: number
  /** Hops to the farthest survivor over the links there are: no tree is shallower. */
  readonly leastLastHop: number
}

/** One row for each share, after one crash each: the rows of a plot. */
export function reliabilityByCrash(
  nodes: number,
  shares: readonly number[],
  repaired: boolean,
  seed: number,
): readonly CrashRow[] {
  return shares.map((share) => {
    const grown = growViews(nodes, paperViews, seed)
    runCycles(grown, nodes < 1_000 ? 4 : 20)
    return afterCrash(grown, share, repaired, seed)
  })
}

function afterCrash(grown: ViewNetwork, share: number, repaired: boolean, seed: number): CrashRow {
  const before = graphOf(grown)
  const rng = grown.network.rng('crash')
  const indices = before.map((_, index) => index)
  const dead = new Set(sample(rng, indices, Math.round(share * indices.length)))
  const survivors = withoutDead(before, dead)
  const source = largestComponent(survivors, dead)[0]!
  const world = new BroadcastWorld(before, seed)
  for (let warm = 0; warm < 2; warm++) world.broadcast(source)
  for (const index of dead) world.crash(index)
  const after = repaired ? repair(grown, dead) : survivors
  if (repaired) tell(world, before, after, dead)
  world.network.run(pauseMs)
  const hops = hopsFrom(after, source)
  const reachable = hops.filter((count) => count > 0).length
  const due = indices.length - dead.size - 1
  const spreads = Array.from({ length: messages }, () => {
    const publication = world.publish(source)
    world.network.run(pauseMs)
    return world.spreadOf(publication, due)
  })
  const later = spreads.slice(1)
  return {
    share,
    repaired,
    reliability: mean(spreads.map(({ reliability }) => reliability)),
    reachable: reachable / due,
    firstRedundancy: spreads[0]!.redundancy,
    laterRedundancy: mean(later.map(({ redundancy }) => redundancy)),
    lastHop: spreads.at(-1)!.lastHop,
    leastLastHop: Math.max(...hops),
  }
}

/** Lets HyParView repair its views, and answers with what it comes to, in the numbers of before. */
function repair(grown: ViewNetwork, dead: ReadonlySet<number>): Graph {
  for (const index of dead) grown.network.crash(simulatedPeer(index), 'reset')
  runCycles(grown, 2)
  const living = grown.nodes.filter((node) => node.alive).map((node) => node.index)
  const graph: number[][] = grown.nodes.map(() => [])
  for (const [number, neighbours] of graphOf(grown).entries()) {
    graph[living[number]!] = neighbours.map((other) => living[other]!)
  }
  return graph
}

/** Tells every survivor what has become of its links. */
function tell(world: BroadcastWorld, before: Graph, after: Graph, dead: ReadonlySet<number>): void {
  for (const [index, neighbours] of after.entries()) {
    if (dead.has(index)) continue
    const old = before[index]!
    for (const other of old) if (!neighbours.includes(other)) world.unlink(index, other)
    for (const other of neighbours) if (!old.includes(other)) world.link(index, other)
  }
}

function withoutDead(graph: Graph, dead: ReadonlySet<number>): Graph {
  return graph.map((neighbours, index) =>
    dead.has(index) ? [] : neighbours.filter((other) => !dead.has(other)),
  )
}

function largestComponent(graph: Graph, dead: ReadonlySet<number>): readonly number[] {
  let largest: number[] = []
  const seen = new Set<number>()
  for (let index = 0; index < graph.length; index++) {
    if (seen.has(index) || dead.has(index)) continue
    const members: number[] = []
    for (const [other, hops] of hopsFrom(graph, index).entries()) if (hops >= 0) members.push(other)
    for (const member of members) seen.add(member)
    if (members.length > largest.length) largest = members
  }
  return largest
}

/** Source: papers.md section 3, at 10,000 nodes. */
const tableReliability: Readonly<Record<number, number>> = { 0.3: 0.997, 0.5: 0.956, 0.7: 0.45 }

/** Of a mean of ten quotients. */
const roundingError = 1e-9

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const nodes = options.quick ? 250 : 1_000
  const repairedShares = options.quick ? [0.5] : [0.1, 0.3, 0.5, 0.7, 0.8]
  const brokenShares = options.quick ? [0.3] : [0.3, 0.5, 0.7]
  const rows: CrashRow[] = []
  for (const seed of seedsOf(options)) {
    rows.push(...reliabilityByCrash(nodes, brokenShares, false, seed))
    rows.push(...reliabilityByCrash(nodes, repairedShares, true, seed))
    options.progress(`seed ${seed}: done`)
  }
  const figures: Record<string, number> = { nodes }
  const threshold: Record<string, Threshold> = {}
  const of = (share: number, repaired: boolean): readonly CrashRow[] =>
    rows.filter((row) => row.share === share && row.repaired === repaired)
  for (const share of brokenShares) {
    const name = `unrepaired${share * 100}`
    const all = of(share, false)
    figures[`${name}Reliability`] = rounded(mean(all.map(({ reliability }) => reliability)), 4)
    figures[`${name}Connected`] = rounded(mean(all.map(({ reachable }) => reachable)), 4)
    figures[`${name}Short`] = Math.max(
      ...all.map((row) => Math.min(tableReliability[share]!, row.reachable) - row.reliability),
    )
    figures[`${name}Redundancy`] = rounded(mean(all.map((row) => row.laterRedundancy)), 3)
    figures[`${name}LastHop`] = rounded(mean(all.map(({ lastHop }) => lastHop)))
    threshold[`${name}Short`] = { match: atMost(roundingError), beat: atMost(roundingError) }
  }
  for (const share of repairedShares) {
    const name = `repaired${share * 100}`
    const all = of(share, true)
    figures[`${name}Reliability`] = Math.min(...all.map(({ reliability }) => reliability))
    figures[`${name}FirstRedundancy`] = rounded(mean(all.map((row) => row.firstRedundancy)), 3)
    figures[`${name}Redundancy`] = rounded(mean(all.map((row) => row.laterRedundancy)), 3)
    figures[`${name}LastHop`] = rounded(mean(all.map(({ lastHop }) => lastHop)))
    figures[`${name}LeastLastHop`] = rounded(mean(all.map((row) => row.leastLastHop)))
    threshold[`${name}Reliability`] = { match: exactly(1), beat: exactly(1) }
  }
  return judge({ id: 'crash', seeds: options.seeds, figures, threshold })
}

export const scenario: Scenario = {
  id: 'crash',
  title: 'Plumtree after crashes: reliability, redundancy and hops',
  defaultSeeds: 2,
  run,
}
