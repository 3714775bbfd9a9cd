import { BoundedMap, type Instant, type TokenBucket } from '@kithnet/kernel'
import type { BatchId, MessageId, PeerId } from '@kithnet/types'
import type { AckRange } from './messages.ts'
import { RoundTrip } from './round-trip.ts'

/** Batches remembered per link as known there. Source: our choice; a forgotten one is sent once more. */
const knownBatches = 512
/** Batches remembered per link as bad. Source: our choice; the link is cut long before. */
const badBatches = 64
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
  /** To be announced on this link. */
  readonly announce: Set<MessageId> = new Set()
  readonly acks: AckRange[] = []
  /** The peer can give messages from this time on. */
  heldSince = 0
  historyOpenedAt: Instant | undefined
  served: TokenBucket | undefined
  readonly #known = new BoundedMap<BatchId, true>(knownBatches)
  readonly #bad = new BoundedMap<BatchId, true>(badBatches)

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
