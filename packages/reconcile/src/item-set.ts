import { assert } from '@kithnet/kernel'
import { Chunk, chunkItems } from './chunk.ts'
import {
  idBytesAt,
  type ItemWords,
  timeAt,
  wordsOf,
  wordsPerItem,
  writeWords,
} from './item-words.ts'
import type { Bound, Item } from './order.ts'
import { addSum, subtractSum, type Sum, zeroSum } from './sum.ts'

/** What a range of a set holds, as two numbers: how many ids, and their sum modulo 2^256. */
export interface RangeSum {
  readonly count: number
  readonly sum: Sum
}

/** Items of a set that lie side by side in memory, ten words each. Valid until the set changes. */
export interface Run {
  readonly words: ItemWords
  /** Where the first item begins, in words. */
  readonly start: number
  /** Where the last one ends. */
  readonly end: number
}

/**
 * A sorted set of items whose sum over any range is cheap, so that a sliding window of 100,000 ids can be
 * compared with a neighbour's at any moment. Sorted chunks of 40 bytes an item, with counts and sums before each,
 * rebuilt when asked for from the first chunk that changed: appending in order costs O(log n), a range sum O(log n)
 * and half a chunk.
 */
export class ItemSet<Id extends string = string> {
  readonly #idFromBytes: (bytes: Uint8Array) => Id
  readonly #chunks: Chunk[] = []
  /** Per chunk, how many items lie before it; right for the first `#counted` chunks. */
  readonly #countBefore: number[] = []
  /** Per chunk, the sum of the ids before it; right for the first `#summed` chunks. */
  readonly #sumsBefore: Sum[] = []
  readonly #item: ItemWords = new Uint32Array(wordsPerItem)
  #counted = 0
  #summed = 0
  #size = 0

  /** `idFromBytes` mints ids from their 32 bytes and keeps nothing of them: for messages `messageIdFromBytes`. */
  constructor(idFromBytes: (bytes: Uint8Array) => Id) {
    this.#idFromBytes = idFromBytes
  }

  get size(): number {
    return this.#size
  }

