import {
  HyParView,
  presets,
  type ViewConfig,
  type ViewEvent,
  type ViewMessage,
  type ViewOutput,
} from '@kithnet/membership'
import type { PeerId } from '@kithnet/types'
import { createNetwork, type Network, type Node } from '@kithnet/testkit'
import type { Graph } from './membership-graph.ts'
import { simulatedKnownPeer, simulatedPeer } from './membership-peers.ts'

/** Below this size a cycle passes after each join. Source: targets.md, the set-up of A1 and A2. */
const settledSize = 200

/** Pause between later joins: each has settled before the next. */
const joinPauseMs = 200

/** Source: our choice; so long that ten thousand joins fit into one, as the paper has no cycle between them. */
const cycleMs = 3_600_000

/** HyParView's own setting, 5/30, with the cycle of the experiments here. */
export const paperViews: ViewConfig = { ...presets.paper.views, shuffleIntervalMs: cycleMs }

/** A network of bare HyParView machines. */
export interface ViewNetwork {
  readonly network: Network<ViewEvent, PeerId, ViewMessage, string, ViewOutput>
  readonly nodes: readonly Node<ViewEvent, HyParView>[]
}

/**
 * Lets `size` peers join one by one through a random peer that is in already: a cycle after each join until
 * there are 200, one cycle at each doubling after that, none in between.
 */
export function growViews(size: number, config: ViewConfig, seed: number): ViewNetwork {
  const network = createNetwork<ViewEvent, PeerId, ViewMessage, string, ViewOutput>({ seed })
  const rng = network.rng('contacts')
  const nodes: Node<ViewEvent, HyParView>[] = []
  let nextDoubling = settledSize * 2
  for (let index = 0; index < size; index++) {
    const peer = simulatedPeer(index)
    const contacts = index === 0 ? [] : [{ peer: simulatedPeer(rng.below(index)), addresses: [] }]
    const node = network.add(peer, (boot) => new HyParView({ self: peer, config, rng: boot.rng }))
    node.inject({ type: 'described', self: simulatedKnownPeer(peer) })
    node.inject({ type: 'join', contacts })
    nodes.push(node)
    network.run(index < settledSize ? cycleMs : joinPauseMs)
    if (index + 1 === nextDoubling) {
      network.run(cycleMs)
      nextDoubling *= 2
    }
  }
  return { network, nodes }
}

/** Lets cycles pass. */
export function runCycles({ network }: ViewNetwork, cycles: number): void {
  network.run(cycles * cycleMs)
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

/** Share of the living nodes whose active view is full. */
export function fullShare({ nodes }: ViewNetwork, capacity: number): number {
  const living = nodes.filter((node) => node.alive)
  return living.filter((node) => node.machine.active.length === capacity).length / living.length
}

/** Crashes a random share of the nodes at one instant; their neighbours' links break. */
export function crashShare({ network, nodes }: ViewNetwork, share: number): void {
  const rng = network.rng('crash')
  const indices = nodes.map((node) => node.index)
  for (let count = Math.round(share * nodes.length); count > 0; count--) {
    const at = rng.below(indices.length)
    const index = indices[at]!
    indices[at] = indices.at(-1)!
    indices.pop()
    network.crash(simulatedPeer(index), 'reset')
  }
}
