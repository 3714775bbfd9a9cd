import { type CborValue, hash } from '@kithnet/types'
import { type Answer, ended, refused, type Side } from './answer.ts'
import { encodeMessage, type ReconcileMessage } from './messages.ts'
import type { ItemSet } from './item-set.ts'
import type { Stretch } from './keyed-items.ts'
import { type Bound, precedes } from './order.ts'
import { asks, type FingerprintOf, RangeWalk } from './range-walk.ts'
import { sumToBytes } from './sum.ts'
import type { Tally } from './tally.ts'
import { fingerprintBytes, type Walk } from './walk-messages.ts'

/** The range-based walk alone: version 1 of the form, and what version 2 falls back to. */
export class WalkSession<Id extends string> implements Side<Id> {
  readonly #items: ItemSet<Id>
  readonly #window: Stretch
  readonly #tally: Tally<Id>
  #open: { readonly walk: RangeWalk<Id>; readonly start: Bound; readonly end: Bound } | undefined
  #done = false

  constructor(items: ItemSet<Id>, window: Stretch, tally: Tally<Id>) {
    this.#items = items
    this.#window = window
    this.#tally = tally
  }

  /** The first message of version 1. */
  open(salt: Uint8Array): CborValue {
    const { lower, upper } = this.#window
    const walk = this.#begin(lower, upper, this.#salted(salt))
    return encodeMessage({ type: 'open-walk', salt, ...walk.open() })
  }

  /** Begins in the midst of another form's session: who sends the first message, and who awaits it. */
  join(fingerprintOf: FingerprintOf): Walk {
    const { lower, upper } = this.#window
    return this.#begin(lower, upper, fingerprintOf).open()
  }

  take(message: ReconcileMessage): Answer<Id> {
    if (this.#done) return refused(message)
    if (message.type === 'open-walk' && this.#open === undefined) {
      const end = message.ranges.at(-1)!.upper
      this.#begin(message.start, end, this.#salted(message.salt))
      return this.#step(message, false)
    }
    if (message.type !== 'walk' || this.#open === undefined) return refused(message)
    const end = message.ranges.at(-1)?.upper
    const { start, end: last } = this.#open
    if (end !== undefined && (precedes(message.start, start) || precedes(last, end))) {
      return ended({ code: 'reconcile/outside' })
    }
    return this.#step(message, !asks(message))
  }

  #begin(start: Bound, end: Bound, fingerprintOf: FingerprintOf): RangeWalk<Id> {
    const { lower, upper } = this.#window
    const { messageBytes } = this.#tally.limits
    const walk = new RangeWalk(this.#items, fingerprintOf, lower, upper, messageBytes)
    this.#open = { walk, start, end }
    return walk
  }

  /** `silent`: whoever says something that asks nothing is done, and so is whoever hears it. */
  #step(message: Walk, silent: boolean): Answer<Id> {
    const fault = this.#tally.full ? this.#tally.excess : this.#tally.admit()
    if (fault !== undefined) {
      this.#done = true
      return ended(fault, [])
    }
    const step = this.#open!.walk.step(message)
    const have = step.have.filter((item) => this.#tally.isNew(item))
    const need = step.need.filter((item) => this.#tally.isNew(item))
    this.#done = !step.asks
    const reply = silent ? undefined : encodeMessage({ type: 'walk', ...step.walk })
    return { reply, have, need, done: this.#done, fault: undefined }
  }

  /**
   * The salted hash of how many ids a range holds and of their sum modulo 2^256. The salt, new in each session, makes
   * a collision of the cut hash useless for the next one; it does not protect the sum, which is why version 2 has
   * another fingerprint.
   */
  #salted(salt: Uint8Array): FingerprintOf {
    return (low, high) => {
      const { count, sum } = this.#items.sumOf(low, high)
      const countBytes = new Uint8Array(4)
      new DataView(countBytes.buffer).setUint32(0, count)
      return hash('range', salt, countBytes, sumToBytes(sum)).subarray(0, fingerprintBytes)
    }
  }
}