  /** Adds an item; false when it was there. `time`: an integer >= 0, milliseconds since 1970. */
  add(time: number, id: Id): boolean {
    const item = this.#wordsOf(time, id)
    const chunkIndex = Math.min(this.#chunkOf(item), this.#chunks.length - 1)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return this.#addChunk(0, item)
    const index = chunk.rank(item)
    if (chunk.holds(index, item)) return false
    if (chunk.size === chunkItems) return this.#addToFull(chunk, chunkIndex, index, item)
    chunk.insert(index, item)
    this.#size++
    this.#changed(chunkIndex + 1)
    return true
  }

  has(time: number, id: string): boolean {
    const item = this.#wordsOf(time, id)
    const chunk = this.#chunks[this.#chunkOf(item)]
    return chunk !== undefined && chunk.holds(chunk.rank(item), item)
  }

  /** Removes an item; false when it was not there. */
  delete(time: number, id: Id): boolean {
    const item = this.#wordsOf(time, id)
    const chunkIndex = this.#chunkOf(item)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return false
    const index = chunk.rank(item)
    if (!chunk.holds(index, item)) return false
    chunk.remove(index, 1)
    this.#size--
    this.#changed(chunkIndex)
    const next = this.#chunks[chunkIndex + 1]
    if (chunk.size === 0) this.#chunks.splice(chunkIndex, 1)
    else if (next !== undefined && chunk.size + next.size <= chunkItems / 2) {
      chunk.append(next, 0)
      this.#chunks.splice(chunkIndex + 1, 1)
    }
    return true
  }

  /** Removes every item older than `time` and returns their ids, oldest first. */
  evictBefore(time: number): Id[] {
    const bound = wordsOf({ time, id: '' })
    const chunkIndex = this.#chunkOf(bound)
    const evicted: Id[] = []
    for (const chunk of this.#chunks.splice(0, chunkIndex)) {
      for (let index = 0; index < chunk.size; index++) evicted.push(this.#idAt(chunk, index))
    }
    const first = this.#chunks[0]
    if (first !== undefined) {
      const count = first.rank(bound)
      for (let index = 0; index < count; index++) evicted.push(this.#idAt(first, index))
      first.remove(0, count)
    }
    if (evicted.length > 0) this.#changed(0)
    this.#size -= evicted.length
    return evicted
  }

  /** How many items lie before the bound. */
  rank(bound: Bound): number {
    const words = wordsOf(bound)
    const chunkIndex = this.#chunkOf(words)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return this.#size
    this.#count()
    return this.#countBefore[chunkIndex]! + chunk.rank(words)
  }

  /** The item with exactly `rank` items before it. */
  at(rank: number): Item<Id> {
    assert(rank >= 0 && rank < this.#size, 'a rank lies within the set')
    const chunkIndex = this.#chunkAt(rank)
    return this.#itemAt(this.#chunks[chunkIndex]!, rank - this.#countBefore[chunkIndex]!)
  }

  /** The sum of the items with ranks in [low, high). */
  sumOf(low: number, high: number): RangeSum {
    const sum = this.#sumBefore(high)
    subtractSum(sum, this.#sumBefore(low))
    return { count: high - low, sum }
  }

  /** Mints an id that a peer named. */
  idOf(bytes: Uint8Array): Id {
    return this.#idFromBytes(bytes)
  }

  /** The items with ranks in [low, high) as they lie in memory, oldest first. The set must not change meanwhile. */
  *runs(low: number, high: number): Generator<Run, undefined> {
    if (low >= high) return
    let chunkIndex = this.#chunkAt(low)
    let from = low - this.#countBefore[chunkIndex]!
    for (let left = high - low; left > 0; chunkIndex++) {
      const chunk = this.#chunks[chunkIndex]!
      const to = Math.min(chunk.size, from + left)
      yield { words: chunk.words, start: from * wordsPerItem, end: to * wordsPerItem }
      left -= to - from
      from = 0
    }
  }

  /** Oldest first. The set must not change meanwhile. */
  *[Symbol.iterator](): Generator<Item<Id>, undefined> {
    for (const chunk of this.#chunks) {
      for (let index = 0; index < chunk.size; index++) yield this.#itemAt(chunk, index)
    }
  }

  /** The words of an item of this side's. Valid until the next call. */
  #wordsOf(time: number, id: string): ItemWords {
    assert(Number.isSafeInteger(time) && time >= 0, 'a time is a whole number of milliseconds')
    assert(id.length === idDigits, 'an id is 64 lower-case hex digits')
    writeWords({ time, id }, this.#item, 0)
    return this.#item
  }

  #idAt(chunk: Chunk, index: number): Id {
    return this.#idFromBytes(idBytesAt(chunk.words, index * wordsPerItem))
  }

  #itemAt(chunk: Chunk, index: number): Item<Id> {
    return { time: timeAt(chunk.words, index * wordsPerItem), id: this.#idAt(chunk, index) }
  }

  #addToFull(chunk: Chunk, chunkIndex: number, index: number, item: ItemWords): true {
    if (index === chunk.size) return this.#addChunk(chunkIndex + 1, item)
    const upper = chunk.split()
    this.#chunks.splice(chunkIndex + 1, 0, upper)
    if (index <= chunk.size) chunk.insert(index, item)
    else upper.insert(index - chunk.size, item)
    this.#size++
    this.#changed(chunkIndex)
    return true
  }

  #addChunk(chunkIndex: number, item: ItemWords): true {
    const chunk = new Chunk()
    chunk.insert(0, item)
    this.#chunks.splice(chunkIndex, 0, chunk)
    this.#size++
    this.#changed(chunkIndex)
    return true
  }

  /** The first chunk that does not end before the bound: where an item at the bound is, if it is. */
  #chunkOf(bound: ItemWords): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#chunks[middle]!.endsBefore(bound)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The last chunk with at most `rank` items before it. */
  #chunkAt(rank: number): number {
    this.#count()
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#countBefore[middle]! <= rank) low = middle
      else high = middle - 1
    }
    return low
  }

  #sumBefore(rank: number): Sum {
    const sum = zeroSum()
    if (this.#size === 0) return sum
    const chunkIndex = this.#chunkAt(rank)
    this.#sum()
    addSum(sum, this.#sumsBefore[chunkIndex]!)
    this.#chunks[chunkIndex]!.addPrefix(sum, rank - this.#countBefore[chunkIndex]!)
    return sum
  }

  #changed(chunkIndex: number): void {
    this.#counted = Math.min(this.#counted, chunkIndex)
    this.#summed = Math.min(this.#summed, chunkIndex)
  }

  #count(): void {
    for (; this.#counted < this.#chunks.length; this.#counted++) {
      const previous = this.#counted - 1
      this.#countBefore[this.#counted] =
        previous < 0 ? 0 : this.#countBefore[previous]! + this.#chunks[previous]!.size
    }
    this.#countBefore.length = this.#chunks.length
  }

  #sum(): void {
    for (; this.#summed < this.#chunks.length; this.#summed++) {
      const sum = (this.#sumsBefore[this.#summed] ??= zeroSum())
      const previous = this.#summed - 1
      if (previous < 0) {
        sum.fill(0)
        continue
      }
      sum.set(this.#sumsBefore[previous]!)
      addSum(sum, this.#chunks[previous]!.sum)
    }
    this.#sumsBefore.length = this.#chunks.length
  }
}

/** Hex digits of an id. */
const idDigits = 64
