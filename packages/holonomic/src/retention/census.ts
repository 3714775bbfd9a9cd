import type { Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** Who is proven to hold which shares of one content, at one moment. */
export interface CensusView {
  /** Shares rising, by holder; holders rising. */
  readonly sharesByHolder: ReadonlyMap<PeerId, readonly number[]>
  /** How many holders have it, by share; shares rising. */
  readonly holdersByShare: ReadonlyMap<number, number>
}

/** Most holders of a content that are counted, and shares of one holder. Source: our choice: some 100 bytes each. */
const maxHolders = 1_024
const maxSharesPerHolder = 1_024

/**
 * The census of one content: proofs of possession, each of which counts until it expires. A claim without a proof counts
 * for nothing; a holder counts once, however many claims or shares it has.
 */
export class Census {
  readonly #untilByHolder = new Map<PeerId, Map<number, Instant>>()

  /** A holder has proven that it has a share. False when there is no room to count it. */
  proven(holder: PeerId, share: number, until: Instant): boolean {
    let shares = this.#untilByHolder.get(holder)
    if (shares === undefined) {
      if (this.#untilByHolder.size >= maxHolders) return false
      this.#untilByHolder.set(holder, (shares = new Map()))
    }
    if (!shares.has(share) && shares.size >= maxSharesPerHolder) return false
    shares.set(share, until)
    return true
  }

  /** A holder has failed to prove a share: that one no longer counts. */
  unproven(holder: PeerId, share: number): void {
    const shares = this.#untilByHolder.get(holder)
    shares?.delete(share)
    if (shares?.size === 0) this.#untilByHolder.delete(holder)
  }

  /** A holder is gone. */
  forget(holder: PeerId): void {
    this.#untilByHolder.delete(holder)
  }

  /** Who holds what now. Forgets what has expired. */
  view(now: Instant): CensusView {
    const sharesByHolder = new Map<PeerId, readonly number[]>()
    const counts = new Map<number, number>()
    for (const holder of [...this.#untilByHolder.keys()].sort()) {
      const shares = this.#untilByHolder.get(holder)!
      for (const [share, until] of shares) if (until <= now) this.unproven(holder, share)
      if (shares.size === 0) continue
      const held = [...shares.keys()].sort((a, b) => a - b)
      sharesByHolder.set(holder, held)
      for (const share of held) counts.set(share, (counts.get(share) ?? 0) + 1)
    }
    const holdersByShare = new Map([...counts].sort(([a], [b]) => a - b))
    return { sharesByHolder, holdersByShare }
  }
}
