import { assert } from '@kithnet/kernel'
import { systematicRows } from './systematic-rows.ts'

/** The most source symbols of a block. Source: RFC 6330 section 5.1.2, K'_max. */
export const maxBlockSymbols = 56_403

/**
 * The sizes of everything in the code of one block. Letters are those of RFC 6330 section 5.3.3.3: of `l`
 * intermediate symbols the first `w` are LT symbols (`b` of them free, `s` LDPC), the other `p` permanently
 * inactive ones (`u` of them free, `h` HDPC).
 */
export interface BlockCode {
  /** Source symbols, without padding. */
  readonly sourceSymbols: number
  /** K': source symbols with padding. */
  readonly padded: number
  readonly j: number
  readonly s: number
  readonly h: number
  readonly w: number
  readonly l: number
  readonly p: number
  /** The least prime that is not below `p`. */
  readonly p1: number
  readonly u: number
  readonly b: number
}

/** The code of a block of `sourceSymbols`, 1 to {@link maxBlockSymbols}: that of the least K' not below it. */
export function blockCode(sourceSymbols: number): BlockCode {
  assert(
    Number.isInteger(sourceSymbols) && sourceSymbols >= 1 && sourceSymbols <= maxBlockSymbols,
    'a block has from 1 to 56,403 source symbols',
  )
  const [padded, j, s, h, w] = systematicRows[rowFor(sourceSymbols)]!
  const l = padded + s + h
  const p = l - w
  return { sourceSymbols, padded, j, s, h, w, l, p, p1: primeFrom(p), u: p - h, b: w - s }
}

/** The largest K' that is not above `limit`, or the limit, but one at least, where even the least K' is. */
export function paddedUpTo(limit: number): number {
  if (limit < systematicRows[0]![0]) return Math.max(1, limit)
  const row = rowFor(limit)
  const padded = systematicRows[row]![0]
  return padded <= limit ? padded : systematicRows[row - 1]![0]
}

/** The index of the first row with at least as many symbols. */
function rowFor(symbols: number): number {
  let low = 0
  let high = systematicRows.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (systematicRows[middle]![0] < symbols) low = middle + 1
    else high = middle
  }
  return low
}

function primeFrom(least: number): number {
  let candidate = least
  while (!isPrime(candidate)) candidate++
  return candidate
}

function isPrime(value: number): boolean {
  if (value < 2) return false
  for (let divisor = 2; divisor * divisor <= value; divisor++) {
    if (value % divisor === 0) return false
  }
  return true
}
