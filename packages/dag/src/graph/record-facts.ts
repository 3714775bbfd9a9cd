import { assert, type Bytes, type EpochMs, epochMs } from '@kithnet/kernel'
import { type Column, withExactRoom, withRoom } from './columns.ts'
import { type KeyHash, KeyTable, type Words } from './key-table.ts'
import { Postings } from './postings.ts'
import { TimeOrder } from './time-order.ts'

/** What a record says of itself in numbers, and when it was first seen. */
export interface Said {
  readonly classification: number
  readonly timestamp: number
  readonly firstSeen: number
}

/** What is known of a content that more than one record has. */
export interface Shared {
  readonly count: number
  /** Whether all have one creator. */
  readonly isByOne: boolean
}

/** What a graph knows of each record beside its id and its edges, by number, and who shares what with whom. */
export class RecordFacts {
  /** By number, as all columns. Both are listed up to a number only, and catch up when something is looked for. */
  readonly #hashes: KeyTable
  #hashesListed = 0
  readonly #contents: KeyTable
  #contentsListed = 0
  readonly #creators: KeyTable
  readonly creatorPostings: Postings = new Postings()
  readonly classPostings: Postings = new Postings()
  readonly #timeOrder = new TimeOrder()
  #creatorOf = new Int32Array(0)
  #classOf = new Uint8Array(0)
  #times = new Float64Array(0)
  #firstSeen = new Float64Array(0)
  /** Per record, the newest time that any of its ancestors claims; -Infinity for a root. */
  #notBefore = new Float64Array(0)
  /**
   * Per record, another one with the same content, + 1: the first one's is the newest, then downwards; or 0. Empty until
   * two share a content.
   */
  #sameContent = new Int32Array(0)
  /** Contents that more than one record has, by the first. */
  readonly #shared = new Map<number, Shared>()
  readonly #key: Words = new Uint32Array(digestWords)

  constructor(hash: KeyHash) {
    this.#hashes = new KeyTable(digestWords, hash)
    this.#contents = new KeyTable(digestWords, hash)
    this.#creators = new KeyTable(digestWords, hash)
  }

  /** Makes room for so many records in all. */
  reserve(size: number): void {
    this.#hashes.reserve(size)
    this.#contents.reserve(size)
    this.creatorPostings.reserve(size)
    this.classPostings.reserve(size)
    this.#resize(size, withExactRoom)
  }

