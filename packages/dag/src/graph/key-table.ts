import type { Rng } from '@kithnet/kernel'
import { withExactRoom, withRoom } from './columns.ts'

/** Words of 32 bits. */
export type Words = Uint32Array<ArrayBuffer>

/**
 * Hashes keys by tabulation over random words. Strangers choose keys; who does not know the words cannot aim at a place
 * of a table.
 *
 * Source: Pătraşcu and Thorup, "The power of simple tabulation hashing", 2012 (linear probing in expected constant
 * time).
 */
export class KeyHash {
  /** For each byte of a key, a random word for each of its 256 values. */
  readonly #random: Words

  constructor(rng: Rng) {
    this.#random = new Uint32Array(maxKeyWords * 4 * 256)
    for (let at = 0; at < this.#random.length; at++) this.#random[at] = rng.u32()
  }

  /** Of the `width` words at `at`. */
  of(words: Words, at: number, width: number): number {
    const random = this.#random
    let hash = 0
    for (let word = 0; word < width; word++) {
      const value = words[at + word]!
      const table = word << 10
      hash ^=
        random[table | (value & 0xff)]! ^
        random[table | 0x100 | ((value >>> 8) & 0xff)]! ^
        random[table | 0x200 | ((value >>> 16) & 0xff)]! ^
        random[table | 0x300 | (value >>> 24)]!
    }
    return hash >>> 0
  }
}

/** Numbers keys of a fixed width in the order in which they come, and finds the number of a key: 0 is the first. */
export class KeyTable {
  readonly #width: number
  readonly #hash: KeyHash
  /** The keys one after the other. */
  #keys: Words
  /** Pairs: the hash of a key, its number + 1; or 0, 0. */
  #slots: Words
  #slotCount: number
  /** Keys that the slots may hold before there have to be more. */
  #most: number
  #size = 0
  #listed = 0

  /** `width`: words of a key, at most `maxKeyWords`. */
  constructor(width: number, hash: KeyHash) {
    this.#width = width
    this.#hash = hash
    this.#keys = new Uint32Array(0)
    this.#slots = new Uint32Array(firstSlots * 2)
    this.#slotCount = firstSlots
    this.#most = firstSlots * maxLoad
  }

  /** Keys that have a number, those that cannot be found included. */
  get size(): number {
    return this.#size
  }

  /** All keys, one after the other. Valid until the next change. */
  get keys(): Words {
    return this.#keys
  }

  /** Makes room for so many keys in all. */
  reserve(size: number): void {
    this.#keys = withExactRoom(this.#keys, size * this.#width)
  }

  /** Makes room for so many keys that can be found. */
  reserveListed(size: number): void {
    if (size > this.#most) this.#spread(Math.max(Math.ceil(size / maxLoad), this.#nextCount()))
  }

  hashOf(words: Words, at: number): number {
    return this.#hash.of(words, at, this.#width)
  }

  /** The number of the key that stands in `words` at `at`, or -1. `hash`: its hash, where the caller has it. */
  find(words: Words, at: number, hash: number = this.hashOf(words, at)): number {
    const slots = this.#slots
    for (let slot = this.#home(hash); ; slot += 2) {
      if (slot === slots.length) slot = 0
      const number = slots[slot + 1]! - 1
      if (number < 0) return -1
      if (slots[slot] === hash && this.holds(number, words, at)) return number
    }
  }

  /** Numbers a key that is not there yet. */
  add(words: Words, at: number, hash: number = this.hashOf(words, at)): number {
    const number = this.addUnlisted(words, at)
    this.list(number, hash)
    return number
  }

  /** Lets `find` find the key of a number that was added unlisted: no equal one is listed. */
  list(number: number, hash: number = this.hashOf(this.#keys, number * this.#width)): void {
    if (++this.#listed > this.#most) this.#spread(this.#nextCount())
    this.#place(hash, number)
  }

  /** Numbers a key that `find` does not find: not yet, or never because an equal one has a number. */
  addUnlisted(words: Words, at: number): number {
    const number = this.#size++
    const width = this.#width
    const start = number * width
    if (start === this.#keys.length) this.#keys = withRoom(this.#keys, start + width, width)
    for (let word = 0; word < width; word++) this.#keys[start + word] = words[at + word]!
    return number
  }

  /** Whether the key of a number is the one at `at`. */
  holds(number: number, words: Words, at: number): boolean {
    const start = number * this.#width
    for (let word = 0; word < this.#width; word++) {
      if (this.#keys[start + word] !== words[at + word]) return false
    }
    return true
  }

  #place(hash: number, number: number): void {
    const slots = this.#slots
    let slot = this.#home(hash)
    while (slots[slot + 1] !== 0) {
      slot += 2
      if (slot === slots.length) slot = 0
    }
    slots[slot] = hash
    slots[slot + 1] = number + 1
  }

  /** Where the search for a hash begins: greater hashes stand further on, so that spreading reads and writes in order. */
  #home(hash: number): number {
    return Math.floor((hash * this.#slotCount) / 2 ** 32) * 2
  }

  #nextCount(): number {
    return Math.ceil(this.#slotCount * (this.#slotCount < smallSlots ? smallGrowth : largeGrowth))
  }

  /** Into so many slots. */
  #spread(slots: number): void {
    const old = this.#slots
    this.#slots = new Uint32Array(slots * 2)
    this.#slotCount = slots
    this.#most = slots * maxLoad
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] !== 0) this.#place(old[at]!, old[at + 1]! - 1)
    }
  }
}

/** Words of the widest key: a hash and a number. */
const maxKeyWords = 9
/** Source: our choice. */
const firstSlots = 64
/** Part of the slots in use at most. Source: our choice; a search that fails then looks at 8.5 slots of one row. */
const maxLoad = 0.75
/** As columns grow. Source: our choice; spreading costs a few nanoseconds a key. */
const smallSlots = 16_384
const smallGrowth = 4
const largeGrowth = 1.25
