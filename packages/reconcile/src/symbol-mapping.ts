/** Multiplier of the generator, low and high word. Source: github.com/yangl1996/riblt, 0xda942042e4dd58b5. */
const multiplierLow = 0xe4dd58b5
const multiplierHigh = 0xda942042

/**
 * The index of the next coded symbol to which an item contributes, after the one at `index`. Every item contributes
 * to symbol 0, and to the one at index i with probability 1 / (1 + i / 2). The generator's state, 64 bits in the words
 * `at` (low) and `at + 1`, begins as the hash of the item and is moved on.
 *
 * Source: Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024, in the order of operations of
 * the authors' implementation, so that both give the same indexes: products modulo 2^64, square roots of doubles.
 */
export function nextIndex(states: Uint32Array<ArrayBuffer>, at: number, index: number): number {
  const low = states[at]!
  const crossed = Math.imul(states[at + 1]!, multiplierLow) + Math.imul(low, multiplierHigh)
  states[at] = Math.imul(low, multiplierLow)
  states[at + 1] = highProduct(low, multiplierLow) + crossed
  const draw = states[at + 1]! * 2 ** 32 + states[at]
  return index + Math.ceil((index + 1.5) * (2 ** 32 / Math.sqrt(draw + 1) - 1))
}

/** The upper 32 bits of a product of two 32-bit words. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const other = aLow * bHigh + (middle & 0xffff)
  return aHigh * bHigh + (middle >>> 16) + (other >>> 16)
}
