import { after, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** When to compare with which neighbour, beside the comparisons at random: at most one plan for each. */
export class Meetings {
  readonly #rng: Rng
  readonly #whyByPeer = new Map<PeerId, 'new' | 'more' | 'news'>()

  constructor(rng: Rng) {
    this.#rng = rng
  }

  /** The first comparison with a neighbour; `waitMs` later where the neighbour is to begin. */
  planNew(peer: PeerId, waitMs: number, now: Instant): Instant {
    this.#whyByPeer.set(peer, 'new')
    return after(now, waitMs + this.#rng.below(spreadMs))
  }

  /** A comparison has ended too early and goes on. */
  planMore(peer: PeerId, now: Instant): Instant {
    this.#whyByPeer.set(peer, 'more')
    return after(now, pauseMs + this.#rng.below(spreadMs))
  }

  /** A comparison has brought news, which others may lack; `undefined` when they are about to be told. */
  planNews(peer: PeerId, now: Instant): Instant | undefined {
    const why = this.#whyByPeer.get(peer)
    if (why === 'news' || why === 'more') return undefined
    this.#whyByPeer.set(peer, 'news')
    return after(now, newsDelayMs + this.#rng.below(spreadMs))
  }

  /** All was compared with a peer. True when the first comparison was still to come, and need not any more. */
  met(peer: PeerId): boolean {
    return this.#whyByPeer.get(peer) === 'new' && this.#whyByPeer.delete(peer)
  }

  /** The instant has come, or the peer is gone. */
  forget(peer: PeerId): void {
    this.#whyByPeer.delete(peer)
  }
}

/** Source: our choice. */
const spreadMs = 400
/** Source: our choice: what comes within it is told at once. */
const newsDelayMs = 500
/** Source: our choice: the other side may take more by then. */
const pauseMs = 2_000
