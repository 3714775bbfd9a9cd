import { assert } from '@kithnet/kernel'
import { idBytes, type MessageId, messageIdFromBytes } from '@kithnet/types'
import type { IdPrefix } from './id-prefix.ts'

const wordsPerId = 8
const digitsPerWord = 8
/** Source: our choice. */
const leastRows = 64
/** Rows grow by this factor. Source: our choice; little room is left unused, and copies stay few. */
const growth = 1.25
/** Rows to places, at most. Source: Knuth, volume 3, section 6.4: some four probes for what is not there. */
const mostFull = 0.65

/** Where an entry of an `IdTable` lies, from its addition until its removal. */
export type Row = number
/** In place of a row: none. */
export const noRow: Row = -1

/**
 * A set of message ids with places to hang values on: entries lie in arrays of numbers, about 60 bytes each, where a
 * map of strings takes four times that. Open addressing with linear probing, scattered by a secret, because whoever
 * writes messages can choose the first bits of their ids.
 */
export class IdTable {
  readonly #secret: number
  /** Row plus one by place; 0 is empty. A power of two. */
  #slots = new Int32Array(leastRows * 2)
  #words = new Uint32Array(leastRows * wordsPerId)
  #capacity = leastRows
  #size = 0
  readonly #free: Row[] = []

  /** `secret`: 32 bits that no peer knows. */
  constructor(secret: number) {
    this.#secret = secret
  }

  get size(): number {
    return this.#size
  }

  /** Rows are below this. */
  get capacity(): number {
    return this.#capacity
  }

  /** The row of an id, or `noRow`. */
  find(id: MessageId): Row {
    return this.#probe(id, wordsPerId)
  }

  /** True when an id with this prefix is here. */
  hasPrefix(prefix: IdPrefix): boolean {
    return this.#probe(prefix, prefix.length / digitsPerWord) !== noRow
  }

  /** Takes an id that is not here, and answers with its row. */
  add(id: MessageId): Row {
    assert(id.length === 2 * idBytes, 'an id has 32 bytes')
    if (this.#free.length === 0 && this.#size === this.#capacity) this.#grow()
    const row = this.#free.pop() ?? this.#size
    for (let word = 0; word < wordsPerId; word++) {
      this.#words[row * wordsPerId + word] = wordOf(id, word)
    }
    this.#size++
    this.#place(row)
    return row
  }

  idAt(row: Row): MessageId {
    const bytes = new Uint8Array(idBytes)
    const view = new DataView(bytes.buffer)
    for (let word = 0; word < wordsPerId; word++) {
      view.setUint32(word * 4, this.#words[row * wordsPerId + word]!)
    }
    return messageIdFromBytes(bytes)
  }

  /** Frees a row that is taken; what follows it in its run moves up, so that no probe ends too early. */
  delete(row: Row): void {
    const mask = this.#slots.length - 1
    let hole = this.#homeOf(row)
    while (this.#slots[hole] !== row + 1) hole = (hole + 1) & mask
    for (let at = (hole + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#homeOf(this.#slots[at]! - 1)
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      this.#slots[hole] = this.#slots[at]!
      hole = at
    }
    this.#slots[hole] = 0
    this.#size--
    this.#free.push(row)
  }

  /** The row whose id begins with these words, in hexadecimal. */
  #probe(hex: string, count: number): Row {
    const mask = this.#slots.length - 1
    const [first, second] = [wordOf(hex, 0), wordOf(hex, 1)]
    let at = mix(first, second, this.#secret) & mask
    for (let slot = this.#slots[at]!; slot !== 0; slot = this.#slots[at]!) {
      const base = (slot - 1) * wordsPerId
      if (this.#words[base] === first && this.#words[base + 1] === second) {
        let word = 2
        while (word < count && this.#words[base + word] === wordOf(hex, word)) word++
        if (word >= count) return slot - 1
      }
      at = (at + 1) & mask
    }
    return noRow
  }

  #homeOf(row: Row): number {
    const base = row * wordsPerId
    return mix(this.#words[base]!, this.#words[base + 1]!, this.#secret) & (this.#slots.length - 1)
  }

  #place(row: Row): void {
    const mask = this.#slots.length - 1
    let at = this.#homeOf(row)
    while (this.#slots[at] !== 0) at = (at + 1) & mask
    this.#slots[at] = row + 1
  }

  #grow(): void {
    this.#capacity = Math.ceil(this.#capacity * growth)
    const words = new Uint32Array(this.#capacity * wordsPerId)
    words.set(this.#words)
    this.#words = words
    if (this.#capacity <= this.#slots.length * mostFull) return
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let row = 0; row < this.#size; row++) this.#place(row)
  }
}

/** One of the words of 32 bits that lower-case hexadecimal text spells. */
function wordOf(hex: string, word: number): number {
  let value = 0
  for (let at = word * digitsPerWord; at < (word + 1) * digitsPerWord; at++) {
    const code = hex.charCodeAt(at)
    value = (value << 4) | (code < 58 ? code - 48 : code - 87)
  }
  return value >>> 0
}

/** Source: the finaliser of MurmurHash3, Appleby 2011. */
function mix(first: number, second: number, secret: number): number {
  let word = Math.imul(first ^ secret, 0x85eb_ca6b)
  word ^= word >>> 13
  word = Math.imul(word ^ second, 0xc2b2_ae35)
  return word ^ (word >>> 16)
}
