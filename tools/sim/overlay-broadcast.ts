/**
 * Bare pubsub machines on a given graph: for what only the trees decide, at ten thousand nodes. Signatures are
 * granted after the time that a native check takes; everything else is the machine that ships.
 */
import { type Instant, type Machine, type Fired, instant } from '@kithnet/kernel'
import {
  defaultPubsubConfig,
  Pubsub,
  type PubsubConfig,
  type PubsubEvent,
  type PubsubMessage,
  type PubsubOutput,
} from '@kithnet/pubsub'
import { createNetwork, type Network, type Node } from '@kithnet/testkit'
import {
  type Batch,
  decodeBatch,
  type MessageId,
  networkId,
  type PeerId,
  signatureBytes,
  streamIdBytes,
  streamIdFromBytes,
  topicId,
  type Verified,
} from '@kithnet/types'
import type { Graph } from './membership-graph.ts'
import { simulatedPeer } from './membership-peers.ts'

/** One hop, one way. */
export const hopMs = 10
/** Source: measured; ML-DSA-65 natively. */
const verifyMs = 0.12

/** What became of one message. */
export interface Spread {
  /** Deliveries over those that were due. */
  readonly reliability: number
  /** Payload copies over those that a tree needs, less one. */
  readonly redundancy: number
  readonly lastHop: number
}

type PubsubNetwork = Network<PubsubEvent, PeerId, PubsubMessage, string, PubsubOutput>
type Effects = ReturnType<Pubsub['on']>

/** A pubsub that counts the payloads it sends. */
class Counting implements Machine<PubsubEvent, PeerId, PubsubMessage, string, PubsubOutput> {
  readonly #inner: Pubsub
  readonly #count: () => void

  constructor(inner: Pubsub, count: () => void) {
    this.#inner = inner
    this.#count = count
  }

  on(event: PubsubEvent | Fired<string>, now: Instant): Effects {
    const effects = this.#inner.on(event, now)
    for (const effect of effects) {
      if (effect.type === 'send' && effect.message.type === 'eager') this.#count()
    }
    return effects
  }
}

/** Ten thousand nodes that broadcast. */
export class BroadcastWorld {
  readonly #network: PubsubNetwork
  readonly #nodes: Node<PubsubEvent, Counting>[] = []
  readonly #name = networkId('simulated')
  readonly #topic = topicId(this.#name, 'news')
  readonly #batches = new WeakMap<Uint8Array, Verified<Batch>>()
  #payloads = 0
  #delivered = 0
  #sentAt = instant(0)
  #lastAt = instant(0)
  #token = 0
  readonly #seen = new Set<string>()
  repeated = 0

  constructor(graph: Graph, seed: number, config: Partial<PubsubConfig> = {}) {
    this.#network = createNetwork<PubsubEvent, PeerId, PubsubMessage, string, PubsubOutput>({
      seed,
      onEmit: (peer, output, now) => this.#emitted(peer, output, now),
    })
    for (let index = 0; index < graph.length; index++) {
      const self = simulatedPeer(index)
      this.#nodes.push(
        this.#network.add(self, ({ rng, epochAtZero }) => {
          const options = { network: this.#name, self, epochAtZero }
          const stream = streamIdFromBytes(rng.bytes(streamIdBytes))
          const pubsub = new Pubsub({
            ...options,
            stream,
            config: { ...defaultPubsubConfig, initialRoundTripMs: 2 * hopMs, ...config },
            rng,
          })
          return new Counting(pubsub, () => this.#payloads++)
        }),
      )
    }
    for (const [index, neighbours] of graph.entries()) {
      const node = this.#nodes[index]!
      node.inject({ type: 'subscribe', topic: this.#topic })
      for (const other of neighbours) {
        node.inject({ type: 'neighbourUp', peer: simulatedPeer(other) })
      }
    }
    this.#network.run(settleMs)
  }

  /** Broadcasts one message and waits until it has settled. */
  broadcast(source: number): Spread {
    this.#payloads = 0
    this.#delivered = 0
    this.#sentAt = this.#network.now
    this.#lastAt = this.#sentAt
    this.#seen.clear()
    const payload = Uint8Array.of(source & 255, source >> 8, ++this.#token & 255, this.#token >> 8)
    this.#nodes[source]!.inject({
      type: 'publish',
      token: this.#token,
      topic: this.#topic,
      payload,
    })
    this.#network.run(settleMs)
    const due = this.#nodes.length - 1
    return {
      reliability: this.#delivered / due,
      redundancy: this.#payloads / due - 1,
      lastHop: Math.round((this.#lastAt - this.#sentAt) / (hopMs + verifyMs)),
    }
  }

  #emitted(peer: PeerId, output: PubsubOutput, now: Instant): void {
    switch (output.type) {
      case 'sign': {
        const { token } = output
        this.#network.inject(peer, {
          type: 'signed',
          token,
          signature: new Uint8Array(signatureBytes),
        })
        return
      }
      case 'verify': {
        const { token, signed } = output
        const batch = this.#granted(signed.body)
        this.#network.inject(peer, { type: 'verified', token, batch }, verifyMs)
        return
      }
      case 'deliver':
        this.#count(peer, output.message.id)
        this.#lastAt = now
        return
      default:
    }
  }

  #count(peer: PeerId, id: MessageId): void {
    const key = peer + id
    if (this.#seen.has(key)) this.repeated++
    this.#seen.add(key)
    this.#delivered++
  }

  #granted(body: Uint8Array): Verified<Batch> {
    let batch = this.#batches.get(body)
    if (batch === undefined) {
      const decoded = decodeBatch(body)
      if (!decoded.ok) throw new Error('a machine signs well-formed batches')
      batch = decoded.value as Verified<Batch>
      this.#batches.set(body, batch)
    }
    return batch
  }
}

/** Longer than a flood, its announcements and a grace for what was announced. */
const settleMs = 3_000
