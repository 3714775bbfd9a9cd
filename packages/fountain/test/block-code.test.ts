import { expect, test } from 'vitest'
import { blockCode, maxBlockSymbols, paddedUpTo } from '../src/block-code.ts'
import { randomWords } from '../src/random-words.ts'
import { systematicRows } from '../src/systematic-rows.ts'

const isPrime = (value: number): boolean => {
  for (let divisor = 2; divisor * divisor <= value; divisor++) {
    if (value % divisor === 0) return false
  }
  return value > 1
}

test('the table has the 477 rows of the RFC, and those that other documents quote', () => {
  expect(systematicRows.length).toBe(477)
  expect(systematicRows[0]).toEqual([10, 254, 7, 10, 17])
  expect(systematicRows).toContainEqual([1_002, 299, 59, 10, 1_021])
  expect(systematicRows).toContainEqual([10_017, 396, 241, 11, 10_111])
  expect(systematicRows.at(-1)?.[0]).toBe(maxBlockSymbols)
})

test('every row keeps what RFC 6330 section 5.3.3.3 says of its numbers', () => {
  let before = 0
  let least = { s: 0, h: 0, w: 0 }
  for (const [k, j, s, h, w] of systematicRows) {
    const code = blockCode(k)
    expect(k, 'sizes rise').toBeGreaterThan(before)
    expect(j, `J of ${k}`).toBeLessThanOrEqual(1_000)
    expect(isPrime(s) && isPrime(w), `S and W of ${k} are prime`).toBe(true)
    expect(code.l).toBe(k + s + h)
    expect(code.p, `P of ${k} is not below H`).toBeGreaterThanOrEqual(h)
    expect(code.b, `B of ${k}`).toBeGreaterThan(0)
    expect(isPrime(code.p1) && code.p1 >= code.p, `P1 of ${k}`).toBe(true)
    expect(s >= least.s && h >= least.h && w >= least.w, `S, H and W at ${k} do not fall`).toBe(
      true,
    )
    least = { s, h, w }
    before = k
  }
})

test('a block takes the least row that is large enough', () => {
  expect(blockCode(1).padded).toBe(10)
  expect(blockCode(10).padded).toBe(10)
  expect(blockCode(11).padded).toBe(12)
  expect(blockCode(1_000)).toMatchObject({ sourceSymbols: 1_000, padded: 1_002, l: 1_071, p1: 53 })
  expect(blockCode(56_403).padded).toBe(56_403)
  expect(() => blockCode(0)).toThrow('1 to 56,403')
  expect(() => blockCode(56_404)).toThrow('1 to 56,403')
  expect(paddedUpTo(3)).toBe(3)
  expect(paddedUpTo(0)).toBe(1)
  expect(paddedUpTo(1_000)).toBe(989)
  expect(paddedUpTo(1_002)).toBe(1_002)
})

test('the random words are 1,024 different ones', () => {
  expect(new Set(randomWords).size).toBe(1_024)
  // Known from RFC 5053, which has the same first two tables.
  expect([randomWords[0], randomWords[35], randomWords[255]]).toEqual([
    251_291_136, 3_535_520_147, 1_358_307_511,
  ])
  expect([randomWords[256], randomWords[511]]).toEqual([807_385_413, 4_135_048_896])
})
