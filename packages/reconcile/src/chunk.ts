import { compareWords, type ItemWords, wordsPerItem } from './item-words.ts'
import { addId, addSum, subtractId, type Sum, zeroSum } from './sum.ts'

/** Most items of a chunk. Source: our choice; half of it is the mean work of a partial sum. */
export const chunkItems = 256
/** Items that a fresh chunk has room for, so that an idle topic costs little. Source: our choice. */
const firstCapacity = 8

/** A short run of sorted items and the sum of their ids. Never empty while a set holds it. */
export class Chunk {
  #words: ItemWords
  readonly #sum: Sum = zeroSum()
  #size = 0

  constructor(capacity: number = firstCapacity) {
    this.#words = new Uint32Array(capacity * wordsPerItem)
  }

  get size(): number {
    return this.#size
  }

  /** The items, ten words each; what lies beyond `size` is not one. Valid until the next change. */
  get words(): ItemWords {
    return this.#words
  }

  /** The sum of all ids. Valid until the next change. */
  get sum(): Sum {
    return this.#sum
  }

  /** How many items lie before the bound. */
  rank(bound: ItemWords): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareWords(this.#words, middle * wordsPerItem, bound, 0) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** True when the item at `index` is this one. */
  holds(index: number, item: ItemWords): boolean {
    return index < this.#size && compareWords(this.#words, index * wordsPerItem, item, 0) === 0
  }

  /** True when the last item lies before the bound. */
  endsBefore(bound: ItemWords): boolean {
    return compareWords(this.#words, (this.#size - 1) * wordsPerItem, bound, 0) < 0
  }

  insert(index: number, item: ItemWords): void {
    this.#reserve(this.#size + 1)
    const at = index * wordsPerItem
    this.#words.copyWithin(at + wordsPerItem, at, this.#size * wordsPerItem)
    this.#words.set(item, at)
    addId(this.#sum, item, 0)
    this.#size++
  }

  /** Removes `count` items from `index` on. */
  remove(index: number, count: number): void {
    for (let at = index; at < index + count; at++) {
      subtractId(this.#sum, this.#words, at * wordsPerItem)
    }
    const end = this.#size * wordsPerItem
    this.#words.copyWithin(index * wordsPerItem, (index + count) * wordsPerItem, end)
    this.#size -= count
  }

  /** Adds the ids before `index` to `total`, going the shorter way. */
  addPrefix(total: Sum, index: number): void {
    if (index * 2 <= this.#size) {
      for (let at = 0; at < index; at++) addId(total, this.#words, at * wordsPerItem)
      return
    }
    addSum(total, this.#sum)
    for (let at = index; at < this.#size; at++) subtractId(total, this.#words, at * wordsPerItem)
  }

  /** Takes over the items of another chunk from `index` on, all of which follow its own. */
  append(other: Chunk, index: number): void {
    const count = other.#size - index
    this.#reserve(this.#size + count)
    const taken = other.#words.subarray(index * wordsPerItem, other.#size * wordsPerItem)
    this.#words.set(taken, this.#size * wordsPerItem)
    for (let at = 0; at < count; at++) addId(this.#sum, taken, at * wordsPerItem)
    this.#size += count
  }

  /** Moves the upper half of the items to a fresh chunk. */
  split(): Chunk {
    const half = this.#size >> 1
    const upper = new Chunk(chunkItems)
    upper.append(this, half)
    this.remove(half, this.#size - half)
    return upper
  }

  #reserve(items: number): void {
    const capacity = this.#words.length / wordsPerItem
    if (items <= capacity) return
    const grown = new Uint32Array(Math.max(items, capacity * 2) * wordsPerItem)
    grown.set(this.#words)
    this.#words = grown
  }
}
