import { BoundedMap, type Fault, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/**
 * Points that a fault costs. Source: our choice; a certain lie ends a link. What a busy honest neighbour causes at
 * a slow receiver, or at one whose clock differs, costs little: rates bound what a hostile one gains by it.
 */
const pointsByCode: Readonly<Record<string, number>> = {
  'pubsub/forged-batch': 100,
  'pubsub/wrong-network': 100,
  'pubsub/wrong-position': 100,
  'pubsub/wrong-fragment': 100,
  'pubsub/from-the-future': 2,
  'pubsub/stale': 1,
  'pubsub/unanswered': 1,
  'pubsub/too-much-unverified': 0.1,
  'pubsub/too-many-announced': 2,
  'pubsub/history-too-often': 5,
  'pubsub/bad-history': 20,
}
/** For shapes that no honest peer sends. */
const defaultPoints = 25
const fullPoints = 100
/** Source: our choice; a whole score in ten minutes. */
const pointsPerMs = fullPoints / 600_000
/** Source: our choice; a first delivery, once it is verified, makes up for a little. */
const creditPoints = 0.05

/** Source: our choice; a score outlives its link, so that coming back does not restore it. */
const maxScores = 4_096

interface Score {
  points: number
  at: Instant
}

/** What each link has left of its 100 points: faults take some, time and first deliveries give some back. */
export class LinkScores {
  readonly #scoreByPeer = new BoundedMap<PeerId, Score>(maxScores)

  /** Takes the points of a fault. True when none are left: the link is to be cut. */
  charge(peer: PeerId, fault: Fault, now: Instant, points?: number): boolean {
    const score = this.#scoreOf(peer, now)
    score.points -= points ?? pointsByCode[fault.code] ?? defaultPoints
    return score.points <= 0
  }

  credit(peer: PeerId): void {
    const score = this.#scoreByPeer.peek(peer)
    if (score !== undefined) score.points = Math.min(fullPoints, score.points + creditPoints)
  }

  /** Between 0 and 100. */
  of(peer: PeerId): number {
    return Math.max(0, this.#scoreByPeer.peek(peer)?.points ?? fullPoints)
  }

  #scoreOf(peer: PeerId, now: Instant): Score {
    let score = this.#scoreByPeer.get(peer)
    if (score === undefined) {
      score = { points: fullPoints, at: now }
      this.#scoreByPeer.set(peer, score)
    }
    score.points = Math.min(fullPoints, score.points + (now - score.at) * pointsPerMs)
    score.at = now
    return score
  }
}
