import { assert } from '@kithnet/kernel'
import { Chunk, chunkItems } from './chunk.ts'
import { type Bound, type Item } from './order.ts'
import { addLimbs, subtractLimbs, type Sum, zeroSum } from './sum.ts'

/** What a range of a set holds, as two numbers: how many ids, and their sum modulo 2^256. */
export interface RangeSum {
  readonly count: number
  readonly sum: Sum
}

/**
 * A sorted set of items whose sum over any range is cheap, so that a sliding window of 100,000 ids can be
 * compared with a neighbour's at any moment. Sorted chunks with sums before each, rebuilt from the first chunk
 * that changed: appending in order costs O(log n) and a range sum O(log n) plus half a chunk.
 */
export class ItemSet<Id extends string = string> {
  readonly #idFromBytes: (bytes: Uint8Array) => Id
  readonly #chunks: Chunk<Id>[] = []
  /** Per chunk, what lies before it; right for the first `#current` chunks. */
  readonly #before: { count: number; readonly sum: Sum }[] = []
  #current = 0
  #size = 0

  /** `idFromBytes` mints the ids that a peer names, from 32 bytes: for messages `messageIdFromBytes`. */
  constructor(idFromBytes: (bytes: Uint8Array) => Id) {
    this.#idFromBytes = idFromBytes
  }

  get size(): number {
    return this.#size
  }

  /** Adds an item; false when it was there. `time`: an integer >= 0, milliseconds since 1970. */
  add(time: number, id: Id): boolean {
    assert(Number.isSafeInteger(time) && time >= 0, 'a time is a whole number of milliseconds')
    assert(idPattern.test(id), 'an id is 64 lower-case hex digits')
    const chunkIndex = Math.min(this.#chunkOf({ time, id }), this.#chunks.length - 1)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return this.#addChunk(0, time, id)
    const index = chunk.rank({ time, id })
    if (index < chunk.size && isAt(chunk, index, time, id)) return false
    if (chunk.size < chunkItems) {
      chunk.insert(index, time, id)
      this.#size++
      this.#changed(chunkIndex + 1)
      return true
    }
    if (index === chunk.size) return this.#addChunk(chunkIndex + 1, time, id)
    this.#chunks.splice(chunkIndex + 1, 0, chunk.split())
    this.#changed(chunkIndex)
    return this.add(time, id)
  }

  has(time: number, id: string): boolean {
    const chunk = this.#chunks[this.#chunkOf({ time, id })]
    return chunk !== undefined && isAt(chunk, chunk.rank({ time, id }), time, id)
  }

  /** Removes an item; false when it was not there. */
  delete(time: number, id: Id): boolean {
    const chunkIndex = this.#chunkOf({ time, id })
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return false
    const index = chunk.rank({ time, id })
    if (!isAt(chunk, index, time, id)) return false
    chunk.remove(index, 1)
    this.#size--
    this.#changed(chunkIndex)
    const next = this.#chunks[chunkIndex + 1]
    if (chunk.size === 0) this.#chunks.splice(chunkIndex, 1)
    else if (next !== undefined && chunk.size + next.size <= chunkItems / 2) {
      chunk.absorb(next)
      this.#chunks.splice(chunkIndex + 1, 1)
    }
    return true
  }

  /** Removes every item older than `time` and returns their ids, oldest first. */
  evictBefore(time: number): Id[] {
    const bound = { time, id: '' }
    const chunkIndex = this.#chunkOf(bound)
    const evicted: Id[] = []
    for (const chunk of this.#chunks.splice(0, chunkIndex)) {
      for (const id of chunk.remove(0, chunk.size)) evicted.push(id)
    }
    const first = this.#chunks[0]
    if (first !== undefined) {
      for (const id of first.remove(0, first.rank(bound))) evicted.push(id)
    }
    if (evicted.length > 0) this.#changed(0)
    this.#size -= evicted.length
    return evicted
  }

  /** How many items lie before the bound. */
  rank(bound: Bound): number {
    const chunkIndex = this.#chunkOf(bound)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return this.#size
    this.#refresh()
    return this.#before[chunkIndex]!.count + chunk.rank(bound)
  }

  /** The item with exactly `rank` items before it. */
  at(rank: number): Item<Id> {
    assert(rank >= 0 && rank < this.#size, 'a rank lies within the set')
    const chunkIndex = this.#chunkAt(rank)
    return this.#chunks[chunkIndex]!.at(rank - this.#before[chunkIndex]!.count)
  }

  /** The sum of the items with ranks in [low, high). */
  sumOf(low: number, high: number): RangeSum {
    const sum = this.#sumBefore(high)
    subtractLimbs(sum, this.#sumBefore(low), 0)
    return { count: high - low, sum }
  }

  /** Mints an id that a peer named. */
  idOf(bytes: Uint8Array): Id {
    return this.#idFromBytes(bytes)
  }

  /** Oldest first. The set must not change meanwhile. */
  *[Symbol.iterator](): Generator<Item<Id>, undefined> {
    for (const chunk of this.#chunks) {
      for (let index = 0; index < chunk.size; index++) yield chunk.at(index)
    }
  }

  #addChunk(chunkIndex: number, time: number, id: Id): true {
    const chunk = new Chunk<Id>()
    chunk.insert(0, time, id)
    this.#chunks.splice(chunkIndex, 0, chunk)
    this.#size++
    this.#changed(chunkIndex)
    return true
  }

  /** The first chunk that does not end before the bound: where an item at the bound is, if it is. */
  #chunkOf(bound: Bound): number {
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
    this.#refresh()
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#before[middle]!.count <= rank) low = middle
      else high = middle - 1
    }
    return low
  }

  #sumBefore(rank: number): Sum {
    const sum = zeroSum()
    if (this.#size === 0) return sum
    const chunkIndex = this.#chunkAt(rank)
    const before = this.#before[chunkIndex]!
    addLimbs(sum, before.sum, 0)
    this.#chunks[chunkIndex]!.addPrefix(sum, rank - before.count)
    return sum
  }

  #changed(chunkIndex: number): void {
    this.#current = Math.min(this.#current, chunkIndex)
  }

  #refresh(): void {
    for (; this.#current < this.#chunks.length; this.#current++) {
      const before = (this.#before[this.#current] ??= { count: 0, sum: zeroSum() })
      const previous = this.#before[this.#current - 1]
      if (previous === undefined) {
        before.count = 0
        before.sum.fill(0)
        continue
      }
      const chunk = this.#chunks[this.#current - 1]!
      before.count = previous.count + chunk.size
      before.sum.set(previous.sum)
      addLimbs(before.sum, chunk.sum, 0)
    }
    this.#before.length = this.#chunks.length
  }
}

const idPattern = /^[0-9a-f]{64}$/

function isAt(chunk: Chunk<string>, index: number, time: number, id: string): boolean {
  if (index >= chunk.size) return false
  const item = chunk.at(index)
  return item.time === time && item.id === id
}
