import { after, BoundedMap, type Instant, TokenBucket } from '@kithnet/kernel'
import type { BatchId, PeerId } from '@kithnet/types'
import type { IdPrefix } from './id-prefix.ts'
import type { AckRange } from './messages.ts'
import { RoundTrip } from './round-trip.ts'

/** Batches remembered per link as known there. Source: our choice; a forgotten one is sent once more. */
const knownBatches = 512
/** Batches remembered per link as bad. Source: our choice; the link is cut long before. */
const badBatches = 64
/**
 * Sources and time that make silence suspicious. Source: our choice; one parent in eight of eight sources is one in 10^7.
 * The time is measured: peers that go silent all at once leave 75 % in time with 15 s, 99 % with 6 s.
 */
const quietSources = 8
const quietMs = 6_000
/**
 * A neighbour says something within this. Source: measured; under a flood of silent peers, ratio 40, 86 % came in time with
 * 10 s, and all with 4 s and 5 s. Who was only busy is exchanged once.
 */
const wordlessMs = 5_000
/** Source: our choice; as many messages as one link may leave unverified. */
const rescuesPerSecond = 64
/** Answers remembered per link. Source: our choice; what one link may have asked for at once, many times over. */
const servedIds = 2_048
/** How often one peer is given one message, and in what time. Source: our choice; at 5 % loss once in ten thousand. */
const maxServed = 3
const servedMs = 30_000
/** Links of peers that are no neighbours, remembered at once. Source: our choice. */
const maxStrangers = 256

/** What is known and owed on one link. */
export class LinkState {
  readonly peer: PeerId
  neighbour = false
  congested = false
  readonly roundTrip: RoundTrip
  /** Unverified work of this link. */
  pendingMessages = 0
  pendingBytes = 0
  /** Announced by this link first, and missing here. */
  missing = 0
  /** Asked of this link and not answered. */
  wants = 0
  /** Batches that were owed and not given, since the last one that was. */
  withheldInARow = 0
  /** When the last of them was counted. */
  withheldAt: Instant | undefined
  /** To be announced on this link. */
  readonly announce: Set<IdPrefix> = new Set()
  readonly acks: AckRange[] = []
  /** The peer can give messages from this time on. */
  heldSince = 0
  historyOpenedAt: Instant | undefined
  /** When something of this link was refused for want of room here: what follows from that is not its fault. */
  refusedAt: Instant | undefined
  neighbourSince: Instant | undefined
  isUseful = false
  /** It was asked for a word and has said none: nothing is expected of it until it does. */
  isMute = false
  /** Messages that it announced and others had to give, less what it gave since. */
  unkept = 0
  /** When a comparison of histories with it was last opened from here. */
  comparedAt: Instant | undefined
  /** When anything of broadcast last came from it. */
  heardAt: Instant | undefined
  /** When it last pushed something that was in time by the clock here. */
  timelyAt: Instant | undefined
  served: TokenBucket | undefined
  /** Sources that others have brought something of since this link last brought or announced anything. */
  readonly #quietFor = new Set<PeerId>()
  #quietSince: Instant | undefined
  readonly #known = new BoundedMap<BatchId, true>(knownBatches)
  readonly #bad = new BoundedMap<BatchId, true>(badBatches)
  #rescues: TokenBucket | undefined
  readonly #served = new BoundedMap<IdPrefix, { times: number; readonly since: Instant }>(servedIds)

  constructor(peer: PeerId, initialRoundTripMs: number) {
    this.peer = peer
    this.roundTrip = new RoundTrip(initialRoundTripMs)
  }

