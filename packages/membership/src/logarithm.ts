/** Fractional bits that `log2` computes. Source: our choice; an error below 2^-20 of a timeout is nothing. */
const fractionBits = 20

/** log10(2). Source: OEIS A007524. */
const log10Of2 = 0.3010299956639812

/**
 * The binary logarithm of x >= 1, rounded down to 20 fractional bits. It uses only multiplication and
 * division, which every engine rounds alike, so simulations agree to the bit wherever they run.
 *
 * Source: the bit-by-bit squaring method, Knuth, The Art of Computer Programming, vol. 1, 1.2.2, exercise 25.
 */
export function log2(x: number): number {
  let whole = 0
  let rest = x
  while (rest >= 2) {
    rest /= 2
    whole++
  }
  let fraction = 0
  for (let bit = 0; bit < fractionBits; bit++) {
    rest *= rest
    fraction *= 2
    if (rest >= 2) {
      rest /= 2
      fraction++
    }
  }
  return whole + fraction / 2 ** fractionBits
}

/** The decimal logarithm of x >= 1, from `log2`. */
export function log10(x: number): number {
  return log2(x) * log10Of2
}

/** ⌈log10 x⌉ of an integer x >= 1, exactly. */
export function ceilLog10(x: number): number {
  let digits = 0
  for (let power = 1; power < x; power *= 10) digits++
  return digits
}