  /**
   * Takes in the facts of the next record. At `at` of `words` stand its hash, its content's and its creator's; the first
   * `count` of `parents` are its parents.
   */
  add(words: Words, at: number, said: Said, parents: Int32Array, count: number): void {
    const node = this.#hashes.addUnlisted(words, at)
    this.#contents.addUnlisted(words, at + digestWords)
    if (node === this.#classOf.length) this.#resize(node + 1, withRoom)
    this.#addCreator(node, words, at + 2 * digestWords)
    this.#classOf[node] = said.classification
    this.classPostings.add(said.classification, node)
    this.#addTimes(node, said, parents, count)
  }

  get size(): number {
    return this.#hashes.size
  }

  time(node: number): number {
    return this.#times[node]!
  }

  times(): Float64Array {
    return this.#times
  }

  firstSeen(node: number): EpochMs {
    return epochMs(this.#firstSeen[node]!)
  }

  notBefore(node: number): number {
    return this.#notBefore[node]!
  }

  classOf(node: number): number {
    return this.#classOf[node]!
  }

  creatorOf(node: number): number {
    return this.#creatorOf[node]!
  }

  hash(node: number): Bytes {
    return digestAt(this.#hashes.keys, node)
  }

  content(node: number): Bytes {
    return digestAt(this.#contents.keys, node)
  }

  creator(node: number): Bytes {
    return digestAt(this.#creators.keys, this.creatorOf(node))
  }

  /** Whether the record's hash is the one that stands at `at`. */
  hasHash(node: number, words: Words, at: number): boolean {
    return this.#hashes.holds(node, words, at)
  }

  /** The record of this hash, or -1. */
  withHash(hash: Uint8Array): number {
    if (this.#hashesListed < this.size) this.#hashes.reserveListed(this.size)
    while (this.#hashesListed < this.size) this.#hashes.list(this.#hashesListed++)
    return this.#find(this.#hashes, hash)
  }

  /** The number of this creator, or -1. */
  withCreator(keyHash: Uint8Array): number {
    return this.#find(this.#creators, keyHash)
  }

  /** The records of this content, in the order in which they came. */
  withContent(content: Uint8Array): number[] {
    const first = this.firstWithContent(content)
    return first < 0 ? [] : this.sharers(first, Infinity)
  }

  /** The first record of this content, or -1. */
  firstWithContent(content: Uint8Array): number {
    this.#listContents()
    return this.#find(this.#contents, content)
  }

  /** Of the content of a record that is the first of it; `undefined` when it is alone. */
  sharedOf(first: number): Shared | undefined {
    return this.#shared.get(first)
  }

  /** By first record. */
  shared(): Iterable<[number, Shared]> {
    this.#listContents()
    return this.#shared
  }

  /** The records that have the content of `first`, in the order in which they came: it and the newest, `most` in all. */
  sharers(first: number, most: number): number[] {
    const sharers: number[] = []
    let next = this.#sameContent[first] ?? 0
    for (; next !== 0 && sharers.length < most - 1; next = this.#sameContent[next - 1]!) {
      sharers.push(next - 1)
    }
    sharers.push(first)
    return sharers.toReversed()
  }

  /** The numbers of records with times in [since, until]. */
  between(
    since: number | undefined,
    until: number | undefined,
    newestFirst: boolean,
  ): Generator<number, undefined> {
    this.#timeOrder.catchUp(this.#times, this.#hashes.size)
    return this.#timeOrder.between(this.#times, since, until, newestFirst)
  }

  #find(table: KeyTable, digest: Uint8Array): number {
    if (digest.length !== digestWords * 4) return -1
    writeDigest(digest, this.#key, 0)
    return table.find(this.#key, 0)
  }

  /** All columns have the same room. */
  #resize(length: number, resized: <C extends Column>(column: C, length: number) => C): void {
    this.#creatorOf = resized(this.#creatorOf, length)
    this.#classOf = resized(this.#classOf, length)
    this.#times = resized(this.#times, length)
    this.#firstSeen = resized(this.#firstSeen, length)
    this.#notBefore = resized(this.#notBefore, length)
  }

  #listContents(): void {
    const contents = this.#contents
    if (this.#contentsListed < this.size) contents.reserveListed(this.size)
    for (; this.#contentsListed < this.size; this.#contentsListed++) {
      const node = this.#contentsListed
      const hash = contents.hashOf(contents.keys, node * digestWords)
      const first = contents.find(contents.keys, node * digestWords, hash)
      if (first < 0) {
        contents.list(node, hash)
        continue
      }
      if (node >= this.#sameContent.length) {
        this.#sameContent = withRoom(this.#sameContent, this.size)
      }
      const known = this.#shared.get(first)
      const isByOne = this.#creatorOf[node] === this.#creatorOf[first]
      this.#shared.set(first, {
        count: (known?.count ?? 1) + 1,
        isByOne: isByOne && (known?.isByOne ?? true),
      })
      this.#sameContent[node] = this.#sameContent[first]!
      this.#sameContent[first] = node + 1
    }
  }

  #addCreator(node: number, words: Words, at: number): void {
    const hash = this.#creators.hashOf(words, at)
    let creator = this.#creators.find(words, at, hash)
    if (creator < 0) creator = this.#creators.add(words, at, hash)
    this.#creatorOf[node] = creator
    this.creatorPostings.add(creator, node)
  }

  #addTimes(node: number, said: Said, parents: Int32Array, count: number): void {
    this.#times[node] = said.timestamp
    this.#firstSeen[node] = said.firstSeen
    let notBefore = -Infinity
    for (let at = 0; at < count; at++) {
      const parent = parents[at]!
      if (this.#times[parent]! > notBefore) notBefore = this.#times[parent]!
      if (this.#notBefore[parent]! > notBefore) notBefore = this.#notBefore[parent]!
    }
    this.#notBefore[node] = notBefore
  }
}

/** Words of 32 bits of a hash. */
export const digestWords = 8

/** Writes the eight words of a hash at `at`, the first byte lowest. */
export function writeDigest(digest: Uint8Array, words: Words, at: number): void {
  assert(digest.length === digestWords * 4, 'a hash has 32 bytes')
  for (let word = 0, byte = 0; word < digestWords; word++, byte += 4) {
    words[at + word] =
      digest[byte]! |
      (digest[byte + 1]! << 8) |
      (digest[byte + 2]! << 16) |
      (digest[byte + 3]! << 24)
  }
}

/** A fresh array. */
function digestAt(words: Words, number: number): Bytes {
  const digest = new Uint8Array(digestWords * 4)
  for (let at = 0; at < digest.length; at++) {
    digest[at] = words[number * digestWords + (at >> 2)]! >>> ((at & 3) * 8)
  }
  return digest
}
