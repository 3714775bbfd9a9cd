import { itemBytes } from './codec.ts'
import { shortHashBytes } from './keyed-items.ts'
import { type Item, precedes } from './order.ts'
import type { Tally } from './tally.ts'

/** What fits one turn. */
export interface Parcel<Id extends string> {
  /** In order. */
  readonly gives: readonly Item<Id>[]
  readonly wants: readonly number[]
  /** More is to come. */
  readonly rest: boolean
}

/** What the other side has to be told, over as many turns as it takes. */
export class Delivery<Id extends string> {
  readonly #tally: Tally<Id>
  #gives: Item<Id>[] = []
  #wants: number[] = []

  constructor(tally: Tally<Id>) {
    this.#tally = tally
  }

  /** Queues items that the other side lacks, up to the bound of the session, and adds what is new to `have`. */
  give(items: Iterable<Item<Id>>, have: Item<Id>[]): void {
    const before = this.#gives.length
    for (const item of items) {
      if (this.#tally.full) break
      if (!this.#tally.isNew(item)) continue
      have.push(item)
      this.#gives.push(item)
    }
    if (this.#gives.length > before) this.#gives.sort((a, b) => (precedes(a, b) ? -1 : 1))
  }

  want(shorts: readonly number[]): void {
    for (const short of shorts) this.#wants.push(short)
  }

  next(roomBytes: number): Parcel<Id> {
    const wanted = Math.max(0, Math.floor(roomBytes / shortHashBytes))
    const wants = this.#wants.splice(0, wanted)
    let left = roomBytes - wants.length * shortHashBytes
    let count = 0
    let time = 0
    for (const item of this.#gives) {
      left -= itemBytes(item, time)
      if (left < 0) break
      time = item.time
      count++
    }
    const gives = this.#gives.splice(0, count)
    const rest = this.#gives.length > 0 || this.#wants.length > 0
    return { gives, wants, rest }
  }
}
