/**
 * The field of 256 elements in which the dense rows of the code are written: addition is XOR, `alpha` is 2.
 *
 * Source: RFC 6330 section 5.7; the polynomial is x^8 + x^4 + x^3 + x^2 + 1.
 */
const polynomial = 0x11d

const exponents = new Uint8Array(510)
const logarithms = new Uint8Array(256)
for (let exponent = 0, octet = 1; exponent < 255; exponent++) {
  exponents[exponent] = octet
  exponents[exponent + 255] = octet
  logarithms[octet] = exponent
  octet <<= 1
  if (octet > 255) octet ^= polynomial
}

/** alpha to a power from 0 to 254. */
export function power(exponent: number): number {
  return exponents[exponent]!
}

/** The product of two octets. */
export function product(a: number, b: number): number {
  if (a === 0 || b === 0) return 0
  return exponents[logarithms[a]! + logarithms[b]!]!
}

/** The octet with which `a`, which is not zero, makes one. */
export function inverse(a: number): number {
  return exponents[255 - logarithms[a]!]!
}

/** Four octets of a word, each multiplied by alpha. */
export function fourTimesAlpha(word: number): number {
  return ((word & 0x7f7f7f7f) << 1) ^ (((word >>> 7) & 0x01010101) * (polynomial & 0xff))
}

/** For each octet c, the products of c with 0 to 15 and with 16 times 0 to 15: 32 bytes an octet. */
export function nibbleProducts(): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(256 * 32)
  for (let octet = 0; octet < 256; octet++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      table[octet * 32 + nibble] = product(octet, nibble)
      table[octet * 32 + 16 + nibble] = product(octet, nibble << 4)
    }
  }
  return table
}
