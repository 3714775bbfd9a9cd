import { fromHex, toHex } from '@kithnet/kernel'
import { hash, type PeerId } from '@kithnet/types'
import type { ContentRef } from '../../packages/holonomic/src/content/content-ref.ts'

/** What keepers of a content are ranked for: the subject of holonomic's `planLeavers`. */
export function subjectOf({ content }: ContentRef): Uint8Array {
  return hash('statement', fromHex(content)!, Uint8Array.of(255, 255, 255, 255))
}

/**
 * The ranking that ships, remembered: a thousand machines that rank the same thousand peers for the same contents would
 * spend most of a run on hashes whose results are known.
 */
export class RememberedRanks {
  readonly #ranksBySubject = new Map<string, Map<PeerId, string>>()
  readonly #orders = new WeakMap<readonly PeerId[], Map<string, readonly PeerId[]>>()

  /** As `ranked` of holonomic. The order of a frozen list is remembered too. */
  of(subject: Uint8Array, peers: readonly PeerId[]): readonly PeerId[] {
    const name = toHex(subject)
    const orders = this.#orders.get(peers) ?? new Map<string, readonly PeerId[]>()
    const known = orders.get(name)
    if (known !== undefined) return known
    const ranks = this.#ranksBySubject.get(name) ?? new Map<PeerId, string>()
    this.#ranksBySubject.set(name, ranks)
    const rankOf = (peer: PeerId): string => {
      let rank = ranks.get(peer)
      if (rank === undefined) {
        rank = toHex(hash('rank', subject, fromHex(peer)!))
        ranks.set(peer, rank)
      }
      return rank
    }
    const order = [...new Set(peers)]
      .map((peer) => ({ peer, rank: rankOf(peer) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1))
      .map(({ peer }) => peer)
    if (Object.isFrozen(peers)) this.#orders.set(peers, orders.set(name, order))
    return order
  }
}
