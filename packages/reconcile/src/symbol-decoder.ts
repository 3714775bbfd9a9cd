import { CodedSymbols } from './coded-symbols.ts'
import { MappedHashes } from './mapped-hashes.ts'
import type { HashWords } from './half-sip-hash.ts'

/** A hash of the difference. */
export interface FoundHash {
  readonly low: number
  readonly high: number
  /** True when only this side has it, false when only the other has. */
  readonly ours: boolean
}

/**
 * Finds the difference between our hashes and another side's from its coded symbols: ours are taken away, what is left
 * is peeled one hash at a time. Work is bounded by the number of symbols, whatever they hold.
 */
export class SymbolDecoder {
  readonly #ours: MappedHashes
  readonly #symbols = new CodedSymbols()
  /** What was peeled off. */
  readonly #found = new MappedHashes()
  /** Counts of the difference, before anything was peeled. */
  #counts = new Int8Array(64)
  #queue: number[] = []
  #broken = false

  constructor(ours: HashWords, size: number) {
    this.#ours = new MappedHashes(ours, size, -1)
  }

  /** Symbols received. */
  get length(): number {
    return this.#symbols.length
  }

  /** Differences found. */
  get found(): number {
    return this.#found.size
  }

  /** True when everything that differs was found. */
  get complete(): boolean {
    return this.length > 0 && !this.#broken && this.#symbols.isEmpty(0)
  }

  /** True when these are no symbols of a set: nothing more can be learned from them. */
  get broken(): boolean {
    return this.#broken
  }

  /** Takes the next symbols. */
  receive(bytes: Uint8Array): void {
    const from = this.length
    this.#symbols.append(bytes)
    const to = this.length
    this.#ours.mixInto(this.#symbols, to)
    this.#keepCounts(from, to)
    this.#found.mixInto(this.#symbols, to)
    for (let index = from; index < to; index++) this.#queue.push(index)
    this.#peel()
  }

  /** How many differ, by what the symbols and the sizes of both sets, `surplus` apart, let expect. */
  estimate(surplus: number): number {
    let total = 0
    // Every item is in the first symbol: its count says nothing beyond the surplus.
    const from = Math.max(1, this.length >> 1)
    for (let index = from; index < this.length; index++) {
      const share = 1 / (1 + index / 2)
      const expected = surplus * share
      // The count is known modulo 256 alone.
      const off = ((this.#counts[index]! - expected + 128) % 256) - 128
      const deviation = off < -128 ? off + 256 : off
      total += (deviation * deviation) / (share * (1 - share))
    }
    const spread = Math.round(total / Math.max(1, this.length - from))
    return Math.max(spread, Math.abs(surplus), this.found)
  }

  /** What was found so far. */
  *[Symbol.iterator](): Generator<FoundHash, undefined> {
    for (let at = 0; at < this.#found.size; at++) {
      // What was taken away to empty a symbol was in it with the other sign.
      const ours = this.#found.sign(at) > 0
      yield { low: this.#found.low(at), high: this.#found.high(at), ours }
    }
  }

  #peel(): void {
    for (let index = this.#queue.pop(); index !== undefined; index = this.#queue.pop()) {
      const sign = this.#symbols.pure(index)
      if (sign === 0) continue
      const { low, high } = { low: this.#symbols.low(index), high: this.#symbols.high(index) }
      const at = this.#found.push(low, high, -sign)
      this.#found.mixOne(at, this.#symbols, this.length, 1, (touched) => this.#queue.push(touched))
      // Honest symbols are emptied by their own hash, and there are never more differences than symbols.
      if (this.#symbols.isEmpty(index) && this.found <= this.length) continue
      this.#broken = true
      this.#queue = []
    }
  }

  #keepCounts(from: number, to: number): void {
    if (to > this.#counts.length) {
      const grown = new Int8Array(Math.max(to, this.#counts.length * 2))
      grown.set(this.#counts)
      this.#counts = grown
    }
    for (let index = from; index < to; index++) this.#counts[index] = this.#symbols.count(index)
  }
}
