import type { PeerId } from '@kithnet/types'
import type { MembershipConfig } from './config.ts'

/** Rounds of probing in which a link must carry something. Source: our choice. */
const silentRounds = 4

/** Rounds without a word from anybody, after which this peer takes itself for cut off. Source: our choice. */
const deafRounds = 2

/**
 * Which neighbours are heard: a word of any kind, on their own link, in the last turns. SWIM asks whether a peer
 * lives, and others may answer for it; this asks whether its link still carries anything to here.
 *
 * A round of probing lasts `activeCapacity / probesPerInterval` periods, and within one, each neighbour that
 * lives both answers and asks. Turns are counted and not time: while this peer itself stands still, nobody
 * falls silent.
 */
export class LinkWatch {
  readonly #silentTurns: number
  readonly #deafTurns: number
  /** Turns since each neighbour was heard. */
  readonly #turnsByPeer = new Map<PeerId, number>()

  constructor({ views, swim }: MembershipConfig) {
    const round = Math.ceil(views.activeCapacity / swim.probesPerInterval)
    this.#silentTurns = silentRounds * round
    this.#deafTurns = deafRounds * round
  }

  /** True when there are neighbours and none of them was heard for two rounds. */
  get isDeaf(): boolean {
    if (this.#turnsByPeer.size === 0) return false
    for (const turns of this.#turnsByPeer.values()) if (turns < this.#deafTurns) return false
    return true
  }

  get size(): number {
    return this.#turnsByPeer.size
  }

  add(peer: PeerId): void {
    this.#turnsByPeer.set(peer, 0)
  }

  delete(peer: PeerId): void {
    this.#turnsByPeer.delete(peer)
  }

  /** Something has come from the peer itself. True for a neighbour. */
  hear(peer: PeerId): boolean {
    if (!this.#turnsByPeer.has(peer)) return false
    this.#turnsByPeer.set(peer, 0)
    return true
  }

  /**
   * A period is over. Those whose links have carried nothing for four rounds, each `stretch` times as long: a
   * slow peer probes less often.
   */
  turn(stretch: number): readonly PeerId[] {
    const silent: PeerId[] = []
    for (const [peer, turns] of this.#turnsByPeer) {
      this.#turnsByPeer.set(peer, turns + 1)
      if (turns + 1 >= this.#silentTurns * stretch) silent.push(peer)
    }
    return silent
  }
}
