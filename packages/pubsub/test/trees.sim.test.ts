import type { Fired, Instant, LinkDown, LinkUp, Machine } from '@kithnet/kernel'
import {
  defaultPubsubConfig,
  Pubsub,
  type PubsubEvent,
  type PubsubMessage,
  type PubsubOutput,
} from '@kithnet/pubsub'
import { createNetwork, type Network } from '@kithnet/testkit'
import {
  type Batch,
  decodeBatch,
  type PeerId,
  signatureBytes,
  streamIdFromBytes,
  type Verified,
} from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { network as name, news, peer } from './subject.ts'

type Event = PubsubEvent | LinkUp<PeerId> | LinkDown<PeerId>
type Effects = ReturnType<Pubsub['on']>

/** A pubsub that loses a neighbour with its link. */
class Node implements Machine<Event, PeerId, PubsubMessage, string, PubsubOutput> {
  readonly #pubsub: Pubsub

  constructor(pubsub: Pubsub) {
    this.#pubsub = pubsub
  }

  on(event: Event | Fired<string>, now: Instant): Effects {
    if (event.type === 'linkUp') return []
    if (event.type !== 'linkDown') return this.#pubsub.on(event, now)
    return this.#pubsub.on({ type: 'gone', peer: event.peer }, now)
  }
}

/** Nodes in a ring with chords, and how long each message took to reach each of them. */
class Ring {
  readonly network: Network<Event, PeerId, PubsubMessage, string, PubsubOutput>
  readonly size: number
  readonly arrivals = new Map<string, number>()
  #token = 0

  constructor(size: number, chords: readonly number[]) {
    this.size = size
    this.network = createNetwork<Event, PeerId, PubsubMessage, string, PubsubOutput>({
      seed: 4,
      onEmit: (at, output, now) => this.#emitted(at, output, now),
    })
    for (let index = 0; index < size; index++) {
      this.network.add(this.peerAt(index), ({ rng, epochAtZero }) => {
        const stream = streamIdFromBytes(rng.bytes(16))
        const self = this.peerAt(index)
        const config = { ...defaultPubsubConfig, initialRoundTripMs: 20 }
        return new Node(new Pubsub({ network: name, self, stream, epochAtZero, config, rng }))
      })
    }
    for (let index = 0; index < size; index++) {
      this.network.inject(this.peerAt(index), { type: 'subscribe', topic: news })
      for (const chord of chords) this.#connect(index, index + chord)
    }
    this.network.run(1_000)
  }

  peerAt(index: number): PeerId {
    return peer(`node ${index % this.size}`)
  }

  /** Publishes at node 0 and answers with how many living nodes have it after a while. */
  broadcast(waitMs: number): number {
    const token = ++this.#token
    const payload = Uint8Array.of(token)
    this.network.inject(this.peerAt(0), { type: 'publish', token, topic: news, payload })
    this.network.run(waitMs)
    return this.network.livingPeers.filter((at) => this.arrivals.has(`${at} ${token}`)).length
  }

  #connect(one: number, other: number): void {
    this.network.inject(this.peerAt(one), { type: 'neighbourUp', peer: this.peerAt(other) })
    this.network.inject(this.peerAt(other), { type: 'neighbourUp', peer: this.peerAt(one) })
  }

  #emitted(at: PeerId, output: PubsubOutput, now: Instant): void {
    if (output.type === 'sign') {
      const signature = new Uint8Array(signatureBytes)
      this.network.inject(at, { type: 'signed', token: output.token, signature })
    } else if (output.type === 'verify') {
      const decoded = decodeBatch(output.signed.body)
      if (!decoded.ok) throw new Error('not a batch')
      const batch = decoded.value as Verified<Batch>
      this.network.inject(at, { type: 'verified', token: output.token, batch })
    } else if (output.type === 'deliver') {
      this.arrivals.set(`${at} ${output.message.payload[0]}`, now)
    }
  }
}

describe('trees in a network', () => {
  it('reach everybody, and again in the same time when a fifth has crashed', () => {
    const ring = new Ring(30, [1, 2, 7])
    expect(ring.broadcast(300)).toBe(29)
    expect(ring.broadcast(300)).toBe(29)
    for (const index of [3, 8, 9, 15, 22, 28]) ring.network.crash(ring.peerAt(index))
    ring.network.run(100)
    expect(ring.broadcast(150)).toBe(23)
    expect(ring.broadcast(150)).toBe(23)
  })

  it('repair what crashes have swallowed, although nobody was told', () => {
    const ring = new Ring(30, [1, 2, 7])
    ring.broadcast(300)
    for (const index of [3, 8, 9, 15, 22, 28]) ring.network.crash(ring.peerAt(index), 'blackhole')
    expect(ring.broadcast(3_000)).toBe(23)
    expect(ring.broadcast(3_000)).toBe(23)
  })

  it('lose nothing although one frame in five is lost', () => {
    const ring = new Ring(20, [1, 3, 8])
    ring.network.shape({ lossRate: 0.2 })
    const reached = Array.from({ length: 20 }, () => ring.broadcast(200))
    expect(reached.length).toBe(20)
    ring.network.run(60_000)
    expect(ring.arrivals.size).toBe(20 * 19)
  })
})
