import { maxMessageBytes } from './codec.ts'
import type { BoundFault } from './faults.ts'
import type { Item } from './order.ts'

/** Bounds of one session on this side. */
export interface SessionLimits {
  /** Longest message that this side sends, from 1,024 to 32,768 bytes. */
  readonly messageBytes: number
  /** Most messages of the other side that are answered. */
  readonly rounds: number
  /** Once more ids than this have been reported, `have` and `need` together, the session ends. */
  readonly difference: number
}

/**
 * Source: our choice. Among 10^5 ids, 10,000 scattered differences take some 20 messages of each side; 16,384 in one
 * run as many.
 */
export const defaultSessionLimits: SessionLimits = {
  messageBytes: maxMessageBytes,
  rounds: 64,
  difference: 16_384,
}

/** What a session has come to on this side, held against its bounds. */
export class Tally<Id extends string> {
  readonly limits: SessionLimits
  readonly #reported = new Set<Id>()
  #rounds = 0

  constructor(limits: SessionLimits) {
    this.limits = limits
  }

  /** Counts one more message to be answered; the bound that forbids it, if one does. */
  admit(): BoundFault | undefined {
    const { rounds } = this.limits
    if (this.#rounds === rounds) return { code: 'reconcile/too-many-rounds', bound: rounds }
    this.#rounds++
    return undefined
  }

  /** The fault of a session that has reported more than it is for. */
  get excess(): BoundFault {
    return { code: 'reconcile/too-different', bound: this.limits.difference }
  }

  /** More has been reported than a session is for. */
  get full(): boolean {
    return this.#reported.size > this.limits.difference
  }

  /** A peer that repeats itself is not reported twice. */
  isNew(item: Item<Id>): boolean {
    if (this.#reported.has(item.id)) return false
    this.#reported.add(item.id)
    return true
  }
}
