import { after, BoundedMap, type Fault, type Instant } from '@kithnet/kernel'
import type { PeerId, TopicId } from '@kithnet/types'

/**
 * Where a link stands, from best to worst. `deferred`: asked for repairs after the others. `lazy`: besides, nothing
 * is pushed on it. `graylisted`: besides, nothing of it is heard but proof of life, for a stated time. `shed`: cut.
 */
export type Standing = 'good' | 'deferred' | 'lazy' | 'graylisted' | 'shed'

/**
 * What a fault counts as. `invalid`: the sender alone can be the cause, so it may cost the link. `excess`: a slow
 * receiver, a burst or another clock may be the cause as well, so it costs places and never the link.
 */
export type FaultTerm = 'invalid' | 'excess'

/** What a fault costs. */
export interface Price {
  readonly term: FaultTerm
  /** Of 100. */
  readonly points: number
}

/** Source: our choice; a certain lie ends a link. What load or clocks may explain is bounded by the cap of its term. */
const priceByCode: Readonly<Record<string, Price>> = {
  'pubsub/forged-batch': { term: 'invalid', points: 100 },
  'pubsub/wrong-network': { term: 'invalid', points: 100 },
  'pubsub/wrong-position': { term: 'invalid', points: 100 },
  'pubsub/wrong-fragment': { term: 'invalid', points: 100 },
  'pubsub/bad-history': { term: 'invalid', points: 20 },
  'pubsub/replayed': { term: 'invalid', points: 2 },
  'pubsub/from-the-future': { term: 'excess', points: 1 },
  'pubsub/stale': { term: 'excess', points: 1 },
  'pubsub/too-much-unverified': { term: 'excess', points: 0.1 },
  'pubsub/too-many-announced': { term: 'excess', points: 2 },
  'pubsub/history-too-often': { term: 'excess', points: 5 },
  // Who cannot check in time what it was given asks again.
  'pubsub/asked-too-often': { term: 'excess', points: 1 },
}
/** For shapes that no honest peer sends. */
const defaultPrice: Price = { term: 'invalid', points: 25 }

const fullPoints = 100
/** Source: our choice; a whole score in ten minutes, which is as long as a ban lasts. */
const invalidPerMs = fullPoints / 600_000
/** Source: our choice; excess alone makes a link the last one to be asked, and is over soon after its cause. */
const excessCap = 40
const excessPerMs = excessCap / 40_000
/** Source: our choice; promises alone take a link out of the trees. */
const brokenCap = 70
/** Excess and promises together: overloaded honest peers stay above the graylist by this. */
const loadCap = 70
/** Weight of the latest promise in the share of broken ones. Source: our choice; 16 tell a tenth lost from half kept. */
const promiseWeight = 1 / 16
/** Shares of broken promises that begin to cost, and that cost all. Source: our choice; 5 % loss each way breaks a tenth. */
const brokenFrom = 0.25
const brokenTo = 0.75
/** Source: our choice; without a promise to judge by, a share is forgotten in a minute. */
const brokenPerMs = 1 / 60_000
/** Promises and time without any kept: whoever lives and is only slow keeps one. Source: our choice, far above overload. */
const silentPromises = 16
const silentMs = 30_000

/** Source: our choice; a verified first delivery. It orders whom to ask and pays for no fault. */
const creditPoints = 0.05
/** Source: our choice; one busy topic earns no more than this, whatever it carries. */
const topicCreditCap = 10
const creditCap = 20
const creditPerMs = topicCreditCap / 600_000
const maxCreditTopics = 16
/** Source: our choice; a second of round trip costs all of them. Distance is no fault: it orders and nothing else. */
const latencyCap = 20
const latencyPerMs = latencyCap / 1_000

/** Below these scores a link stands no better than this. Source: our choice. */
const deferredBelow = 75
const lazyBelow = 50
const graylistedBelow = 20
/** How long a graylisted link is not heard. Source: our choice. */
const graylistMs = 60_000
/** What is left of the worst after a graylisting: a link comes back lazy, a few faults from its end. */
const probationInvalid = 60
/** How long after a graylisting another one ends the link. Source: our choice; as long as a ban. */
const probationMs = 600_000

/** Source: our choice; a score outlives its link, so that coming back does not restore it. */
const maxScores = 4_096

interface Score {
  invalid: number
  excess: number
  brokenShare: number
  brokenInARow: number
  silentSince: Instant
  /** Up to when time has been counted. */
  at: Instant
  graylistedUntil: Instant | undefined
  /** Until then a second graylisting ends the link. */
  probationUntil: Instant
  readonly creditByTopic: Map<TopicId, number>
}

/**
 * What each peer has done, in four terms that never pay for each other: invalid messages, excess, broken promises,
 * and the credit of first deliveries by topic. Local: no score is ever told to anybody, or taken from one.
 */
export class LinkScores {
  readonly #byPeer = new BoundedMap<PeerId, Score>(maxScores)

