import { checkOf, type CodedSymbols } from './coded-symbols.ts'
import type { HashWords } from './half-sip-hash.ts'
import { nextIndex } from './symbol-mapping.ts'

/** No symbol has this index: an item whose next one lies further contributes no more. */
const farthestIndex = 0xffff_ffff

/** Hashes with signs, each at its place in its own sequence of symbols. */
export class MappedHashes {
  #hashes: HashWords
  #states: HashWords
  #next: HashWords
  #signs: Int8Array<ArrayBuffer>
  #size = 0

  /** `hashes`, two words each, are kept and not changed; all are added with `sign`. */
  constructor(hashes: HashWords = new Uint32Array(16), size = 0, sign = 1) {
    this.#hashes = hashes
    this.#states = hashes.slice()
    this.#next = new Uint32Array(hashes.length / 2)
    this.#signs = new Int8Array(hashes.length / 2).fill(sign)
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  low(index: number): number {
    return this.#hashes[index * 2]!
  }

  high(index: number): number {
    return this.#hashes[index * 2 + 1]!
  }

  sign(index: number): number {
    return this.#signs[index]!
  }

  /** Adds a hash that stands before its first symbol; its place in the list. */
  push(low: number, high: number, sign: number): number {
    if (this.#size === this.#next.length) this.#double()
    const at = this.#size++
    this.#hashes[at * 2] = this.#states[at * 2] = low
    this.#hashes[at * 2 + 1] = this.#states[at * 2 + 1] = high
    this.#next[at] = 0
    this.#signs[at] = sign
    return at
  }

  /** Mixes every hash into those of its symbols before `to` that it has not met yet. */
  mixInto(symbols: CodedSymbols, to: number): void {
    for (let at = 0; at < this.#size; at++) {
      if (this.#next[at]! < to) this.mixOne(at, symbols, to, 1)
    }
  }

  /** The same for one hash, its sign times `factor`; calls `touched` with each symbol. */
  mixOne(
    at: number,
    symbols: CodedSymbols,
    to: number,
    factor: number,
    touched?: (index: number) => void,
  ): void {
    const low = this.#hashes[at * 2]!
    const high = this.#hashes[at * 2 + 1]!
    const check = checkOf(low, high)
    const sign = this.#signs[at]! * factor
    let next = this.#next[at]!
    while (next < to) {
      symbols.mix(next, low, high, check, sign)
      touched?.(next)
      next = nextIndex(this.#states, at * 2, next)
    }
    this.#next[at] = Math.min(next, farthestIndex)
  }

  #double(): void {
    const capacity = this.#next.length * 2
    this.#hashes = grown(this.#hashes, capacity * 2)
    this.#states = grown(this.#states, capacity * 2)
    this.#next = grown(this.#next, capacity)
    const signs = new Int8Array(capacity)
    signs.set(this.#signs)
    this.#signs = signs
  }
}

function grown(words: HashWords, length: number): HashWords {
  const copy = new Uint32Array(length)
  copy.set(words)
  return copy
}
