import { pick, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/**
 * Who chose a neighbour: `own`, this peer from its reserves; `theirs`, the neighbour this peer; `none`, a walk
 * or a contact brought them together.
 */
export type Choice = 'own' | 'theirs' | 'none'

const noPeers: readonly PeerId[] = []

/**
 * Who chose whom among the neighbours. Places are kept for own choices, and nobody who asks can take those:
 * whoever else is a neighbour may be hostile, and all of them may be.
 */
export class Choices {
  readonly #quota: number
  readonly #capacity: number
  /** In the order in which they became neighbours. */
  readonly #choiceByPeer = new Map<PeerId, Choice>()
  /** Neighbours that have been of use to what runs above. */
  readonly #useful = new Set<PeerId>()
  #own = 0
  /** The oldest own choice is to be replaced. */
  #renewing = false

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
    return this.#capacity - this.#quota - (this.#choiceByPeer.size - this.#own)
  }

  /** Those whom this peer chose, the oldest first. */
  get own(): readonly PeerId[] {
    if (this.#own === 0) return noPeers
    return [...this.#choiceByPeer].flatMap(([peer, choice]) => (choice === 'own' ? [peer] : []))
  }

  set(peer: PeerId, choice: Choice): void {
    this.delete(peer)
    this.#choiceByPeer.set(peer, choice)
    if (choice !== 'own') return
    this.#own++
    this.#renewing = false
  }

  /** A neighbour that nobody had chosen turns out to choose this peer. */
  chosenBy(peer: PeerId): void {
    if (this.#quota > 0 && this.#choiceByPeer.get(peer) === 'none') {
      this.#choiceByPeer.set(peer, 'theirs')
    }
  }

  /** The neighbour has brought something: those who have not go before it. */
  prize(peer: PeerId): void {
    if (this.#choiceByPeer.has(peer)) this.#useful.add(peer)
  }

  delete(peer: PeerId): void {
    this.#useful.delete(peer)
    if (this.#choiceByPeer.get(peer) === 'own') this.#own--
    this.#choiceByPeer.delete(peer)
  }

  clear(): void {
    this.#choiceByPeer.clear()
    this.#useful.clear()
    this.#own = 0
  }

  /** Asks for another own choice in the place of the oldest. */
  renew(): void {
    this.#renewing = this.#quota > 0
  }

  /** The own choice that goes when one more is made, if one has to. */
  get outgoing(): PeerId | undefined {
    return this.#own < this.#quota ? undefined : this.own[0]
  }

  /**
   * Who may have to go for one that asks. Whom either side has chosen stays: chains of evictions end, and a
   * flood of askings turns over its own places alone. Who has been of use goes after those who have not.
   */
  evictable(rng: Rng): PeerId | undefined {
    const peers: PeerId[] = []
    for (const [peer, choice] of this.#choiceByPeer) {
      if (choice === 'none' || this.#quota === 0) peers.push(peer)
    }
    const others = peers.filter((peer) => !this.#useful.has(peer))
    return pick(rng, others.length > 0 ? others : peers)
  }
}
