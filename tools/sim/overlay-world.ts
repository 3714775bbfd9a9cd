/**
 * A simulated network of whole overlays: the machine that ships, with test signatures of real sizes and costs.
 * Shared by the scenarios of broadcast and by the overlay's own tests.
 */
import {
  batchKind,
  contextOf,
  descriptorKind,
  mlDsaScheme,
  selectBackend,
  type SignatureScheme,
  verifySignedSync,
} from '@kithnet/identity'
import { type Instant, type Machine, toHex, utf8 } from '@kithnet/kernel'
import {
  type Delivery,
  encodeFrame,
  type Order,
  Overlay,
  type OverlayConfig,
  overlayConfig,
  type OverlayEvent,
  type OverlayMessage,
  type OverlayOutput,
  type OverlayView,
  type SignedDomain,
} from '@kithnet/overlay'
import {
  type Boot,
  createNetwork,
  type EventLog,
  type Latency,
  type Network,
  nativeCosts,
  type Node,
  type SignatureCosts,
  testScheme,
  VirtualCores,
} from '@kithnet/testkit'
import {
  address,
  type Address,
  type Batch,
  type Descriptor,
  hash,
  type MessageId,
  type NetworkId,
  networkId,
  type PeerId,
  peerIdOf,
  type Signed,
  type StreamId,
  streamIdBytes,
  streamIdFromBytes,
  type TopicId,
  topicId,
  type Verified,
} from '@kithnet/types'

/** The overlay's network in virtual time. */
export type OverlayNetwork = Network<OverlayEvent, PeerId, OverlayMessage, string, OverlayOutput>

/** An overlay, or something that claims to be one. */
export interface OverlayMachine extends Machine<
  OverlayEvent,
  PeerId,
  OverlayMessage,
  string,
  OverlayOutput
> {
  snapshot(): OverlayView
}

/** What an overlay wants done. */
export type OverlayEffects = ReturnType<OverlayMachine['on']>

/** A peer of the world: its machine, and what its driver saw. */
export interface Citizen {
  readonly peer: PeerId
  readonly node: Node<OverlayEvent, OverlayMachine>
  readonly sign: Sign
  /** How often each message was delivered. */
  readonly delivered: Map<MessageId, number>
  readonly outputs: Map<OverlayOutput['type'], number>
  verifications: number
  /** Where signatures are checked, if they may wait. */
  readonly cores: VirtualCores | undefined
}

/** Signs with one peer's key. */
type Sign = (domain: SignedDomain, body: Uint8Array) => Uint8Array

/** How a world is made. */
export interface WorldOptions {
  readonly seed: number
  readonly peers: number
  readonly config?: OverlayConfig
  /** The settings of one peer, where they are not everybody's. */
  readonly configOf?: (index: number) => OverlayConfig
  readonly latency?: Latency
  readonly costs?: SignatureCosts
  /** Checks of signatures wait for each other on so many cores of their own. Default: they never wait. */
  readonly cores?: number
  /** ML-DSA-65 in place of test signatures. Slow. */
  readonly realKeys?: boolean
  /** Counts bytes of real frames. Slower. */
  readonly countBytes?: boolean
  readonly log?: EventLog | undefined
  readonly onOutput?: (citizen: Citizen, output: OverlayOutput, now: Instant) => void
  /** Sees and may change what a machine does: to count, and for peers that lie. */
  readonly wrap?: (overlay: Overlay, citizen: number, peer: PeerId) => OverlayMachine
}

interface Publication {
  readonly author: PeerId
  readonly payload: Uint8Array
  readonly at: Instant
}

/** A network of overlays, and a book of what was published and delivered. */
export class OverlayWorld {
  readonly network: OverlayNetwork
  readonly name: NetworkId = networkId('simulated')
  readonly citizens: Citizen[] = []
  readonly #options: WorldOptions
  readonly #scheme: ReturnType<typeof testScheme>
  readonly #byPeer = new Map<PeerId, Citizen>()
  readonly #published = new Map<MessageId, Publication>()
  readonly #payloadByToken = new Map<PeerId, Map<number, Uint8Array>>()
  readonly #verdicts = new WeakMap<Signed, Verified<Batch> | Verified<Descriptor> | null>()
  #token = 0
  /** Deliveries of what nobody published, or with another payload or author. */
  unverified = 0
  deliveries = 0
  repeated = 0
  readonly delaysMs: number[] = []

