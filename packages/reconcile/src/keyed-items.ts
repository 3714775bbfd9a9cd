import type { Bytes } from '@kithnet/kernel'
import { hash } from '@kithnet/types'
import { checkOf } from './coded-symbols.ts'
import { halfSipHash, type HashWords } from './half-sip-hash.ts'
import type { ItemSet } from './item-set.ts'
import { idBytesAt, timeAt, wordsPerItem } from './item-words.ts'
import type { Bound, Item } from './order.ts'

/** Items between two bounds, the first included. */
export interface Stretch {
  readonly lower: Bound
  readonly upper: Bound
}

/** Bytes of a short hash. Source: our choice; among 10^6 ids a given one is mistaken with probability 2^-28. */
export const shortHashBytes = 6
/** Bytes of a sum over items: of their hashes, of the checks of these, and how many. */
export const sumBytes = 16

/**
 * A set seen under a session's key: every item as 64 bits that nobody could foresee who wrote one. What is compared,
 * listed and asked for are these; ids travel only to where they lack.
 */
export class KeyedItems<Id extends string> {
  readonly items: ItemSet<Id>
  readonly #keyLow: number
  readonly #keyHigh: number

  /** `salts` are drawn by the opener and, when there are two, by the other side. */
  constructor(items: ItemSet<Id>, salts: readonly Uint8Array[]) {
    this.items = items
    const key = new DataView(hash('item', ...salts).buffer)
    this.#keyLow = key.getUint32(0)
    this.#keyHigh = key.getUint32(4)
  }

  /** How many items lie in a stretch. */
  count({ lower, upper }: Stretch): number {
    return this.items.rank(upper) - this.items.rank(lower)
  }

  /** The hashes of all items of some stretches, two words each. Costs some 0.1 us an item. */
  hashes(stretches: readonly Stretch[]): HashWords {
    const spans = stretches.map(({ lower, upper }) => ({
      low: this.items.rank(lower),
      high: this.items.rank(upper),
    }))
    const out = new Uint32Array(2 * spans.reduce((sum, { low, high }) => sum + high - low, 0))
    let at = 0
    for (const { low, high } of spans) {
      for (const { words, start, end } of this.items.runs(low, high)) {
        for (let item = start; item < end; item += wordsPerItem) {
          this.#hash(words, item, out, at)
          at += 2
        }
      }
    }
    return out
  }

  /** What the items with ranks in [low, high) add up to, as coded symbol 0 of them but with the whole count. */
  sumOf(low: number, high: number): Bytes {
    const hashed = new Uint32Array(2)
    const sum = new Uint32Array(4)
    for (const { words, start, end } of this.items.runs(low, high)) {
      for (let item = start; item < end; item += wordsPerItem) {
        this.#hash(words, item, hashed, 0)
        sum[0]! ^= hashed[0]!
        sum[1]! ^= hashed[1]!
        sum[2]! ^= checkOf(hashed[0]!, hashed[1]!)
      }
    }
    sum[3] = high - low
    const bytes = new Uint8Array(sumBytes)
    const view = new DataView(bytes.buffer)
    sum.forEach((word, index) => view.setUint32(index * 4, word))
    return bytes
  }

  /** The short hashes of a stretch. */
  shortHashes(stretch: Stretch): number[] {
    const hashes = this.hashes([stretch])
    const short: number[] = []
    for (let at = 0; at < hashes.length; at += 2) {
      short.push(shortHash(hashes[at]!, hashes[at + 1]!))
    }
    return short
  }

  /** The items of a stretch whose short hash is, or is not, among these; oldest first. */
  *find(
    { lower, upper }: Stretch,
    shorts: ReadonlySet<number>,
    among: boolean,
  ): Generator<Item<Id>, undefined> {
    const hashed = new Uint32Array(2)
    const runs = this.items.runs(this.items.rank(lower), this.items.rank(upper))
    for (const { words, start, end } of runs) {
      for (let item = start; item < end; item += wordsPerItem) {
        this.#hash(words, item, hashed, 0)
        if (shorts.has(shortHash(hashed[0]!, hashed[1]!)) !== among) continue
        yield { time: timeAt(words, item), id: this.items.idOf(idBytesAt(words, item)) }
      }
    }
  }

  #hash(words: HashWords, item: number, out: HashWords, at: number): void {
    halfSipHash(this.#keyLow, this.#keyHigh, words, item, item + wordsPerItem, out, at)
  }
}

/** 48 bits of a hash, as a number. */
export function shortHash(low: number, high: number): number {
  return (high & 0xffff) * 2 ** 32 + low
}
