/**
 * A simulated network whose peers keep records: whole overlays, the machine of records that ships, stores that survive
 * crashes, and test signatures of real sizes and costs.
 */
import { chainMetadata, type ChainPlace } from '@kithnet/dag'
import { epochMs, type Instant, seededRng, toHex, utf8, wallAt } from '@kithnet/kernel'
import type { OverlayEvent, OverlayOutput } from '@kithnet/overlay'
import {
  nativeCosts,
  type TestKeys,
  testScheme,
  uniformLatency,
  VirtualCores,
} from '@kithnet/testkit'
import { hash, networkId, type PeerId, topicId } from '@kithnet/types'
import {
  type ElraRecord,
  encodeRecord,
  identityHash,
  type MetadataValue,
  sha3_256,
  signableBytes,
  uuid7Source,
  withAlgorithms,
} from '@kithnet/wire'
import type { GossipEvent } from '../../packages/dag/src/sync/gossip-events.ts'
import { RecordGossip } from '../../packages/dag/src/sync/record-gossip.ts'
import { itemKinds, uuidOfName } from '../../packages/dag/src/sync/sync-keys.ts'
import type { decodeAnnouncement } from '../../packages/dag/src/sync/sync-messages.ts'
import type { GossipOutput } from '../../packages/dag/src/sync/sync-sessions.ts'
import { OverlayWorld } from './overlay-world.ts'
import {
  type Carried,
  type CarriedOutput,
  type Commit,
  type RecordEvent,
  RecordPeer,
} from './record-peer.ts'
import { RecordReader, RecordStoreModel } from './record-store-model.ts'

/** What a peer has written last in its chain. */
interface Chain {
  readonly stream: string
  seq: number
  prev: string | undefined
}

/** A peer of the world, as one who writes records and keeps them. */
export interface Author {
  readonly index: number
  readonly peer: PeerId
  readonly store: RecordStoreModel
  readonly keys: TestKeys
  readonly chain: Chain
  readonly cores: VirtualCores
}

/** A record, and when each peer had it. */
export interface Written {
  readonly id: string
  readonly author: number
  readonly at: Instant
  readonly arrivals: Map<number, Instant>
}

/** How a world of records is made. */
export interface RecordWorldOptions {
  readonly seed: number
  readonly peers: number
  /** Mean time between comparisons with a random neighbour. */
  readonly syncIntervalMs: number
}

/** Peers, what they wrote, and when who had it. */
export class RecordWorld {
  readonly overlays: OverlayWorld
  readonly authors: readonly Author[]
  readonly written = new Map<string, Written>()
  /** By author's identity, when each peer had proof against it. */
  readonly convicted = new Map<string, Map<number, Instant>>()
  rejected = 0
  comparisons = 0
  readonly #scheme = testScheme(nativeCosts)
  readonly #ids: ReturnType<typeof uuid7Source>
  readonly #topic = topicId(networkId('simulated'), 'records')
  readonly #payloads = new WeakMap<Uint8Array, ReturnType<typeof decodeAnnouncement>>()
  readonly #indexByPeer: ReadonlyMap<PeerId, Author>

