import type { PeerId, TopicId } from '@kithnet/types'
import { prefixBytes } from './id-prefix.ts'
import type { Standing } from './link-scores.ts'
import type { Pending } from './pending.ts'
import type { State } from './state.ts'

/** What one neighbour looks like from here. */
export interface NeighbourView {
  readonly peer: PeerId
  /** Pushed to by default; each source has a tree of its own besides. */
  readonly eager: boolean
  readonly roundTripMs: number | undefined
  readonly pendingBytes: number
  readonly congested: boolean
  /** Announcements that wait for the link; at most 64 KiB. */
  readonly unsentBytes: number
  /** 100 for a link without faults, 0 for one that is to be cut. */
  readonly score: number
  readonly standing: Standing
}

/** What a `Pubsub` holds, for status and tests of bounds. */
export interface PubsubView {
  readonly neighbours: readonly NeighbourView[]
  readonly topics: readonly TopicId[]
  /** Messages of ordered topics that wait for what comes before them. */
  readonly held: number
  readonly cachedMessages: number
  readonly cachedBytes: number
  readonly seen: number
  readonly lanes: number
  readonly batches: number
  /** Messages and batches that wait for a verified signature. */
  readonly pending: number
  readonly missing: number
  /** Own messages that are not signed yet. */
  readonly queued: number
}

/** Puts together what the parts hold. */
export function pubsubViewOf(state: State, pending: Pending, queued: number): PubsubView {
  const { links, subscriptions, cache, seen, lanes, book, missing, eager, scores } = state
  return {
    neighbours: links.neighbours.map((link) => ({
      peer: link.peer,
      eager: eager.isEagerByDefault(link.peer),
      roundTripMs: link.roundTrip.smoothedMs,
      pendingBytes: link.pendingBytes,
      congested: link.congested,
      unsentBytes: link.announce.size * prefixBytes,
      score: scores.of(link.peer),
      standing: state.standingOf(link.peer),
    })),
    topics: subscriptions.topics,
    held: subscriptions.held,
    cachedMessages: cache.size,
    cachedBytes: cache.bytes,
    seen: seen.size,
    lanes: lanes.size,
    batches: book.size,
    pending: pending.messages.size + pending.batches.size,
    missing: missing.size,
    queued,
  }
}
