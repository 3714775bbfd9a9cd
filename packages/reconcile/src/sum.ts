import { type ItemWords, wordsPerItem } from './item-words.ts'

/** A 256-bit number as eight 32-bit words, the most significant first. Addition is modulo 2^256. */
export type Sum = Uint32Array<ArrayBuffer>

/** Words of a sum. */
const sumWords = 8
/** Where the id begins among the words of an item. */
const idAt = wordsPerItem - sumWords

/** Zero. */
export function zeroSum(): Sum {
  return new Uint32Array(sumWords)
}

/** Adds the id of the item at `at`. */
export function addId(sum: Sum, words: ItemWords, at: number): void {
  let carry = 0
  for (let word = sumWords - 1; word >= 0; word--) {
    const total = sum[word]! + words[at + idAt + word]! + carry
    sum[word] = total
    carry = total > 0xffff_ffff ? 1 : 0
  }
}

/** Subtracts the id of the item at `at`. */
export function subtractId(sum: Sum, words: ItemWords, at: number): void {
  let borrow = 0
  for (let word = sumWords - 1; word >= 0; word--) {
    const total = sum[word]! - words[at + idAt + word]! - borrow
    sum[word] = total
    borrow = total < 0 ? 1 : 0
  }
}

export function addSum(sum: Sum, other: Sum): void {
  let carry = 0
  for (let word = sumWords - 1; word >= 0; word--) {
    const total = sum[word]! + other[word]! + carry
    sum[word] = total
    carry = total > 0xffff_ffff ? 1 : 0
  }
}

export function subtractSum(sum: Sum, other: Sum): void {
  let borrow = 0
  for (let word = sumWords - 1; word >= 0; word--) {
    const total = sum[word]! - other[word]! - borrow
    sum[word] = total
    borrow = total < 0 ? 1 : 0
  }
}

/** The 32 big-endian bytes of a sum. */
export function sumToBytes(sum: Sum): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sumWords * 4)
  const view = new DataView(bytes.buffer)
  for (let word = 0; word < sumWords; word++) view.setUint32(word * 4, sum[word]!)
  return bytes
}
