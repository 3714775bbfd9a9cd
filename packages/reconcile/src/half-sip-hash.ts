/** Where a hash is written: two words at a position. */
export type HashWords = Uint32Array<ArrayBuffer>

/**
 * HalfSipHash-2-4 with 64 bits of output, of the little-endian bytes of words [from, to), written to `out` at `at`.
 *
 * Written for 32-bit arithmetic, it hashes an item in some 0.1 us here, where SipHash-2-4 takes 0.6 and noble's
 * keyed BLAKE3 5. Its 64 bits of key are enough for a key that is drawn for one session and that no author of items
 * ever learns.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, and the variant with words of 32 bits in
 * the authors' reference implementation (github.com/veorq/SipHash).
 */
export function halfSipHash(
  keyLow: number,
  keyHigh: number,
  words: HashWords,
  from: number,
  to: number,
  out: HashWords,
  at: number,
): void {
  let v0 = keyLow | 0
  let v1 = keyHigh ^ 0xee
  let v2 = 0x6c796765 ^ keyLow
  let v3 = 0x74656462 ^ keyHigh
  const lengthBlock = ((to - from) * 4) << 24
  for (let index = from; index <= to + 4; index++) {
    // The rounds after each block: two after a word and after the length, two pairs of two for each half of the output.
    const block = index < to ? words[index]! | 0 : index === to ? lengthBlock : 0
    if (index === to + 1) v2 ^= 0xee
    if (index === to + 3) {
      out[at] = v1 ^ v3
      v1 ^= 0xdd
    }
    v3 ^= block
    for (let round = 0; round < 2; round++) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    v0 ^= block
  }
  out[at + 1] = v1 ^ v3
}