  /** Takes the points of a fault; says as what. */
  charge(peer: PeerId, fault: Fault, now: Instant, price: Price = priceOf(fault)): FaultTerm {
    const score = this.#of(peer, now)
    const { term, points } = price
    if (term === 'invalid') score.invalid = Math.min(fullPoints, score.invalid + points)
    else score.excess = Math.min(excessCap, score.excess + points)
    return term
  }

  /** The peer has given what it was asked for, in time or late. */
  kept(peer: PeerId, now: Instant): void {
    const score = this.#of(peer, now)
    score.brokenShare -= score.brokenShare * promiseWeight
    score.brokenInARow = 0
  }

  /** The peer lives and gives, if perhaps not what it was asked for. */
  heard(peer: PeerId): void {
    const score = this.#byPeer.peek(peer)
    if (score !== undefined) score.brokenInARow = 0
  }

  /** The peer has announced, was asked and has not given. */
  broke(peer: PeerId, now: Instant): void {
    const score = this.#of(peer, now)
    score.brokenShare += (1 - score.brokenShare) * promiseWeight
    if (score.brokenInARow++ === 0) score.silentSince = now
    const silent = score.brokenInARow >= silentPromises && now - score.silentSince >= silentMs
    if (silent) score.invalid = fullPoints
  }

  /** The peer brought a verified message of the topic first. */
  credit(peer: PeerId, topic: TopicId, now: Instant): void {
    const { creditByTopic } = this.#of(peer, now)
    const credit = creditByTopic.get(topic)
    if (credit === undefined && creditByTopic.size >= maxCreditTopics) return
    creditByTopic.set(topic, Math.min(topicCreditCap, (credit ?? 0) + creditPoints))
  }

  /** Between 0 and 100: what the faults had left when time was last counted. */
  of(peer: PeerId): number {
    const score = this.#byPeer.peek(peer)
    return score === undefined ? fullPoints : valueOf(score)
  }

  /** The score, with credit and without the points of a long round trip: whom to ask first. */
  rank(peer: PeerId, roundTripMs: number): number {
    const latency = Math.min(latencyCap, roundTripMs * latencyPerMs)
    const score = this.#byPeer.peek(peer)
    if (score === undefined) return fullPoints - latency
    let credit = 0
    for (const points of score.creditByTopic.values()) credit += points
    return valueOf(score) + Math.min(creditCap, credit) - latency
  }

  standing(peer: PeerId, now: Instant): Standing {
    const score = this.#byPeer.peek(peer)
    if (score === undefined) return 'good'
    const value = valueOf(passed(score, now))
    if (score.graylistedUntil !== undefined) return value <= 0 ? 'shed' : 'graylisted'
    if (value < graylistedBelow) {
      if (value <= 0 || now < score.probationUntil) return 'shed'
      score.graylistedUntil = after(now, graylistMs)
      return 'graylisted'
    }
    if (value < lazyBelow) return 'lazy'
    return value < deferredBelow ? 'deferred' : 'good'
  }

  /** When a graylisted peer is heard again. */
  graylistedUntil(peer: PeerId): Instant | undefined {
    return this.#byPeer.peek(peer)?.graylistedUntil
  }

  #of(peer: PeerId, now: Instant): Score {
    let score = this.#byPeer.get(peer)
    if (score === undefined) {
      score = {
        invalid: 0,
        excess: 0,
        brokenShare: 0,
        brokenInARow: 0,
        silentSince: now,
        at: now,
        graylistedUntil: undefined,
        probationUntil: now,
        creditByTopic: new Map(),
      }
      this.#byPeer.set(peer, score)
    }
    return passed(score, now)
  }
}

/** What a fault of this package costs. */
function priceOf(fault: Fault): Price {
  return priceByCode[fault.code] ?? defaultPrice
}

function valueOf({ invalid, excess, brokenShare }: Score): number {
  const share = Math.max(0, Math.min(1, (brokenShare - brokenFrom) / (brokenTo - brokenFrom)))
  const load = Math.min(loadCap, excess + share * brokenCap)
  return Math.max(0, fullPoints - invalid - load)
}

/** Time is counted in steps, because credit is given for every message. Source: our choice. */
const countedMs = 100

/** Lets time give back what it gives back. */
function passed(score: Score, now: Instant): Score {
  const ms = now - score.at
  if (ms < countedMs) return score
  score.at = now
  score.invalid = Math.max(0, score.invalid - ms * invalidPerMs)
  score.excess = Math.max(0, score.excess - ms * excessPerMs)
  score.brokenShare = Math.max(0, score.brokenShare - ms * brokenPerMs)
  for (const [topic, credit] of score.creditByTopic) {
    const left = credit - ms * creditPerMs
    if (left > 0) score.creditByTopic.set(topic, left)
    else score.creditByTopic.delete(topic)
  }
  if (score.graylistedUntil !== undefined && now >= score.graylistedUntil) {
    score.probationUntil = after(score.graylistedUntil, probationMs)
    score.graylistedUntil = undefined
    score.invalid = Math.min(score.invalid, probationInvalid)
  }
  return score
}
