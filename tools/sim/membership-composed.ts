import {
  incarnationFromBytes,
  incarnationKey,
  Membership,
  type MembershipConfig,
  type MembershipEvent,
  type MembershipMessage,
  type MembershipOutput,
} from '@kithnet/membership'
import type { Instant } from '@kithnet/kernel'
import { createNetwork, type Latency, type Network, type Node } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import type { Graph } from './membership-graph.ts'
import { simulatedKnownPeer, simulatedPeer } from './membership-peers.ts'

/** Source: facts on native ML-DSA-65 signing, rounded up to whole milliseconds. */
const signMs = 1

/** A network of composed machines whose descriptors are signed as they ask. */
export type ComposedNetwork = Network<
  MembershipEvent,
  PeerId,
  MembershipMessage,
  string,
  MembershipOutput
>

/** Settings of a composed network. */
export interface ComposedSettings {
  readonly config: MembershipConfig
  readonly seed: number
  readonly latency: Latency
  /** After how long the silence of a link is noticed; never unless given. */
  readonly keepaliveMs?: number
  readonly onEmit: (peer: PeerId, output: MembershipOutput, now: Instant) => void
}

/** Settings of a composed network that is grown. */
export interface ComposedOptions extends ComposedSettings {
  readonly size: number
  /** Pause between joins; everybody joins through the first peer. */
  readonly joinPauseMs: number
}

/** The machines of a composed network, by peer. */
export type ComposedNodes = Map<PeerId, Node<MembershipEvent, Membership>>

/** A composed network and its machines. */
export interface Composed {
  readonly config: MembershipConfig
  readonly network: ComposedNetwork
  readonly nodes: ComposedNodes
}

/** A network of nobody. */
export function emptyComposed(settings: ComposedSettings): Composed {
  const { config, seed, latency, keepaliveMs } = settings
  const network: ComposedNetwork = createNetwork({
    seed,
    latency,
    ...(keepaliveMs === undefined ? {} : { keepaliveMs }),
    onEmit: (peer, output, now) => {
      settings.onEmit(peer, output, now)
      if (output.type !== 'describe') return
      const self = simulatedKnownPeer(peer, output.incarnation)
      network.inject(peer, { type: 'described', self }, signMs)
    },
  })
  return { config, network, nodes: new Map() }
}

/** Adds the next peer, which joins through `contact`. */
export function addComposed({ config, network, nodes }: Composed, contact?: PeerId): PeerId {
  const self = simulatedPeer(nodes.size)
  const node = network.add(self, ({ rng, disk }) => {
    const stored = disk.get(incarnationKey)
    const incarnation = stored === undefined ? undefined : incarnationFromBytes(stored)
    return new Membership({ self, config, rng, incarnation })
  })
  nodes.set(self, node)
  join(network, self, contact)
  return self
}

/** Starts peers that all join through the first one. */
export function growComposed(options: ComposedOptions): Composed {
  const composed = emptyComposed(options)
  for (let index = 0; index < options.size; index++) {
    addComposed(composed)
    composed.network.run(options.joinPauseMs)
  }
  return composed
}

/** Lets a peer join, or join again, through another. */
export function join(
  network: ComposedNetwork,
  self: PeerId,
  contact: PeerId = simulatedPeer(0),
): void {
  network.inject(self, { type: 'join', contacts: [{ peer: contact, addresses: [] }] })
}

/** The overlay of those that live and take part: an edge where both ends have each other as neighbours. */
export function graphOfComposed(nodes: ComposedNodes, left?: ReadonlySet<PeerId>): Graph {
  const living = [...nodes].filter(([peer, node]) => node.alive && left?.has(peer) !== true)
  const numberById = new Map(living.map(([peer], number) => [peer, number]))
  return living.map(([self, { machine }]) =>
    machine.active.flatMap(({ descriptor }) => {
      const number = numberById.get(descriptor.peer)
      if (number === undefined) return []
      return living[number]![1].machine.isNeighbour(self) ? [number] : []
    }),
  )
}

/** Pairs of living peers of which one has the other as neighbour and is not its neighbour. */
export function lopsided(nodes: ComposedNodes): number {
  let count = 0
  for (const [self, node] of nodes) {
    if (!node.alive) continue
    for (const { descriptor } of node.machine.active) {
      const other = nodes.get(descriptor.peer)!
      if (!other.alive) continue
      if (!other.machine.active.some((known) => known.descriptor.peer === self)) count++
    }
  }
  return count
}