  /** Marks the batch as known on the other side; false when it was. */
  learnsBatch(batch: BatchId): boolean {
    if (this.#known.peek(batch) === true) return false
    this.#known.set(batch, true)
    return true
  }

  /** Somebody else has brought a message of the source. True when that makes the link's silence suspicious. */
  missed(source: PeerId, now: Instant): boolean {
    if (this.#quietFor.size >= quietSources) return false
    this.#quietFor.add(source)
    this.#quietSince ??= now
    return this.#quietFor.size === quietSources
  }

  /** It has brought or announced something that is real. True when that is the first time. */
  spoke(): boolean {
    const isFirst = this.neighbour && !this.isUseful
    if (isFirst) this.isUseful = true
    this.#forgetQuiet()
    return isFirst
  }

  #forgetQuiet(): void {
    if (this.#quietSince === undefined) return
    this.#quietFor.clear()
    this.#quietSince = undefined
  }

  /**
   * From when on it is idle, as far as is known now. It has never said a word, though neighbours begin by comparing
   * what they have; or nothing comes from it while others bring messages of many sources: for some of them an honest
   * neighbour is nearer than this node, or hears of them as soon, and says so.
   */
  get idleAt(): Instant | undefined {
    if (this.neighbourSince !== undefined && this.heardAt === undefined) {
      return after(this.neighbourSince, wordlessMs)
    }
    if (this.#quietSince === undefined || this.#quietFor.size < quietSources) return undefined
    return after(this.#quietSince, quietMs)
  }

  /** True when others may be asked for what this link brought and could not be taken: asking costs them, too. */
  mayBeRescued(now: Instant): boolean {
    this.#rescues ??= new TokenBucket(rescuesPerSecond, rescuesPerSecond, now)
    return this.#rescues.take(1, now)
  }

  /** True when the peer may be given what it asks for: not again and again within a short time. */
  mayServe(id: IdPrefix, now: Instant): boolean {
    const served = this.#served.peek(id)
    if (served === undefined || now - served.since >= servedMs) {
      this.#served.set(id, { times: 1, since: now })
      return true
    }
    served.times++
    return served.times <= maxServed
  }

  markBad(batch: BatchId): void {
    this.#bad.set(batch, true)
  }

  hasBad(batch: BatchId): boolean {
    return this.#bad.peek(batch) === true
  }
}

/** The links by peer; a state exists only while the peer's link stands. */
export class Links {
  readonly #byPeer = new Map<PeerId, LinkState>()
  readonly #initialRoundTripMs: number
  #neighbours: readonly LinkState[] = []

  constructor(initialRoundTripMs: number) {
    this.#initialRoundTripMs = initialRoundTripMs
  }

  /** In the order in which they came. */
  get neighbours(): readonly LinkState[] {
    return this.#neighbours
  }

  get all(): Iterable<LinkState> {
    return this.#byPeer.values()
  }

  peek(peer: PeerId): LinkState | undefined {
    return this.#byPeer.get(peer)
  }

  /** The state of a link, made when there is none. */
  of(peer: PeerId): LinkState {
    let link = this.#byPeer.get(peer)
    if (link === undefined) {
      if (this.#byPeer.size - this.#neighbours.length >= maxStrangers) this.#dropStranger()
      link = new LinkState(peer, this.#initialRoundTripMs)
      this.#byPeer.set(peer, link)
    }
    return link
  }

  /** True when it was none before. */
  setNeighbour(peer: PeerId, neighbour: boolean): boolean {
    const link = neighbour ? this.of(peer) : this.#byPeer.get(peer)
    if (link === undefined || link.neighbour === neighbour) return false
    link.neighbour = neighbour
    link.announce.clear()
    this.#neighbours = neighbour
      ? [...this.#neighbours, link]
      : this.#neighbours.filter((other) => other !== link)
    return true
  }

  delete(peer: PeerId): void {
    this.setNeighbour(peer, false)
    this.#byPeer.delete(peer)
  }

  /** The high round trip over all neighbours: what a wait for any of them is measured in. */
  get highMs(): number {
    let high = 0
    for (const link of this.#neighbours) high = Math.max(high, link.roundTrip.highMs)
    return high === 0 ? this.#initialRoundTripMs : high
  }

  #dropStranger(): void {
    for (const link of this.#byPeer.values()) {
      if (link.neighbour || link.wants > 0 || link.pendingMessages > 0) continue
      this.#byPeer.delete(link.peer)
      return
    }
  }
}
