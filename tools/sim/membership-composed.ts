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
export interface ComposedOptions {
  readonly size: number
  readonly config: MembershipConfig
  readonly seed: number
  readonly latency: Latency
  /** Pause between joins; everybody joins through the first peer. */
  readonly joinPauseMs: number
  readonly onEmit: (peer: PeerId, output: MembershipOutput, now: Instant) => void
}

/** The machines of a composed network, by peer. */
export type ComposedNodes = ReadonlyMap<PeerId, Node<MembershipEvent, Membership>>

/** Starts peers that all join through the first one. */
export function growComposed(options: ComposedOptions): {
  readonly network: ComposedNetwork
  readonly nodes: ComposedNodes
} {
  const network: ComposedNetwork = createNetwork({
    seed: options.seed,
    latency: options.latency,
    onEmit: (peer, output, now) => {
      options.onEmit(peer, output, now)
      if (output.type !== 'describe') return
      const self = simulatedKnownPeer(peer, output.incarnation)
      network.inject(peer, { type: 'described', self }, signMs)
    },
  })
  const nodes = new Map<PeerId, Node<MembershipEvent, Membership>>()
  for (let index = 0; index < options.size; index++) {
    const self = simulatedPeer(index)
    const node = network.add(self, ({ rng, disk }) => {
      const stored = disk.get(incarnationKey)
      const incarnation = stored === undefined ? undefined : incarnationFromBytes(stored)
      return new Membership({ self, config: options.config, rng, incarnation })
    })
    nodes.set(self, node)
    join(network, self)
    network.run(options.joinPauseMs)
  }
  return { network, nodes }
}

/** Lets a peer join, or join again, through the first one. */
export function join(network: ComposedNetwork, self: PeerId): void {
  const contact = { peer: simulatedPeer(0), addresses: [] }
  network.inject(self, { type: 'join', contacts: [contact] })
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
