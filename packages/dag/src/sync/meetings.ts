import { after, BoundedMap, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/**
 * When to compare with which neighbour, beside the comparisons at random: with a new one at once, and with all others
 * when a comparison has brought what broadcast has not.
 */
export class Meetings {
  readonly #rng: Rng
  /** With whom a comparison is about to begin, and why. */
  readonly #planned = new Map<PeerId, 'new' | 'more' | 'news'>()
  /** What comparisons brought lately and broadcast has not, and when. */
  readonly #news = new BoundedMap<string, Instant>(maxNews)

  constructor(rng: Rng) {
    this.#rng = rng
  }

  /** Plans the first comparison with a neighbour. Its instant; `waitMs` later when the neighbour is to begin. */
  planNew(peer: PeerId, waitMs: number, now: Instant): Instant {
    // Whoever only waits for the other side may have news before.
    if (waitMs === 0) this.#planned.set(peer, 'new')
    return after(now, waitMs + this.#rng.below(spreadMs))
  }

  /** Plans to go on with a neighbour where a comparison has ended too early. Its instant. */
  planMore(peer: PeerId, now: Instant): Instant {
    this.#planned.set(peer, 'more')
    return after(now, pauseMs + this.#rng.below(spreadMs))
  }

  /** Plans to tell a neighbour the news. Its instant, or `undefined` when something is planned. */
  planNews(peer: PeerId, now: Instant): Instant | undefined {
    if (this.#planned.has(peer)) return undefined
    this.#planned.set(peer, 'news')
    return after(now, newsDelayMs + this.#rng.below(spreadMs))
  }

  /** The instant has come: whether to compare, or to plan to tell the news once more, or neither. */
  isDue(peer: PeerId, now: Instant): 'now' | 'later' | 'no' {
    const why = this.#planned.get(peer)
    this.#planned.delete(peer)
    if (why !== 'news') return 'now'
    let answer: 'later' | 'no' = 'no'
    for (const [key, at] of this.#news) {
      if (now - at > newsMs) this.#news.delete(key)
      else if (now - at >= newsDelayMs) return 'now'
      else answer = 'later'
    }
    return answer
  }

  /** A comparison has brought these. */
  brought(keys: readonly string[], now: Instant): void {
    for (const key of keys) this.#news.set(key, now)
  }

  /** So has broadcast. */
  heard(key: string): void {
    this.#news.delete(key)
  }

  /** The neighbour is gone. */
  forget(peer: PeerId): void {
    this.#planned.delete(peer)
  }
}

/** Source: our choice. */
const spreadMs = 400
/** Source: our choice: above what a broadcast takes. */
const newsDelayMs = 500
/** Source: our choice: some megabytes more may be taken by then. */
const pauseMs = 2_000
/** After this, all neighbours were told. Source: our choice. */
const newsMs = 2_000
/** Source: our choice; more is told with the rest. */
const maxNews = 1_024
