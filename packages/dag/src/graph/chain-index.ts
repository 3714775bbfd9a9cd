import { assert, fromHex } from '@kithnet/kernel'
import type { ChainPlace } from '../author/author-chain.ts'
import { withRoom } from './columns.ts'
import { type KeyHash, KeyTable, type Words } from './key-table.ts'
import { digestWords, writeDigest } from './record-facts.ts'

/** Two records, by number, of which an honest author writes one. */
export interface Fork {
  readonly kind: 'same-place' | 'same-previous'
  /** The one that came first here. */
  readonly first: number
  readonly second: number
}

/** The record that a record of a chain names as the one before it. */
export interface Previous {
  readonly hash: Uint8Array
  /** Its number, where it is here already and of the same author; else -1. */
  readonly node: number
}

/**
 * Finds equivocation as records come: two of one author at the same place of a chain, or after the same record. Costs
 * nothing for records that claim no place.
 */
export class ChainIndex {
  /** Chains by stream and author. */
  readonly #chains: KeyTable
  /** Places by chain and count. */
  readonly #places: KeyTable
  /** Per place, the record that came first. */
  #recordAt = new Int32Array(0)
  /** Per record, the first one of its author that came after it and names it as the one before, + 1; or 0. */
  #heirs = new Int32Array(0)
  /** By author and hash, what is named before it is here, or is another author's: from honest authors nothing. */
  readonly #strays: KeyTable
  /** Per stray, the record that named it first. */
  readonly #strayOf: number[] = []
  readonly #key: Words = new Uint32Array(digestWords + 1)
  readonly #forks: Fork[] = []

  constructor(hash: KeyHash) {
    this.#chains = new KeyTable(streamWords + 1, hash)
    this.#places = new KeyTable(placeWords, hash)
    this.#strays = new KeyTable(digestWords + 1, hash)
  }

  get forks(): readonly Fork[] {
    return this.#forks
  }

  add(node: number, author: number, place: ChainPlace, previous: Previous | undefined): void {
    const samePlace = this.#occupy(node, author, place)
    const sameBefore = previous === undefined ? -1 : this.#follow(node, author, previous)
    if (samePlace >= 0) this.#forks.push({ kind: 'same-place', first: samePlace, second: node })
    else if (sameBefore >= 0) {
      this.#forks.push({ kind: 'same-previous', first: sameBefore, second: node })
    }
  }

  /** The record that has the place already, or -1. */
  #occupy(node: number, author: number, place: ChainPlace): number {
    const chain = this.#chainOf(author, place.stream)
    this.#key[0] = chain
    this.#key[1] = place.seq
    this.#key[2] = Math.floor(place.seq / 2 ** 32)
    const known = this.#places.find(this.#key, 0)
    if (known >= 0) return this.#recordAt[known]!
    const number = this.#places.add(this.#key, 0)
    if (number >= this.#recordAt.length) this.#recordAt = withRoom(this.#recordAt, number + 1)
    this.#recordAt[number] = node
    return -1
  }

  /** The record of this author that names the same one before it already, or -1. */
  #follow(node: number, author: number, previous: Previous): number {
    const heir = previous.node < 0 ? -1 : (this.#heirs[previous.node] ?? 0) - 1
    if (previous.node >= 0 && heir < 0) {
      const length = previous.node + 1
      if (length > this.#heirs.length) this.#heirs = withRoom(this.#heirs, length)
      this.#heirs[previous.node] = node + 1
    }
    if (previous.node >= 0 && this.#strays.size === 0) return heir
    writeDigest(previous.hash, this.#key, 0)
    this.#key[digestWords] = author
    const stray = this.#strays.find(this.#key, 0)
    if (stray >= 0) return this.#strayOf[stray]!
    if (previous.node < 0) this.#strayOf[this.#strays.add(this.#key, 0)] = node
    return heir
  }

  #chainOf(author: number, stream: string): number {
    const bytes = fromHex(stream)
    assert(bytes?.length === streamWords * 4, 'a stream is 32 hex digits')
    const view = new DataView(bytes.buffer)
    for (let word = 0; word < streamWords; word++) this.#key[word] = view.getUint32(word * 4)
    this.#key[streamWords] = author
    const chain = this.#chains.find(this.#key, 0)
    return chain >= 0 ? chain : this.#chains.add(this.#key, 0)
  }
}

/** Words of 32 bits of a stream. */
const streamWords = 4
/** Words of a place: the chain, and the count's low and high half. */
const placeWords = 3