  constructor(options: WorldOptions) {
    this.#options = options
    this.#scheme = testScheme(options.costs ?? nativeCosts)
    this.network = createNetwork<OverlayEvent, PeerId, OverlayMessage, string, OverlayOutput>({
      seed: options.seed,
      addressOf,
      closesWhenReleasedBy: 'either',
      keepaliveMs: 10_000,
      ...(options.latency === undefined ? {} : { latency: options.latency }),
      ...(options.log === undefined ? {} : { log: options.log }),
      ...(options.countBytes === true ? { sizeOf: (message) => encodeFrame(message).length } : {}),
      onEmit: (peer, output, now) => this.#emitted(peer, output, now),
    })
    for (let index = 0; index < options.peers; index++) this.#add(index)
  }

  topic(name: string): TopicId {
    return topicId(this.name, name)
  }

  /** How to reach one of the peers. */
  contact(index: number): { readonly peer: PeerId; readonly addresses: readonly Address[] } {
    const { peer } = this.citizens[index]!
    return { peer, addresses: [addressOf(peer)] }
  }

  /** Everybody joins through the first peer, `gapMs` apart. */
  join(gapMs: number): void {
    for (const [index, { peer }] of this.citizens.entries()) {
      const contacts = index === 0 ? [] : [this.contact(0)]
      this.network.inject(peer, { type: 'join', contacts }, index * gapMs)
    }
  }

  subscribeAll(topic: TopicId, order: Order = 'none'): void {
    for (const { peer } of this.citizens) {
      this.network.inject(peer, { type: 'subscribe', topic, order })
    }
  }

  publish(index: number, topic: TopicId, payload: Uint8Array, delayMs = 0): void {
    const { peer } = this.citizens[index]!
    const token = ++this.#token
    let byToken = this.#payloadByToken.get(peer)
    if (byToken === undefined) {
      byToken = new Map()
      this.#payloadByToken.set(peer, byToken)
    }
    byToken.set(token, payload)
    this.network.inject(peer, { type: 'publish', token, topic, payload }, delayMs)
  }

  /** Ids of everything published so far. */
  get published(): ReadonlyMap<MessageId, { readonly author: PeerId; readonly at: Instant }> {
    return this.#published
  }

  /** Deliveries that are still missing among the living, the author's own left out. */
  missing(): number {
    let missing = 0
    for (const [id, { author }] of this.#published) {
      for (const citizen of this.citizens) {
        if (citizen.peer === author || !citizen.node.alive) continue
        if (!citizen.delivered.has(id)) missing++
      }
    }
    return missing
  }

  outputs(type: OverlayOutput['type']): number {
    return this.citizens.reduce((sum, citizen) => sum + (citizen.outputs.get(type) ?? 0), 0)
  }

