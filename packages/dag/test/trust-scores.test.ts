import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  accumulatedTrust,
  crossZoneTrust,
  simpleTrust,
  trustLevel,
  weightedTrust,
} from '../src/witnesses/trust-scores.ts'

const day = 86_400

test('simple trust and its words', () => {
  expect([0, 1, 3, 9].map(simpleTrust)).toEqual([0, 0.5, 0.75, 0.9])
  expect([0, 0.1, 0.5, 0.75, 0.9].map(trustLevel)).toEqual([
    'unwitnessed',
    'minimal',
    'moderate',
    'strong',
    'very-strong',
  ])
})

test('weighted trust fades with age and rises with different keys', () => {
  expect(weightedTrust([], 0)).toBe(0)
  expect(weightedTrust([{ witness: 'aa', timestamp: 5 }], 5)).toBe(0.5)
  const old = Math.exp(-0.3)
  expect(weightedTrust([{ witness: 'aa', timestamp: 0 }], 10 * day)).toBeCloseTo(old / (1 + old))
  const two = (other: string): number =>
    weightedTrust(
      [
        { witness: '0123456789', timestamp: 0 },
        { witness: other, timestamp: 0 },
      ],
      0,
    )
  expect(two('01234567ff')).toBeCloseTo(2 / 3)
  expect(two('f123456789')).toBeCloseTo((2 / 3) * 1.1)
  const many = Array.from({ length: 5_000 }, (_, at) => ({
    witness: at.toString(16).padStart(8, '0'),
    timestamp: 0,
  }))
  expect(weightedTrust(many, 0)).toBe(0.999)
})

test('witnesses who share much add up to little', () => {
  expect(accumulatedTrust([])).toBe(0)
  expect(accumulatedTrust([{ weight: 0.5 }, { weight: 0.5 }])).toBe(0.75)
  const near = { weight: 0.5, organisation: 'o', subnet: 's', zone: 'z' }
  expect(accumulatedTrust([near, { ...near }])).toBeCloseTo(1 - (1 - 0.5 / 1.9) ** 2)
  const crowd = Array.from({ length: 100 }, () => ({ ...near }))
  expect(accumulatedTrust(crowd)).toBeLessThan(0.6)
  const weight = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.array(fc.record({ weight }), { maxLength: 20 }), (witnesses) => {
      const trust = accumulatedTrust(witnesses)
      expect(trust).toBeGreaterThanOrEqual(0)
      expect(trust).toBeLessThanOrEqual(1)
    }),
  )
})

test('zones count by the logarithm of their size', () => {
  expect(crossZoneTrust([])).toBe(0)
  expect(crossZoneTrust([{ trust: 0.4, size: 0 }])).toBe(0)
  expect(crossZoneTrust([{ trust: 0.4, size: 7 }])).toBeCloseTo(0.4)
  const mixed = crossZoneTrust([
    { trust: 1, size: 1 },
    { trust: 0, size: 3 },
  ])
  expect(mixed).toBeCloseTo(1 / 3)
})
