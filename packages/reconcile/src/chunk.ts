import { type Bound, type Item, precedes } from './order.ts'
import { addLimbs, subtractLimbs, type Sum, sumLimbs, writeLimbs, zeroSum } from './sum.ts'

/** Most items of a chunk. Source: our choice; half of it is the mean work of a partial sum. */
export const chunkItems = 256
/** Items that a fresh chunk has room for, so that an idle topic costs little. Source: our choice. */
const firstCapacity = 16

/** A short run of sorted items and the sum of their ids. Never empty while a set holds it. */
export class Chunk<Id extends string> {
  readonly #times: number[] = []
  readonly #ids: Id[] = []
  #limbs: Sum = new Uint32Array(firstCapacity * sumLimbs)
  readonly #sum: Sum = zeroSum()

  get size(): number {
    return this.#ids.length
  }

  /** The sum of all ids. Valid until the next change. */
  get sum(): Sum {
    return this.#sum
  }

  at(index: number): Item<Id> {
    return { time: this.#times[index]!, id: this.#ids[index]! }
  }

  /** How many items lie before the bound. */
  rank(bound: Bound): number {
    let low = 0
    let high = this.#ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      const time = this.#times[middle]!
      if (time < bound.time || (time === bound.time && this.#ids[middle]! < bound.id))
        low = middle + 1
      else high = middle
    }
    return low
  }

  /** True when the last item lies before the bound. */
  endsBefore(bound: Bound): boolean {
    return precedes(this.at(this.size - 1), bound)
  }

  insert(index: number, time: number, id: Id): void {
    if (this.#limbs.length === this.size * sumLimbs) {
      const grown = new Uint32Array(this.#limbs.length * 2)
      grown.set(this.#limbs)
      this.#limbs = grown
    }
    this.#limbs.copyWithin((index + 1) * sumLimbs, index * sumLimbs, this.size * sumLimbs)
    writeLimbs(id, this.#limbs, index * sumLimbs)
    addLimbs(this.#sum, this.#limbs, index * sumLimbs)
    this.#times.splice(index, 0, time)
    this.#ids.splice(index, 0, id)
  }

  /** Removes `count` items from `index` on and returns their ids. */
  remove(index: number, count: number): Id[] {
    for (let at = index; at < index + count; at++) {
      subtractLimbs(this.#sum, this.#limbs, at * sumLimbs)
    }
    this.#limbs.copyWithin(index * sumLimbs, (index + count) * sumLimbs, this.size * sumLimbs)
    this.#times.splice(index, count)
    return this.#ids.splice(index, count)
  }

  /** Adds the ids before `index` to `total`, going the shorter way. */
  addPrefix(total: Sum, index: number): void {
    if (index * 2 <= this.size) {
      for (let at = 0; at < index; at++) addLimbs(total, this.#limbs, at * sumLimbs)
      return
    }
    addLimbs(total, this.#sum, 0)
    for (let at = index; at < this.size; at++) subtractLimbs(total, this.#limbs, at * sumLimbs)
  }

  /** Takes over all items of the chunk that follows. */
  absorb(next: Chunk<Id>): void {
    for (let at = 0; at < next.size; at++) {
      const item = next.at(at)
      this.insert(this.size, item.time, item.id)
    }
  }

  /** Moves the upper half of the items to a fresh chunk. */
  split(): Chunk<Id> {
    const upper = new Chunk<Id>()
    const half = this.size >> 1
    for (let at = half; at < this.size; at++) {
      upper.insert(at - half, this.#times[at]!, this.#ids[at]!)
    }
    this.remove(half, this.size - half)
    return upper
  }
}
