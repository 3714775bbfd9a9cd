import type { Kernels } from './kernels.ts'
import { fourTimesAlpha, product } from './octets.ts'

/** All products of two octets: 64 KB, filled when the kernels are first made. */
const products = new Uint8Array(65_536)

/** The kernels in JavaScript, four bytes at a time, for hosts without WebAssembly SIMD. */
export class ScriptKernels implements Kernels {
  readonly name = 'js'
  bytes: Uint8Array = new Uint8Array(0)
  #words: Int32Array = new Int32Array(0)

  constructor() {
    // One times one is one, so a table that is filled says so.
    if (products[257] === 0) {
      for (let at = 0; at < products.length; at++) products[at] = product(at >>> 8, at & 255)
    }
    this.reserve(1 << 16)
  }

  reserve(length: number): void {
    if (length <= this.bytes.length) return
    this.bytes = new Uint8Array((length + 15) & ~15)
    this.#words = new Int32Array(this.bytes.buffer)
  }

  sum(
    target: number,
    start: number,
    list: number,
    end: number,
    base: number,
    stride: number,
    length: number,
  ): void {
    const words = this.#words
    const to = target >>> 2
    const count = length >>> 2
    let from = start >>> 2
    let at = list >>> 2
    const last = end >>> 2
    // Three at a time: the sum is read and written once for all of them.
    for (; at + 3 <= last; at += 3) {
      const one = (base + words[at]! * stride) >>> 2
      const two = (base + words[at + 1]! * stride) >>> 2
      const three = (base + words[at + 2]! * stride) >>> 2
      addThree(words, to, from, one, two, three, count)
      from = to
    }
    for (; at < last; at++) {
      addOne(words, to, from, (base + words[at]! * stride) >>> 2, count)
      from = to
    }
    if (from !== to) words.copyWithin(to, from, from + count)
  }

  advance(running: number, added: number, row: number, other: number, length: number): void {
    const words = this.#words
    const from = added >>> 2
    const one = row >>> 2
    const two = other >>> 2
    const first = running >>> 2
    for (let word = 0; word < length >>> 2; word++) {
      const octets = fourTimesAlpha(words[first + word]!) ^ words[from + word]!
      words[first + word] = octets
      words[one + word]! ^= octets
      words[two + word]! ^= octets
    }
  }

  multiplyAdd(target: number, added: number, octet: number, length: number): void {
    const words = this.#words
    const from = added >>> 2
    const to = target >>> 2
    const row = octet * 256
    for (let word = 0; word < length >>> 2; word++) {
      const four = words[from + word]!
      words[to + word]! ^=
        products[row + (four & 255)]! |
        (products[row + ((four >>> 8) & 255)]! << 8) |
        (products[row + ((four >>> 16) & 255)]! << 16) |
        (products[row + (four >>> 24)]! << 24)
    }
  }
}

function addOne(words: Int32Array, to: number, from: number, one: number, count: number): void {
  for (let word = 0; word < count; word++)
    words[to + word] = words[from + word]! ^ words[one + word]!
}

function addThree(
  words: Int32Array,
  to: number,
  from: number,
  one: number,
  two: number,
  three: number,
  count: number,
): void {
  for (let word = 0; word < count; word++) {
    words[to + word] =
      words[from + word]! ^ words[one + word]! ^ words[two + word]! ^ words[three + word]!
  }
}
