import {
  checkPolicy,
  defaultPolicy,
  dropPriority,
  type FountainPolicy,
  policyFor,
  survival,
  symbolsKept,
  symbolsToDrop,
  tierForFreeSpace,
} from '@kithnet/fountain'
import { seededRng } from '@kithnet/kernel'
import { expect, test } from 'vitest'

const tiers = ['full', 'source', 'reduced', 'viable', 'description'] as const

test('the default policy keeps the rules, and each rule refuses', () => {
  expect(checkPolicy(defaultPolicy)).toEqual({ ok: true, value: defaultPolicy })
  const wrong: Partial<FountainPolicy>[] = [
    { repairSymbols: 3 },
    { repairSymbols: 9 },
    { minViableSymbols: 0 },
    { minViableSymbols: 20 },
    { targetHolders: 28 },
    { sourceSymbols: 24, repairSymbols: 7 },
    { sourceSymbols: 19.5 },
    { targetHolders: 1_025 },
    { sourceSymbols: 1_001, repairSymbols: 300, targetHolders: 1_024 },
  ]
  for (const change of wrong) {
    expect(checkPolicy({ ...defaultPolicy, ...change }), JSON.stringify(change)).toMatchObject({
      ok: false,
      fault: { code: 'fountain/policy' },
    })
  }
})

test('survival is the published one', () => {
  const published = { 0.95: 0.999926, 0.9: 0.995039, 0.85: 0.957288, 0.8: 0.845021 }
  for (const [availability, expected] of Object.entries(published)) {
    expect(survival(defaultPolicy, Number(availability))).toBeCloseTo(expected, 6)
  }
  const seven = { ...defaultPolicy, repairSymbols: 7 }
  const five = { ...defaultPolicy, repairSymbols: 5 }
  expect(survival(five, 0.9)).toBeCloseTo(0.9871, 4)
  expect(survival(seven, 0.9)).toBeCloseTo(0.9981, 4)
  expect([survival(defaultPolicy, 0), survival(defaultPolicy, 1)]).toEqual([0, 1])
  for (let holders = 30; holders < 200; holders++) {
    const more = { ...defaultPolicy, targetHolders: holders + 1 }
    const fewer = { ...defaultPolicy, targetHolders: holders }
    expect(survival(more, 0.7)).toBeGreaterThan(survival(fewer, 0.7) - 1e-12)
  }
})

test('survival is what a simulation finds', () => {
  const rng = seededRng('survival')
  for (const [policy, availability] of [
    [defaultPolicy, 0.85],
    [{ ...defaultPolicy, repairSymbols: 8, targetHolders: 61 }, 0.7],
  ] as const) {
    const symbols = policy.sourceSymbols + policy.repairSymbols
    let survived = 0
    const runs = 20_000
    for (let run = 0; run < runs; run++) {
      const there = new Set<number>()
      for (let holder = 0; holder < policy.targetHolders; holder++) {
        if (rng.below(1_000) < 1_000 * availability) there.add(holder % symbols)
      }
      if (there.size >= policy.sourceSymbols) survived++
    }
    expect(Math.abs(survived / runs - survival(policy, availability))).toBeLessThan(0.01)
  }
})

test('a policy is chosen that survives, with no more holders than needed', () => {
  for (const availability of [0.99, 0.95, 0.9, 0.8, 0.6]) {
    for (const churn of [0, 0.05, 0.2]) {
      const chosen = policyFor({ availability, churn })
      if (!chosen.ok) return expect.fail(`${availability} ${churn}`)
      const there = availability * (1 - churn)
      expect(checkPolicy(chosen.value).ok).toBe(true)
      expect(survival(chosen.value, there)).toBeGreaterThanOrEqual(0.999)
      for (let repairSymbols = 4; repairSymbols <= 8; repairSymbols++) {
        const targetHolders = chosen.value.targetHolders - 1
        const fewer = { ...chosen.value, repairSymbols, targetHolders }
        if (checkPolicy(fewer).ok) expect(survival(fewer, there)).toBeLessThan(0.999)
      }
    }
  }
  expect(policyFor({ availability: 0.9, churn: 0, sourceSymbols: 100 })).toMatchObject({
    ok: true,
    value: { sourceSymbols: 100 },
  })
  for (const [availability, churn] of [
    [0.01, 0],
    [0, 0],
    [1.2, 0],
    [0.9, 1],
    [Number.NaN, 0],
  ] as const) {
    expect(policyFor({ availability, churn })).toEqual({
      ok: false,
      fault: { code: 'fountain/no-policy' },
    })
  }
})

test('priorities and tiers are those of the ancestor', () => {
  expect(dropPriority(0, 0, 8)).toBe(0)
  expect(dropPriority(0, 7, 8)).toBe(28)
  expect(dropPriority(0, 8, 8)).toBe(32)
  expect(dropPriority(0, 11, 8)).toBe(56)
  expect(dropPriority(3, 7, 8)).toBe(0xdc)
  expect(dropPriority(9, 7, 8)).toBe(0xdc)
  const small = { sourceSymbols: 10, repairSymbols: 4, minViableSymbols: 3, targetHolders: 30 }
  expect(tiers.map((tier) => symbolsKept(small, tier))).toEqual([14, 10, 7, 3, 0])
  const tight = { ...small, minViableSymbols: 10 }
  expect(symbolsKept(tight, 'reduced')).toBe(10)
})

test('what is dropped first is repair, then the last of the source', () => {
  const held = [0, 3, 9, 12, 11, 5]
  const small = { sourceSymbols: 10, repairSymbols: 4, minViableSymbols: 2, targetHolders: 30 }
  expect(symbolsToDrop(held, small, 'full')).toEqual([])
  expect(symbolsToDrop(held, small, 'viable')).toEqual([12, 11, 9, 5])
  expect(symbolsToDrop(held, small, 'description')).toEqual([12, 11, 9, 5, 3, 0])
  const gibibyte = 2 ** 30
  expect([gibibyte, gibibyte - 1, 524_288_000, 209_715_200, 0].map(tierForFreeSpace)).toEqual([
    'full',
    'source',
    'source',
    'reduced',
    'viable',
  ])
})
