import type { BlockCode } from './block-code.ts'
import { randomWords } from './random-words.ts'

/** The most LT and permanently inactive symbols that one encoding symbol is a sum of. */
export const maxLtSources: number = 30 + 3

/** How many of 2^20 draws have at most this degree. Source: RFC 6330 section 5.3.5.2, table 1. */
// prettier-ignore
const degreeBounds: readonly number[] = [
  0, 5_243, 529_531, 704_294, 791_675, 844_104, 879_057, 904_023, 922_747, 937_311, 948_962,
  958_494, 966_438, 973_160, 978_921, 983_914, 988_283, 992_138, 995_565, 998_631, 1_001_391,
  1_003_887, 1_006_157, 1_008_229, 1_010_129, 1_011_876, 1_013_490, 1_014_983, 1_016_370,
  1_017_662, 1_048_576,
]

/** A number below `bound` drawn from `seed` in the `draw`-th way. Source: RFC 6330 section 5.3.5.1, Rand. */
export function draw(seed: number, index: number, bound: number): number {
  const words = randomWords
  const mixed =
    words[(seed + index) & 255]! ^
    words[256 + (((seed >>> 8) + index) & 255)]! ^
    words[512 + (((seed >>> 16) + index) & 255)]! ^
    words[768 + (((seed >>> 24) + index) & 255)]!
  return (mixed >>> 0) % bound
}

/**
 * Writes which intermediate symbols the encoding symbol with this internal id is a sum of, at most
 * {@link maxLtSources}, into `into` from `at` on. Gives the index after the last. No index comes twice.
 *
 * Source: RFC 6330 sections 5.3.5.3 (Enc) and 5.3.5.4 (Tuple).
 */
export function ltSources(code: BlockCode, id: number, into: Int32Array, at: number): number {
  const { w, p, p1 } = code
  const odd = (53_591 + code.j * 997) | 1
  const seed = (10_267 * (code.j + 1) + Math.imul(id, odd)) >>> 0
  const degree = Math.min(degreeOf(draw(seed, 0, 1_048_576)), w - 2)
  const step = 1 + draw(seed, 1, w - 1)
  let symbol = draw(seed, 2, w)
  const inactive = degree < 4 ? 2 + draw(id, 3, 2) : 2
  const inactiveStep = 1 + draw(id, 4, p1 - 1)
  let inactiveSymbol = draw(id, 5, p1)
  let end = at
  for (let count = 0; count < degree; count++) {
    into[end++] = symbol
    symbol = (symbol + step) % w
  }
  for (let count = 0; count < inactive; count++) {
    while (inactiveSymbol >= p) inactiveSymbol = (inactiveSymbol + inactiveStep) % p1
    into[end++] = w + inactiveSymbol
    inactiveSymbol = (inactiveSymbol + inactiveStep) % p1
  }
  return end
}

function degreeOf(drawn: number): number {
  let degree = 1
  while (drawn >= degreeBounds[degree]!) degree++
  return degree
}
