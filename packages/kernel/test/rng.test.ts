import { pick, sample, seededRng, shuffled } from '@kithnet/kernel'
import { expect, test } from 'vitest'

test('same seed, same numbers; another seed, others', () => {
  const numbers = (seed: number | string): number[] => {
    const rng = seededRng(seed)
    return [rng.u32(), rng.below(1000), ...rng.bytes(3), ...shuffled(rng, [1, 2, 3, 4])]
  }
  expect(numbers('a')).toEqual(numbers('a'))
  expect(numbers('a')).not.toEqual(numbers('b'))
  expect(numbers(1)).toMatchInlineSnapshot(`
    [
      393288148,
      13,
      179,
      154,
      96,
      4,
      2,
      1,
      3,
    ]
  `)
})

test('forks depend on the label and not on what was drawn before', () => {
  const early = seededRng(5).fork('x').u32()
  const rng = seededRng(5)
  rng.u32()
  expect(rng.fork('x').u32()).toBe(early)
  expect(rng.fork('y').u32()).not.toBe(early)
})

test('below is uniform: 6,000 draws of 6 are within five deviations', () => {
  const rng = seededRng(9)
  const counts = [0, 0, 0, 0, 0, 0]
  for (let index = 0; index < 6000; index++) counts[rng.below(6)]!++
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(833))
})

test('sample takes distinct elements, at most as many as there are', () => {
  const rng = seededRng(3)
  const items = [1, 2, 3, 4, 5]
  expect(new Set(sample(rng, items, 3)).size).toBe(3)
  expect(sample(rng, items, 9).toSorted()).toEqual(items)
  expect(items).toEqual([1, 2, 3, 4, 5])
  expect(pick(rng, [])).toBeUndefined()
})
