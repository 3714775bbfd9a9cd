import type { Fault, Instant, Rng } from '@kithnet/kernel'
import type { NetworkId, PeerId, StreamId, TopicId } from '@kithnet/types'
import { BatchBook } from './batch-book.ts'
import type { PubsubConfig } from './config.ts'
import { EagerLinks } from './eager-links.ts'
import { EffectList } from './effect-list.ts'
import type { PeerFault } from './faults.ts'
import { HybridClock } from './hybrid-clock.ts'
import { Lanes } from './lanes.ts'
import { LinkScores } from './link-scores.ts'
import { Links } from './links.ts'
import { MessageCache } from './message-cache.ts'
import { Missing } from './missing.ts'
import type { PubsubOptions } from './options.ts'
import { Seen } from './seen.ts'

/** What the parts of one `Pubsub` share. */
export class State {
  readonly config: PubsubConfig
  readonly network: NetworkId
  readonly self: PeerId
  readonly stream: StreamId
  readonly rng: Rng
  readonly effects: EffectList = new EffectList()
  readonly clock: HybridClock
  readonly links: Links
  readonly seen: Seen
  readonly lanes: Lanes
  readonly book: BatchBook
  readonly cache: MessageCache
  readonly missing: Missing
  readonly eager: EagerLinks
  readonly scores: LinkScores = new LinkScores()
  readonly subscribed: Set<TopicId> = new Set()
  readonly #shed = new Set<PeerId>()

  constructor(options: PubsubOptions) {
    const { config } = options
    this.config = config
    this.network = options.network
    this.self = options.self
    this.stream = options.stream
    this.rng = options.rng
    this.clock = new HybridClock(options.epochAtZero)
    this.links = new Links(config.initialRoundTripMs)
    this.seen = new Seen(config.seenPerLink)
    this.lanes = new Lanes(config.lanesPerLink, config.sequenceRuns)
    this.book = new BatchBook(config.idleBatchesPerLink)
    this.eager = new EagerLinks(config.sources, config.sourceIdleMs, config.graftAfter)
    this.missing = new Missing(this.links, config.missingPerLink, config.wantsPerLink)
    this.cache = new MessageCache(config.cacheBytes, {
      authorHeld: (author, held) =>
        this.effects.emit({ type: held ? 'holds' : 'releases', author }),
      dropped: (cached) => this.book.letGo(cached.batch),
    })
  }

  /** A peer is answerable for something: its score pays, and when it is spent the link is to be cut. */
  blame(peer: PeerId, fault: PeerFault, now: Instant): void {
    this.charge(peer, fault, now)
  }

  /** The same at another price than the usual one, for instance for a fault of another part of the node. */
  charge(peer: PeerId, fault: Fault, now: Instant, points?: number): void {
    const spent = this.scores.charge(peer, fault, now, points)
    this.effects.emit({ type: 'penalised', peer, fault })
    if (!spent || this.#shed.has(peer)) return
    this.#shed.add(peer)
    this.effects.emit({ type: 'shed', peer, fault })
  }

  /** True from the moment at which the peer's link was to be cut until it is. */
  isShed(peer: PeerId): boolean {
    return this.#shed.has(peer)
  }

  /** The link to a peer is gone. */
  forget(peer: PeerId): void {
    this.#shed.delete(peer)
  }
}
