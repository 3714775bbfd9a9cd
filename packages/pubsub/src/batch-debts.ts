import type { Instant } from '@kithnet/kernel'
import type { MessageId, PeerId } from '@kithnet/types'

/** A batch that a peer owes: it pushed a message, so it has verified it, so it can prove it. */
export interface BatchDebt {
  readonly peer: PeerId
  readonly message: MessageId
  readonly askedAt: Instant
  /** When it is asked again, in case a frame was lost, the next time first. */
  readonly remindAt: Instant[]
  readonly dueAt: Instant
}

/** Debts remembered. Source: our choice: every link's budget of unverified messages, several times over. */
const capacity = 4_096

/**
 * Who was asked for the batch of what it pushed, and until when it may answer. A debt stands although
 * somebody else has brought the batch meanwhile, or withholding would cost nothing.
 */
export class BatchDebts {
  readonly #byKey = new Map<string, BatchDebt>()

  /** When something is to be done. */
  get next(): Instant | undefined {
    let next: Instant | undefined
    for (const { remindAt, dueAt } of this.#byKey.values()) {
      const at = remindAt[0] ?? dueAt
      if (next === undefined || at < next) next = at
    }
    return next
  }

  add(debt: BatchDebt): void {
    if (this.#byKey.size >= capacity) return
    this.#byKey.set(debt.peer + debt.message, debt)
  }

  /** The peer has brought a batch of these. */
  settle(peer: PeerId, messages: readonly MessageId[]): void {
    if (this.#byKey.size === 0) return
    for (const message of messages) this.#byKey.delete(peer + message)
  }

  /** Those that are to be asked again now. */
  reminders(now: Instant): BatchDebt[] {
    const due: BatchDebt[] = []
    for (const debt of this.#byKey.values()) {
      const [at] = debt.remindAt
      if (at === undefined || at > now) continue
      debt.remindAt.shift()
      due.push(debt)
    }
    return due
  }

  /** Takes those that are due. */
  due(now: Instant): BatchDebt[] {
    const due: BatchDebt[] = []
    for (const [key, debt] of this.#byKey) {
      if (debt.dueAt > now) continue
      this.#byKey.delete(key)
      due.push(debt)
    }
    return due
  }

  /** The link to a peer is gone. */
  forget(peer: PeerId): void {
    for (const [key, debt] of this.#byKey) if (debt.peer === peer) this.#byKey.delete(key)
  }
}
