import {
  type KnownPeer,
  Swim,
  type SwimConfig,
  type SwimEvent,
  type SwimMessage,
  type SwimOutput,
  type Update,
} from '@kithnet/membership'
import type { Instant, Machine, Rng } from '@kithnet/kernel'
import { createNetwork, fixedLatency, type Latency, type Network } from '@kithnet/testkit'
import { type PeerId, signatureBytes } from '@kithnet/types'
import { simulatedKnownPeer, simulatedPeer } from './membership-peers.ts'

/** Source: facts on native ML-DSA-65 signing, rounded up to whole milliseconds. */
const signMs = 1

/** Bytes of a frame's head and of a message without its parts. Source: counted on encoded messages. */
const headBytes = 16
/** An accusation: state, id and incarnation. Source: counted on encoded messages. */
const accusationBytes = 40
/** A descriptor with two addresses and its signature. Source: counted on encoded messages. */
const descriptorBytes = 160 + signatureBytes

/** A network of bare detectors. */
export type SwimNetwork = Network<SwimEvent, PeerId, SwimMessage, string, SwimOutput>

/** A failure detector. */
export type Detector = Machine<SwimEvent, PeerId, SwimMessage, string, SwimOutput>

/** Bare detectors of which everybody knows everybody. */
export interface SwimMembers {
  readonly network: SwimNetwork
  readonly peers: readonly PeerId[]
  /** Gives a started detector its descriptor and its members. */
  start(peer: PeerId): void
}

/** Settings of a network of bare detectors. */
export interface SwimMembersOptions {
  readonly size: number
  readonly config: SwimConfig
  readonly seed: number
  readonly latency?: Latency
  /** Default: the detector that ships. */
  readonly create?: (self: PeerId, config: SwimConfig, rng: Rng) => Detector
  readonly onEmit: (by: PeerId, output: SwimOutput, now: Instant) => void
}

/** Starts detectors on a full member list. One that proves that it lives again is a member again. */
export function swimMembers(options: SwimMembersOptions): SwimMembers {
  const { size, config, seed, latency = fixedLatency(10), create = shipped } = options
  const knownByPeer = new Map<PeerId, KnownPeer>()
  const network: SwimNetwork = createNetwork({
    seed,
    latency,
    sizeOf,
    onEmit: (by, output, now) => {
      options.onEmit(by, output, now)
      if (output.type === 'alive') network.inject(by, { type: 'memberUp', known: output.known })
      if (output.type !== 'describe') return
      const self = simulatedKnownPeer(by, output.incarnation)
      knownByPeer.set(by, self)
      network.inject(by, { type: 'described', self }, signMs)
    },
  })
  const peers: PeerId[] = []
  for (let index = 0; index < size; index++) {
    const self = simulatedPeer(index)
    knownByPeer.set(self, simulatedKnownPeer(self))
    network.add(self, ({ rng }) => create(self, config, rng))
    peers.push(self)
  }
  const start = (peer: PeerId): void => {
    const others = peers.filter((other) => other !== peer)
    network.inject(peer, { type: 'described', self: knownByPeer.get(peer)! })
    network.inject(peer, {
      type: 'members',
      known: others.map((other) => knownByPeer.get(other)!),
    })
  }
  for (const peer of peers) start(peer)
  return { network, peers, start }
}

function shipped(self: PeerId, config: SwimConfig, rng: Rng): Detector {
  return new Swim({ self, config, rng, incarnation: undefined, partial: false })
}

/** Bytes of a message, without encoding it. */
function sizeOf(message: SwimMessage): number {
  switch (message.type) {
    case 'ping':
    case 'ack':
    case 'gossip':
      return message.updates.reduce((sum, update) => sum + updateBytes(update), headBytes)
    case 'pingRequest':
      return headBytes + descriptorBytes
    case 'pingReply':
      return headBytes
    case 'neighbours':
      return headBytes + 34 * message.peers.length + descriptorBytes * message.known.length
  }
}

function updateBytes(update: Update): number {
  return update.state === 'alive' ? descriptorBytes : accusationBytes
}
