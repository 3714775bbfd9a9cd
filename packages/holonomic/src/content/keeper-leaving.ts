import { dropPriority } from '@kithnet/fountain'
import type { KeeperState } from './keeper-state.ts'
import { type ContentWatch, type KnownContent, shareBytes } from './known-content.ts'

/** Lets go of shares: because enough others have some, the disk is full, or the user wants them no longer. */
export class KeeperLeaving {
  readonly #state: KeeperState

  constructor(state: KeeperState) {
    this.#state = state
  }

  /** Lets go of shares, and tells those who count on them. */
  letGo(
    known: KnownContent,
    watch: ContentWatch,
    shares: readonly number[],
    note: 'left' | 'crowded' | undefined,
  ): void {
    const gone = shares.filter((share) => watch.held.delete(share)).sort((a, b) => a - b)
    if (gone.length === 0) return
    const { ref } = known
    for (const peer of watch.holders.claims.keys()) {
      if (this.#state.answers(peer)) this.#state.send(peer, { type: 'gone', ref, shares: gone })
    }
    for (const share of gone) watch.holders.unproven(this.#state.self, share)
    this.#state.room += gone.length * shareBytes(known.manifest)
    this.#state.emit({ type: 'drop', ref, shares: gone })
    if (note !== undefined) {
      this.#state.emit({ type: 'noted', ref, note: { type: note, shares: gone } })
    }
    if (watch.held.size === 0 && !watch.isOwned) this.#stop(watch)
  }

  /** Makes room: what matters least goes, and of that what others have most of. */
  makeRoom(): void {
    const victims: { known: KnownContent; share: number; priority: number; holders: number }[] = []
    for (const known of this.#state.active) {
      const { watch, manifest } = known
      if (watch === undefined || watch.held.size === 0) continue
      const holders = watch.holders.view(this.#state.now).sharesByHolder.size
      for (const share of watch.held) {
        const { sourceSymbols } = manifest.policy
        const priority = dropPriority(manifest.service, share, sourceSymbols)
        victims.push({ known, share, priority, holders })
      }
    }
    victims.sort((a, b) => b.priority - a.priority || b.holders - a.holders || b.share - a.share)
    const sharesByContent = new Map<KnownContent, number[]>()
    let { room } = this.#state
    for (const { known, share } of victims) {
      if (room >= 0) break
      room += shareBytes(known.manifest)
      const shares = sharesByContent.get(known) ?? []
      sharesByContent.set(known, [...shares, share])
    }
    for (const [known, shares] of sharesByContent) {
      this.letGo(known, known.watch!, shares, 'crowded')
    }
  }

  #stop(watch: ContentWatch): void {
    const making = watch.plan?.making
    if (making !== undefined) this.#state.emit({ type: 'release', token: making.token })
    watch.plan = undefined
  }
}