  constructor({ seed, peers, syncIntervalMs }: RecordWorldOptions) {
    const rng = seededRng(`records ${seed}`)
    this.#ids = uuid7Source(rng.fork('ids'))
    const reader = new RecordReader((record) => this.#isSigned(record))
    const stores = Array.from(
      { length: peers },
      (_, index) => new RecordStoreModel(reader, rng.fork(`store ${index}`)),
    )
    let lives = 0
    this.overlays = new OverlayWorld({
      seed,
      peers,
      latency: uniformLatency(5, 30),
      wrap: (overlay, index, self) => {
        const own = rng.fork(`life ${++lives}`)
        const gossip = new RecordGossip({ self, rng: own, config: { syncIntervalMs } })
        return new RecordPeer(overlay, gossip, this.#topic, this.#payloads, (event, now) =>
          this.#commit(this.authors[index]!, event, now),
        )
      },
      onOutput: ({ peer }, output, now) => {
        const carried = output as OverlayOutput | CarriedOutput
        if (carried.type === 'records') this.#asked(this.#authorOf(peer), carried.output, now)
      },
    })
    this.authors = this.overlays.citizens.map(({ peer }, index) => ({
      index,
      peer,
      store: stores[index]!,
      keys: this.#scheme.keygen(hash('item', utf8(`author ${index}`))),
      chain: { stream: toHex(rng.bytes(16)), seq: 0, prev: undefined },
      cores: new VirtualCores(),
    }))
    this.#indexByPeer = new Map(this.authors.map((author) => [author.peer, author]))
  }

  /** Everybody joins, subscribes and begins, `gapMs` apart. */
  join(gapMs: number): void {
    this.overlays.join(gapMs)
    this.overlays.subscribeAll(this.#topic)
    for (const author of this.authors) this.#begin(author)
  }

  /** A peer stops; what waited in its memory is gone. */
  crash({ peer, store }: Author): void {
    this.overlays.network.crash(peer)
    store.crashed()
  }

  /** A peer begins again, with what it has on disk. */
  restart(author: Author): void {
    const { network } = this.overlays
    network.restart(author.peer)
    const others = this.authors.filter(({ peer }) => peer !== author.peer && network.isAlive(peer))
    const contacts = others.slice(0, 8).map(({ index }) => this.overlays.contact(index))
    network.inject(author.peer, { type: 'join', contacts })
    network.inject(author.peer, { type: 'subscribe', topic: this.#topic, order: 'none' })
    this.#begin(author)
  }

  isAlive({ peer }: Author): boolean {
    return this.overlays.network.isAlive(peer)
  }

  /** An author writes a record after its frontier, if it is up. */
  write(author: Author): void {
    if (!this.isAlive(author)) return
    const [bytes] = this.#sign(author, 1)
    this.#store(author, bytes!)
  }

  /** An author signs two records for one place, or one id: each is published by another peer. */
  fork(author: Author, publishers: readonly [Author, Author], manner: 'place' | 'id'): string {
    const pair = this.#sign(author, 2, manner)
    for (const [index, publisher] of publishers.entries()) this.#store(publisher, pair[index]!)
    return identityHash(author.keys.publicKey)
  }

  #begin({ peer, store }: Author): void {
    this.#inject(peer, { type: 'gossip', event: { type: 'held', items: store.held() } })
    this.#inject(peer, { type: 'gossip', event: { type: 'ready' } })
  }

  #sign(author: Author, count: number, manner: 'place' | 'id' = 'place'): Uint8Array[] {
    const { network } = this.overlays
    const { chain, store, keys } = author
    const parents = store.graph.tips().slice(-maxParents)
    const timestamp = wallAt(epochMs(epochAtZeroMs), network.now) / 1000
    const id = this.#ids.next(epochMs(Math.floor(timestamp * 1000)))
    const signed = Array.from({ length: count }, (_, copy) => {
      const place = manner === 'id' && copy > 0 ? { ...chain, seq: chain.seq + 1_000 } : chain
      const fields = {
        id: copy > 0 && manner === 'place' ? this.#ids.next(epochMs(epochAtZeroMs)) : id,
        version: 1,
        contentHash: sha3_256(utf8(`${author.index} ${chain.seq} ${copy}`)),
        creatorKey: keys.publicKey,
        timestamp,
        parents,
        classification: 0,
        metadata: withAlgorithms(new Map<string, MetadataValue>(chainMetadata(placeOf(place)))),
      } as const
      const signature = this.#scheme.signSync(keys.secretKey, 'elra', signableBytes(fields))
      const encoded = encodeRecord({ ...fields, signature })
      if (!encoded.ok) throw new Error(encoded.fault.code)
      this.written.set(fields.id, {
        id: fields.id,
        author: author.index,
        at: network.now,
        arrivals: new Map(),
      })
      return encoded.value
    })
    chain.seq++
    chain.prev = toHex(sha3_256(signed[0]!))
    return signed
  }

  /** Puts a record of this world into a peer's store, which then tells its machine. */
  #store(author: Author, bytes: Uint8Array): void {
    const items = [{ kind: itemKinds.record, bytes }]
    this.#inject(author.peer, { type: 'commit', token: undefined, items }, diskMs)
  }

  #commit(author: Author, { token, items }: Commit, now: Instant): GossipEvent[] {
    const wall = wallAt(epochMs(epochAtZeroMs), now)
    const { taken, held } = author.store.commit(items, wall, token === undefined)
    for (const { key } of held) {
      this.written.get(uuidOfName(key))?.arrivals.set(author.index, now)
    }
    for (const identity of author.store.evidence.keys()) {
      let known = this.convicted.get(identity)
      if (known === undefined) this.convicted.set(identity, (known = new Map()))
      if (!known.has(author.index)) known.set(author.index, now)
    }
    const events: GossipEvent[] = [{ type: 'held', items: held }]
    if (token !== undefined) events.push({ type: 'taken', token, taken })
    return events
  }

  #asked(author: Author, output: GossipOutput, now: Instant): void {
    switch (output.type) {
      case 'take': {
        const { token, items } = output
        const costUs = items.length * this.#scheme.costs.verifyUs
        const doneMs = author.cores.work(now, costUs) - now + diskMs
        this.#inject(author.peer, { type: 'commit', token, items }, doneMs)
        return
      }
      case 'load': {
        const { token, keys, maxBytes } = output
        const items = author.store.load(keys, maxBytes)
        const event: GossipEvent = { type: 'loaded', token, items }
        this.#inject(author.peer, { type: 'gossip', event }, 1)
        return
      }
      case 'synced':
        this.comparisons++
        return
      case 'reject':
        this.rejected++
        return
      case 'publish':
    }
  }

  #inject(peer: PeerId, record: RecordEvent, delayMs = 0): void {
    const carried: Carried = { type: 'records', record }
    this.overlays.network.inject(peer, carried as unknown as OverlayEvent, delayMs)
  }

  #authorOf(peer: PeerId): Author {
    return this.#indexByPeer.get(peer)!
  }

  #isSigned(record: ElraRecord): boolean {
    const { creatorKey: publicKey, signature } = record
    if (signature === undefined) return false
    const body = signableBytes(record)
    return this.#scheme.verifySync({ domain: 'elra', publicKey, body, signature })
  }
}

/** Source: testkit's wall clock at virtual time zero. */
const epochAtZeroMs = 1_767_225_600_000
/** Source: our choice: a commit on a good disk. */
const diskMs = 2
/** Source: our choice. */
const maxParents = 3

function placeOf({ stream, seq, prev }: Chain): ChainPlace {
  return { stream, seq, prev: seq === 0 ? undefined : prev }
}
