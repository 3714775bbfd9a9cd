import { defaultPolicy, survival } from '@kithnet/fountain'
import { seededRng } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import {
  availabilityWithLeaving,
  controlledGaps,
  lookAt,
  standardError,
} from '../sim/retention-curve.ts'

const { sourceSymbols, repairSymbols, targetHolders } = defaultPolicy
const shares = sourceSymbols + repairSymbols
/** How often each share is held when holders are handed one each in turn. */
const copies = Array.from({ length: shares }, (_, share) =>
  share < targetHolders - shares ? 2 : 1,
)

describe('the exact probability of a look', () => {
  it('is the survival of the policy when it is held as the policy says', () => {
    for (const q of [0.7, 0.8, 0.9, 0.95]) {
      const { expected } = lookAt(true, shares, copies, sourceSymbols, q)
      expect(expected).toBeCloseTo(survival(defaultPolicy, q), 12)
    }
  })

  it('is less by what a missing holder gave', () => {
    const fewer = copies.slice(0, -1)
    const { expected } = lookAt(true, shares, fewer, sourceSymbols, 0.8)
    expect(expected).toBeLessThan(survival(defaultPolicy, 0.8) - 0.02)
  })
})

describe('looks at holders that are there by chance', () => {
  const q = 0.8
  const rng = seededRng('looks')
  const runs = Array.from({ length: 20 }, () =>
    Array.from({ length: 500 }, () => {
      const isThere = (count: number): boolean =>
        Array.from({ length: count }, () => rng.unit() < q).includes(true)
      const present = copies.filter(isThere).length
      return lookAt(present >= sourceSymbols, present, copies, sourceSymbols, q)
    }),
  )
  const raw = runs.map(
    (run) => run.reduce((sum, look) => sum + look.survives - look.expected, 0) / run.length,
  )
  const controlled = controlledGaps(runs)
  const mean = controlled.reduce((sum, gap) => sum + gap, 0) / controlled.length

  it('differ from what is expected by no more than their error', () => {
    expect(Math.abs(mean)).toBeLessThan(3 * standardError(controlled))
  })

  it('scatter less by half with the control variates', () => {
    expect(standardError(controlled)).toBeLessThan(standardError(raw) / 1.5)
  })

  it('show a loss that is not expected', () => {
    const lossy = runs.map((run) =>
      run.map((look, at) => (at % 50 === 0 ? { ...look, survives: 0 } : look)),
    )
    const gaps = controlledGaps(lossy)
    const loss = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    expect(loss).toBeLessThan(mean - 0.01)
  })
})

it('leaving for good costs the share of time that a place is vacant', () => {
  expect(availabilityWithLeaving(0.9, { rate: 1 / 1_000, mendMs: 0 })).toBe(0.9)
  expect(availabilityWithLeaving(0.9, { rate: 1 / 1_000, mendMs: 1_000 })).toBe(0.45)
})
