/**
 * Bare pubsub machines on a given graph: for what only the trees decide, at ten thousand nodes. Signatures are
 * granted after the time that a native check takes; everything else is the machine that ships.
 */
import { compareBytes, type Fired, type Instant, instant, type Machine } from '@kithnet/kernel'
import {
  defaultPubsubConfig,
  encodePubsubMessage,
  Pubsub,
  type PubsubConfig,
  type PubsubEvent,
  type PubsubMessage,
  type PubsubOutput,
} from '@kithnet/pubsub'
import { createNetwork, type Latency, type Network, type Node } from '@kithnet/testkit'
import {
  type Batch,
  decodeBatch,
  encodeCbor,
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
export const verifyMs = 0.12
const signMs = 0.53
/** Longer than a flood, its announcements and a grace for what was announced. */
const settleMs = 3_000
/** A payload begins with its number, seven bits a byte: some first bytes have a meaning of their own. */
const markBytes = 4

/** What became of one message. */
export interface Spread {
  /** Deliveries over those that were due. */
  readonly reliability: number
  /** Payload copies over those that a tree needs, less one. */
  readonly redundancy: number
  readonly lastHop: number
}

/** A pubsub in a world, or something around one. */
export type PubsubMachine = Machine<PubsubEvent, PeerId, PubsubMessage, string, PubsubOutput>

/** How a world is made, besides its graph and seed. */
export interface BroadcastOptions {
  readonly config?: Partial<PubsubConfig>
  /** Default: `hopMs` for everybody. */
  readonly latency?: Latency
  /** Puts something around each machine. */
  readonly wrap?: (machine: PubsubMachine, index: number) => PubsubMachine
  readonly onSend?: (message: PubsubMessage) => void
  /** Milliseconds that a check takes at this instant. Default: `verifyMs`. */
  readonly checkMs?: (index: number, now: Instant) => number
}

/** One published message: who has it, since when, and how many copies went over links. */
export interface Publication {
  readonly source: number
  readonly payload: Uint8Array
  readonly at: Instant
  /** Milliseconds to each node's delivery; NaN where there was none. */
  readonly delaysMs: Float32Array
  delivered: number
  lastAt: Instant
  copies: number
}

type PubsubNetwork = Network<PubsubEvent, PeerId, PubsubMessage, string, PubsubOutput>
type Effects = ReturnType<Pubsub['on']>

/** A machine of which what it sends is told. */
class Watched implements PubsubMachine {
  readonly #inner: PubsubMachine
  readonly #sent: (to: PeerId, message: PubsubMessage) => void

  constructor(inner: PubsubMachine, sent: (to: PeerId, message: PubsubMessage) => void) {
    this.#inner = inner
    this.#sent = sent
  }

  on(event: PubsubEvent | Fired<string>, now: Instant): Effects {
    const effects = this.#inner.on(event, now)
    for (const effect of effects) if (effect.type === 'send') this.#sent(effect.to, effect.message)
    return effects
  }
}

/** Thousands of nodes that broadcast. */
export class BroadcastWorld {
  readonly network: PubsubNetwork
  readonly publications: Publication[] = []
  readonly #nodes: Node<PubsubEvent, PubsubMachine>[] = []
  readonly #pubsubs: Pubsub[] = []
  readonly #indexByPeer = new Map<PeerId, number>()
  readonly #name = networkId('simulated')
  readonly #topic = topicId(this.#name, 'news')
  readonly #batches = new WeakMap<Uint8Array, Verified<Batch>>()
  readonly #options: BroadcastOptions
  repeated = 0
  /** Deliveries with another payload than was published. */
  corrupted = 0
  /** Bytes of announcements that went over links. */
  announcedBytes = 0
  announcedIds = 0
  /** Ids that were asked for. */
  pulledIds = 0
  verifications = 0
  fragments = 0
  penalties = 0
  /** Codes of the faults for which links were to be cut. */
  readonly shed: string[] = []

  constructor(graph: Graph, seed: number, options: BroadcastOptions = {}) {
    this.#options = options
    this.network = createNetwork<PubsubEvent, PeerId, PubsubMessage, string, PubsubOutput>({
      seed,
      ...(options.latency === undefined ? {} : { latency: options.latency }),
      onEmit: (peer, output, now) => this.#emitted(peer, output, now),
    })
    for (let index = 0; index < graph.length; index++) this.#add(index)
    for (const [index, neighbours] of graph.entries()) {
      this.#inject(index, { type: 'subscribe', topic: this.#topic })
      for (const other of neighbours) this.link(index, other)
    }
    this.network.run(settleMs)
  }

  get size(): number {
    return this.#nodes.length
  }

  isAlive(index: number): boolean {
    return this.#nodes[index]!.alive
  }

  pubsub(index: number): Pubsub {
    return this.#pubsubs[index]!
  }

  /** Tells a node of a neighbour. */
  link(index: number, other: number): void {
    this.#inject(index, { type: 'neighbourUp', peer: simulatedPeer(other) })
  }

  /** Tells a node that a link is no more. */
  unlink(index: number, other: number): void {
    this.#inject(index, { type: 'gone', peer: simulatedPeer(other) })
  }

  /** Ends a node without a word. */
  crash(index: number): void {
    this.network.crash(simulatedPeer(index), 'blackhole')
  }

  inject(index: number, event: PubsubEvent, delayMs = 0): void {
    this.#inject(index, event, delayMs)
  }

  /** Publishes one message and lets time go on as it will. */
  publish(source: number, payloadBytes: number = markBytes): Publication {
    const token = this.publications.length
    const payload = new Uint8Array(Math.max(markBytes, payloadBytes))
    payload[0] = token & 127
    payload[1] = (token >> 7) & 127
    payload[2] = token >> 14
    for (let at = markBytes; at < payload.length; at++) payload[at] = (at * token) & 255
    const { now } = this.network
    const delaysMs = new Float32Array(this.size).fill(Number.NaN)
    const publication = { source, payload, at: now, delaysMs, delivered: 0, lastAt: now, copies: 0 }
    this.publications.push(publication)
    this.#inject(source, { type: 'publish', token, topic: this.#topic, payload })
    return publication
  }

  /** Broadcasts one message and waits until it has settled. */
  broadcast(source: number): Spread {
    const publication = this.publish(source)
    this.network.run(settleMs)
    return this.spreadOf(publication)
  }

  /** What became of a message among `due` nodes, all living ones but its source unless told. */
  spreadOf(publication: Publication, due = this.#living() - 1): Spread {
    const { at, lastAt, copies, delivered } = publication
    return {
      reliability: delivered / due,
      redundancy: copies / Math.max(1, delivered) - 1,
      lastHop: Math.round((lastAt - at) / (hopMs + verifyMs)),
    }
  }

  #living(): number {
    return this.#nodes.reduce((sum, node) => sum + (node.alive ? 1 : 0), 0)
  }

  #add(index: number): void {
    const self = simulatedPeer(index)
    this.#indexByPeer.set(self, index)
    const node = this.network.add(self, ({ rng, epochAtZero }): PubsubMachine => {
      const stream = streamIdFromBytes(rng.bytes(streamIdBytes))
      const config = {
        ...defaultPubsubConfig,
        initialRoundTripMs: 2 * hopMs,
        ...this.#options.config,
      }
      const pubsub = new Pubsub({ network: this.#name, self, epochAtZero, stream, config, rng })
      this.#pubsubs[index] = pubsub
      const watched = new Watched(pubsub, (to, message) => this.#sent(to, message))
      return this.#options.wrap?.(watched, index) ?? watched
    })
    this.#nodes.push(node)
  }

  #inject(index: number, event: PubsubEvent, delayMs = 0): void {
    this.network.inject(simulatedPeer(index), event, delayMs)
  }

  #sent(to: PeerId, message: PubsubMessage): void {
    this.#options.onSend?.(message)
    if (message.type === 'eager') {
      // What goes to the dead costs them nothing.
      if (this.network.isAlive(to)) this.#publicationOf(message.payload).copies++
    } else if (message.type === 'fragment') this.fragments++
    else if (message.type === 'iwant') this.pulledIds += message.prefixes.length
    else if (message.type === 'ihave') {
      this.announcedBytes += encodeCbor(encodePubsubMessage(message)).length
      this.announcedIds += message.prefixes.length
    }
  }

  #publicationOf(payload: Uint8Array): Publication {
    return this.publications[payload[0]! | (payload[1]! << 7) | (payload[2]! << 14)]!
  }

  #emitted(peer: PeerId, output: PubsubOutput, now: Instant): void {
    const index = this.#indexByPeer.get(peer)!
    switch (output.type) {
      case 'sign': {
        const { token } = output
        this.#inject(
          index,
          { type: 'signed', token, signature: new Uint8Array(signatureBytes) },
          signMs,
        )
        return
      }
      case 'verify': {
        this.verifications++
        const { token, signed } = output
        const batch = this.#granted(signed.body)
        const ms = this.#options.checkMs?.(index, now) ?? verifyMs
        this.#inject(index, { type: 'verified', token, batch }, ms)
        return
      }
      case 'deliver':
        this.#delivered(index, output.message.payload, now)
        return
      case 'penalised':
        this.penalties++
        return
      case 'shed':
        this.shed.push(output.fault.code)
        return
      default:
    }
  }

  #delivered(index: number, payload: Uint8Array, now: Instant): void {
    const publication = this.#publicationOf(payload)
    if (!Number.isNaN(publication.delaysMs[index]!)) this.repeated++
    if (compareBytes(payload, publication.payload) !== 0) this.corrupted++
    publication.delaysMs[index] = now - publication.at
    publication.delivered++
    publication.lastAt = instant(Math.max(publication.lastAt, now))
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