  #add(index: number): void {
    const { publicKey, sign } = this.#keysOf(hash('item', utf8(`citizen ${index}`)))
    const peer = peerIdOf(publicKey)
    const node = this.network.add(peer, (boot): OverlayMachine => {
      const overlay = new Overlay({
        network: this.name,
        self: peer,
        publicKey,
        stream: streamOf(boot),
        epochAtZero: boot.epochAtZero,
        incarnation: incarnationOf(boot),
        addresses: [addressOf(peer)],
        config: this.#options.configOf?.(index) ?? this.#options.config ?? overlayConfig('lan'),
        rng: boot.rng.fork('overlay'),
      })
      return this.#options.wrap?.(overlay, index, peer) ?? overlay
    })
    const citizen: Citizen = {
      peer,
      node,
      sign,
      delivered: new Map(),
      outputs: new Map(),
      verifications: 0,
      cores: this.#options.cores === undefined ? undefined : new VirtualCores(this.#options.cores),
    }
    this.citizens.push(citizen)
    this.#byPeer.set(peer, citizen)
  }

  #keysOf(seed: Uint8Array): { readonly publicKey: Uint8Array; readonly sign: Sign } {
    if (this.#options.realKeys === true) {
      const pair = selectBackend().mlDsa65.keyPair(seed)
      return {
        publicKey: pair.publicKey,
        sign: (domain, body) => pair.sign(body, contextOf(domain)),
      }
    }
    const { publicKey, secretKey } = this.#scheme.keygen(seed)
    return { publicKey, sign: (domain, body) => this.#scheme.signSync(secretKey, domain, body) }
  }

  #emitted(peer: PeerId, output: OverlayOutput, now: Instant): void {
    const citizen = this.#byPeer.get(peer)!
    citizen.outputs.set(output.type, (citizen.outputs.get(output.type) ?? 0) + 1)
    switch (output.type) {
      case 'sign': {
        const signature = citizen.sign(output.domain, output.body)
        const { token } = output
        this.network.inject(
          peer,
          { type: 'signed', token, signature },
          this.#scheme.costs.signUs / 1000,
        )
        break
      }
      case 'verify': {
        citizen.verifications++
        const value = this.#check(output)
        const { token } = output
        this.network.inject(peer, { type: 'checked', token, value }, this.#checkMs(citizen, now))
        break
      }
      case 'published': {
        const payload = this.#payloadByToken.get(peer)?.get(output.token)
        if (payload !== undefined && !this.#published.has(output.id)) {
          this.#published.set(output.id, { author: peer, payload, at: now })
        }
        break
      }
      case 'deliver':
        this.#delivered(citizen, output.message, now)
        break
      case 'shed':
        for (const other of [peer, output.peer]) if (!this.network.isAlive(other)) return
        this.network.at(now, () => this.network.resetLink(peer, output.peer))
        break
      default:
    }
    this.#options.onOutput?.(citizen, output, now)
  }

  /** How long a check takes from now, what waits before it included. */
  #checkMs({ cores }: Citizen, now: Instant): number {
    const { verifyUs } = this.#scheme.costs
    return cores === undefined ? verifyUs / 1000 : cores.work(now, verifyUs) - now
  }

  /** A verdict follows from the bytes alone, and peers share them by reference: each is reached once. */
  #check(
    output: Extract<OverlayOutput, { type: 'verify' }>,
  ): Verified<Batch> | Verified<Descriptor> | undefined {
    const { domain, signed, publicKey } = output
    const known = this.#verdicts.get(signed)
    if (known !== undefined) return known ?? undefined
    // The test scheme has identity's shape but for domains, which it takes as any text.
    const testing = this.#scheme as unknown as SignatureScheme
    const scheme = this.#options.realKeys === true ? mlDsaScheme() : testing
    const result =
      domain === 'batch'
        ? verifySignedSync(batchKind, signed, publicKey, scheme)
        : verifySignedSync(descriptorKind, signed, publicKey, scheme)
    this.#verdicts.set(signed, result.ok ? result.value : null)
    return result.ok ? result.value : undefined
  }

  #delivered(citizen: Citizen, message: Delivery, now: Instant): void {
    const before = citizen.delivered.get(message.id) ?? 0
    citizen.delivered.set(message.id, before + 1)
    this.deliveries++
    if (before > 0) this.repeated++
    const publication = this.#published.get(message.id)
    if (publication === undefined) {
      this.unverified++
      return
    }
    const same =
      publication.author === message.author && sameBytes(publication.payload, message.payload)
    if (!same) this.unverified++
    this.delaysMs.push(now - publication.at)
  }
}

/** Where a simulated peer can be reached. */
export function addressOf(peer: PeerId): Address {
  const parsed = address(`memory://${peer.slice(0, 16)}`)
  if (!parsed.ok) throw new Error('a simulated address is well-formed')
  return parsed.value
}

/** The value below which a share of the sorted numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function streamOf(boot: Boot<PeerId>): StreamId {
  return streamIdFromBytes(boot.rng.fork('stream').bytes(streamIdBytes))
}

function incarnationOf(boot: Boot<PeerId>): number {
  const bytes = boot.disk.get('incarnation')
  return bytes === undefined ? 0 : Number(BigInt(`0x${toHex(bytes)}`))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, index) => byte === b[index]))
}
