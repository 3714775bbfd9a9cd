import { describe, expect, it } from 'vitest'
import { ceilLog10, log10, log2 } from '../src/logarithm.ts'

describe('logarithms without transcendental functions', () => {
  it('agree with the engine to 20 bits below, and never exceed it', () => {
    for (let x = 1; x <= 100_000; x += 37) {
      const error = Math.log2(x) - log2(x)
      expect(error).toBeGreaterThan(-1e-9)
      expect(error).toBeLessThan(2 ** -20 + 1e-9)
    }
  })

  it('are exact at powers of two', () => {
    for (let power = 0; power < 50; power++) expect(log2(2 ** power)).toBe(power)
  })

  it('give decimal logarithms within a millionth', () => {
    for (const x of [1, 2, 9, 10, 99, 100, 4096, 1e6]) {
      expect(Math.abs(log10(x) - Math.log10(x))).toBeLessThan(1e-6)
    }
  })

  it('round decimal logarithms up exactly', () => {
    const cases = [
      [1, 0],
      [2, 1],
      [10, 1],
      [11, 2],
      [100, 2],
      [101, 3],
      [1_000_000, 6],
    ] as const
    for (const [x, digits] of cases) expect(ceilLog10(x)).toBe(digits)
  })
})
