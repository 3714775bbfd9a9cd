import { after, type Instant } from '@kithnet/kernel'
import type { BatchId, MessageId, PeerId } from '@kithnet/types'
import { maxAlternatives } from './config.ts'

/** Messages that a verified batch lists and that have not come, and who brought the batch. */
interface Owed {
  readonly ids: readonly MessageId[]
  readonly sources: PeerId[]
  /** How many had not come when it was last looked at. */
  left: number
  readonly waitMs: number
  at: Instant
}

/** Batches watched at once. Source: our choice; the oldest is left to announcements and histories. */
const capacity = 1_024

/**
 * Messages that are owed: a batch goes right before its messages on each link, so whoever brings one has them.
 * While some come, the rest is waited for.
 */
export class OwedMessages {
  readonly #byBatch = new Map<BatchId, Owed>()

  /** When something is to be looked at. */
  get next(): Instant | undefined {
    let next: Instant | undefined
    for (const { at } of this.#byBatch.values()) if (next === undefined || at < next) next = at
    return next
  }

  add(
    batch: BatchId,
    ids: readonly MessageId[],
    sources: readonly PeerId[],
    waitMs: number,
    now: Instant,
  ): void {
    if (this.#byBatch.size >= capacity) return
    const at = after(now, waitMs)
    this.#byBatch.set(batch, { ids, sources: [...sources], left: ids.length, waitMs, at })
  }

  /** Somebody else has brought the batch. */
  broughtBy(batch: BatchId, peer: PeerId): void {
    const sources = this.#byBatch.get(batch)?.sources
    if (sources === undefined || sources.length > 2 * maxAlternatives) return
    if (!sources.includes(peer)) sources.push(peer)
  }

  /** Takes what is due and has stopped coming. `isHere` tells what has come, or is on its way piece by piece. */
  due(
    now: Instant,
    isHere: (id: MessageId) => boolean,
  ): readonly { readonly ids: readonly MessageId[]; readonly sources: readonly PeerId[] }[] {
    const due: { ids: readonly MessageId[]; sources: readonly PeerId[] }[] = []
    for (const [batch, owed] of this.#byBatch) {
      if (owed.at > now) continue
      const ids = owed.ids.filter((id) => !isHere(id))
      if (ids.length > 0 && ids.length < owed.left) {
        owed.left = ids.length
        owed.at = after(now, owed.waitMs)
        continue
      }
      this.#byBatch.delete(batch)
      if (ids.length > 0) due.push({ ids, sources: owed.sources })
    }
    return due
  }
}
