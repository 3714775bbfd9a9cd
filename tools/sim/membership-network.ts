import {
  HyParView,
  presets,
  type ViewConfig,
  type ViewEvent,
  type ViewMessage,
  type ViewOutput,
} from '@kithnet/membership'
import type { PeerId } from '@kithnet/types'
import { createNetwork, type Network, type NetworkOptions, type Node } from '@kithnet/testkit'
import type { Graph } from './membership-graph.ts'
import { simulatedKnownPeer, simulatedPeer } from './membership-peers.ts'

/** Below this size a cycle passes after each join. Source: targets.md, the set-up of A1 and A2. */
const settledSize = 200

/** Pause between later joins: each has settled before the next. */
const joinPauseMs = 200

/** Source: our choice; so long that ten thousand joins fit into one, as the paper has no cycle between them. */
const paperCycleMs = 3_600_000

/** HyParView's own setting, 5/30, with the cycle of the experiments here. */
export const paperViews: ViewConfig = { ...presets.paper.views, shuffleIntervalMs: paperCycleMs }

/** A network of bare HyParView machines. */
export interface ViewNetwork {
  readonly config: ViewConfig
  readonly network: Network<ViewEvent, PeerId, ViewMessage, string, ViewOutput>
  readonly nodes: Node<ViewEvent, HyParView>[]
}

/** What a network of views may be given besides its configuration. */
export type ViewNetworkOptions = Pick<
  NetworkOptions<PeerId, ViewMessage, ViewOutput>,
  'keepaliveMs' | 'latency' | 'onEmit'
>

/** A network of nobody. */
export function emptyViews(
  config: ViewConfig,
  seed: number,
  options: ViewNetworkOptions = {},
): ViewNetwork {
  return { config, network: createNetwork({ ...options, seed }), nodes: [] }
}

/** Adds the next peer, which joins through the peers of these numbers. */
export function addView(
  { config, network, nodes }: ViewNetwork,
  contacts: readonly number[],
): void {
  const peer = simulatedPeer(nodes.length)
  const node = network.add(peer, ({ rng }) => new HyParView({ self: peer, config, rng }))
  nodes.push(node)
  node.inject({ type: 'described', self: simulatedKnownPeer(peer) })
  const known = contacts.map((index) => ({ peer: simulatedPeer(index), addresses: [] }))
  node.inject({ type: 'join', contacts: known })
}

/**
 * Lets `size` peers join one by one through a random peer that is in already: a cycle after each join until
 * there are 200, one cycle at each doubling after that, none in between. Peers that shuffle early after a
 * join, as those that ship do, need no cycles.
 */
export function growViews(
  size: number,
  config: ViewConfig,
  seed: number,
  options: ViewNetworkOptions = {},
): ViewNetwork {
  const views = emptyViews(config, seed, options)
  const { network } = views
  const rng = network.rng('contacts')
  const cycles = config.earlyShuffles === 0
  let nextDoubling = settledSize * 2
  for (let index = 0; index < size; index++) {
    addView(views, index === 0 ? [] : [rng.below(index)])
    network.run(cycles && index < settledSize ? config.shuffleIntervalMs : joinPauseMs)
    if (index + 1 !== nextDoubling) continue
    if (cycles) network.run(config.shuffleIntervalMs)
    nextDoubling *= 2
  }
  return views
}

/** Lets cycles pass. */
export function runCycles({ config, network }: ViewNetwork, cycles: number): void {
  network.run(cycles * config.shuffleIntervalMs)
}

/** The overlay of those that live: an edge where both ends have each other as neighbours. */
export function graphOf({ nodes }: ViewNetwork): Graph {
  const living = nodes.filter((node) => node.alive)
  const numberById = new Map<PeerId, number>()
  for (const [number, node] of living.entries()) {
    numberById.set(simulatedPeer(node.index), number)
  }
  return living.map((node) => {
    const self = simulatedPeer(node.index)
    const neighbours: number[] = []
    for (const { descriptor } of node.machine.active) {
      const number = numberById.get(descriptor.peer)
      if (number === undefined) continue
      if (living[number]!.machine.isNeighbour(self)) neighbours.push(number)
    }
    return neighbours
  })
}

/** Share of the living nodes that have as many neighbours as they look for. */
export function fullShare({ config, nodes }: ViewNetwork): number {
  const living = nodes.filter((node) => node.alive)
  const full = living.filter((node) => node.machine.active.length >= config.activeTarget)
  return full.length / living.length
}

/** Crashes a random share of the nodes at one instant. */
export function crashShare(
  { network, nodes }: ViewNetwork,
  share: number,
  manner: 'reset' | 'blackhole' = 'reset',
): void {
  const rng = network.rng('crash')
  const indices = nodes.map((node) => node.index)
  for (let count = Math.round(share * nodes.length); count > 0; count--) {
    const at = rng.below(indices.length)
    const index = indices[at]!
    indices[at] = indices.at(-1)!
    indices.pop()
    network.crash(simulatedPeer(index), manner)
  }
}
