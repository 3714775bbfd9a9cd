import { type Instant, pick, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/**
 * Who chose a neighbour: `own`, this peer from its reserves; `theirs`, the neighbour this peer; `none`, a walk
 * or a contact brought them together.
 */
export type Choice = 'own' | 'theirs' | 'none'

const noPeers: readonly PeerId[] = []

/**
 * How long a neighbour that is of no use has before it counts as idle. Source: our choice; a comparison of histories
 * takes a few round trips.
 */
const graceMs = 3_000

interface Neighbour {
  choice: Choice
  readonly since: Instant
}

/**
 * Who chose whom among the neighbours. Places are kept for own choices, and nobody who asks can take those:
 * whoever else is a neighbour may be hostile, and all of them may be.
 */
export class Choices {
  readonly #quota: number
  readonly #capacity: number
  /** In the order in which they became neighbours. */
  readonly #byPeer = new Map<PeerId, Neighbour>()
  /** Neighbours that have been of use to what runs above. */
  readonly #useful = new Set<PeerId>()
  #own = 0
  /** The oldest own choice is to be replaced. */
  #renewing = false
  /** Which one, if not the oldest. */
  #leaving: PeerId | undefined

  constructor(quota: number, capacity: number) {
    this.#quota = quota
    this.#capacity = capacity
  }

  /** Neighbours that this peer has yet to choose. */
  get missing(): number {
    return this.#quota - this.#own + (this.#renewing ? 1 : 0)
  }

  /** Free places for those whom this peer did not choose. */
  get free(): number {
    return this.#capacity - this.#quota - (this.#byPeer.size - this.#own)
  }

  /** Those whom this peer chose, the oldest first. */
  get own(): readonly PeerId[] {
    if (this.#own === 0) return noPeers
    return [...this.#byPeer].flatMap(([peer, { choice }]) => (choice === 'own' ? [peer] : []))
  }

  set(peer: PeerId, choice: Choice, now: Instant): void {
    this.delete(peer)
    this.#byPeer.set(peer, { choice, since: now })
    if (choice !== 'own') return
    this.#own++
    this.#renewing = false
  }

  /** A neighbour that nobody had chosen turns out to choose this peer. */
  chosenBy(peer: PeerId): void {
    const neighbour = this.#byPeer.get(peer)
    if (this.#quota > 0 && neighbour?.choice === 'none') neighbour.choice = 'theirs'
  }

  /** The neighbour has been of use: those who have not go before it. */
  prize(peer: PeerId): void {
    if (this.#byPeer.has(peer)) this.#useful.add(peer)
  }

  delete(peer: PeerId): void {
    this.#useful.delete(peer)
    if (this.#byPeer.get(peer)?.choice === 'own') this.#own--
    this.#byPeer.delete(peer)
  }

  clear(): void {
    this.#byPeer.clear()
    this.#useful.clear()
    this.#own = 0
  }

  /** Asks for another own choice in the place of this one, or of the oldest. */
  renew(instead?: PeerId): void {
    this.#renewing = this.#quota > 0
    this.#leaving = instead
  }

  /** The own choice that goes when one more is made, if one has to. */
  get outgoing(): PeerId | undefined {
    if (this.#own < this.#quota) return undefined
    const { own } = this
    return own.find((peer) => peer === this.#leaving) ?? own[0]
  }

  /**
   * Who may have to go for one that asks: whoever is idle, then somebody whom neither side chose, then whoever chose this
   * peer and has the greatest rank, if that is above the asker's. So asking again and again gains nothing, ranks of
   * those who stay only fall, and chains of evictions end. Nobody is called idle where nobody is of use: nothing may
   * run above that could be.
   */
  evictable(
    rng: Rng,
    now: Instant,
    rank: (peer: PeerId) => number,
    asking: PeerId,
  ): PeerId | undefined {
    const idle: PeerId[] = []
    const idleTheirs: PeerId[] = []
    const useful: PeerId[] = []
    let last: PeerId | undefined
    let lastRank = rank(asking)
    const isJudged = this.#quota > 0 && this.#useful.size > 0
    for (const [peer, { choice, since }] of this.#byPeer) {
      const mayBeIdle = !isJudged || now - since >= graceMs
      if (choice === 'none' || this.#quota === 0) {
        if (this.#useful.has(peer)) useful.push(peer)
        else if (mayBeIdle) idle.push(peer)
      } else if (choice === 'theirs' && isJudged && mayBeIdle && !this.#useful.has(peer)) {
        idleTheirs.push(peer)
      } else if (choice === 'theirs' && isJudged && rank(peer) > lastRank) {
        last = peer
        lastRank = rank(peer)
      }
    }
    return pick(rng, idle) ?? pick(rng, idleTheirs) ?? pick(rng, useful) ?? last
  }
}
