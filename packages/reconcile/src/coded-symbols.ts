import type { Bytes } from '@kithnet/kernel'

/** Bytes of a coded symbol on the wire: the sum of hashes, the sum of their checks, how many modulo 256. */
export const symbolBytes = 13

/** Words of a symbol in memory: two of the sum, one of checks, one of the count. */
const symbolWords = 4

/**
 * Coded symbols: each the sums, by exclusive or, of the hashes that are mapped to it and of their checks, and how many
 * they are modulo 256. The difference of two sets' symbols is the symbol of their difference.
 */
export class CodedSymbols {
  #words = new Uint32Array(64 * symbolWords)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Appends empty symbols. */
  grow(length: number): void {
    if (length * symbolWords > this.#words.length) {
      const grown = new Uint32Array(Math.max(length * symbolWords, this.#words.length * 2))
      grown.set(this.#words)
      this.#words = grown
    }
    this.#length = length
  }

  /** Adds a hash, or with -1 takes it away. */
  mix(index: number, low: number, high: number, check: number, sign: number): void {
    const words = this.#words
    const at = index * symbolWords
    words[at]! ^= low
    words[at + 1]! ^= high
    words[at + 2]! ^= check
    words[at + 3] = (words[at + 3]! + sign) & 0xff
  }

  low(index: number): number {
    return this.#words[index * symbolWords]!
  }

  high(index: number): number {
    return this.#words[index * symbolWords + 1]!
  }

  /** How many hashes, from -128 to 127. */
  count(index: number): number {
    return (this.#words[index * symbolWords + 3]! << 24) >> 24
  }

  isEmpty(index: number): boolean {
    const words = this.#words
    const at = index * symbolWords
    return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0
  }

  /** +1 or -1 when the symbol is that of one hash, added or taken away; else 0. */
  pure(index: number): number {
    const count = this.count(index)
    if (count !== 1 && count !== -1) return 0
    const at = index * symbolWords
    const check = checkOf(this.#words[at]!, this.#words[at + 1]!)
    return this.#words[at + 2] === check ? count : 0
  }

  /** The symbols [from, to) as bytes. */
  encode(from: number, to: number): Bytes {
    const bytes = new Uint8Array((to - from) * symbolBytes)
    const view = new DataView(bytes.buffer)
    for (let index = from; index < to; index++) {
      const at = (index - from) * symbolBytes
      for (let word = 0; word < 3; word++) {
        view.setUint32(at + word * 4, this.#words[index * symbolWords + word]!)
      }
      bytes[at + 12] = this.#words[index * symbolWords + 3]!
    }
    return bytes
  }

  /** Appends symbols from bytes, whole symbols only. */
  append(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const from = this.#length
    const count = Math.floor(bytes.length / symbolBytes)
    this.grow(from + count)
    for (let index = 0; index < count; index++) {
      const at = index * symbolBytes
      const to = (from + index) * symbolWords
      for (let word = 0; word < 3; word++) this.#words[to + word] = view.getUint32(at + word * 4)
      this.#words[to + 3] = bytes[at + 12]!
    }
  }
}

/**
 * 32 bits of a hash by which a sum of one hash is told from a sum of several. It need not be keyed: hashes are.
 *
 * Source: Appleby, the finalizer of MurmurHash3, over both words in turn.
 */
export function checkOf(low: number, high: number): number {
  return finalize(finalize(low) + high) >>> 0
}

function finalize(word: number): number {
  let mixed = word | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
