import { assert, fromHex } from '@kithnet/kernel'
import type { Bound } from './order.ts'

/** Items one after the other, each as ten words, the most significant first: two of time, eight of the id. */
export type ItemWords = Uint32Array<ArrayBuffer>

/** Words of an item. Compared from the left they give the order of items. */
export const wordsPerItem = 10
/** Words of the time, before those of the id. */
const timeWords = 2

const idBytesScratch = new Uint8Array((wordsPerItem - timeWords) * 4)
const idView = new DataView(idBytesScratch.buffer)

/** Writes an item or a bound at `at`; a prefix is filled up with zeros, which keeps its place in the order. */
export function writeWords(bound: Bound, words: ItemWords, at: number): void {
  words[at] = Math.floor(bound.time / 2 ** 32)
  words[at + 1] = bound.time
  const bytes = fromHex(bound.id)
  assert(bytes !== undefined && bytes.length <= idBytesScratch.length, 'an id is hex digits')
  idBytesScratch.fill(0)
  idBytesScratch.set(bytes)
  for (let word = timeWords; word < wordsPerItem; word++) {
    words[at + word] = idView.getUint32((word - timeWords) * 4)
  }
}

/** The words of a bound alone. */
export function wordsOf(bound: Bound): ItemWords {
  const words = new Uint32Array(wordsPerItem)
  writeWords(bound, words, 0)
  return words
}

export function timeAt(words: ItemWords, at: number): number {
  return words[at]! * 2 ** 32 + words[at + 1]!
}

/** The 32 bytes of an id. Valid until the next call. */
export function idBytesAt(words: ItemWords, at: number): Uint8Array {
  for (let word = timeWords; word < wordsPerItem; word++) {
    idView.setUint32((word - timeWords) * 4, words[at + word]!)
  }
  return idBytesScratch
}

/** Negative, zero or positive, as the item at `aAt` comes before, is, or comes after the one at `bAt`. */
export function compareWords(a: ItemWords, aAt: number, b: ItemWords, bAt: number): number {
  for (let word = 0; word < wordsPerItem; word++) {
    const difference = a[aAt + word]! - b[bAt + word]!
    if (difference !== 0) return difference
  }
  return 0
}
