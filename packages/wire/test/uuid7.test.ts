import { epochMs, type Rng, seededRng } from '@kithnet/kernel'
import { uuid7Source } from '@kithnet/wire'
import { expect, it } from 'vitest'

const pattern = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

it('grows, within a millisecond and when the clock goes back', () => {
  const source = uuid7Source(seededRng('uuid7'))
  const times = [1000, 1000, 1000, 999, 2, 1001, 1001, 1_739_712_345_123, 5]
  const ids = times.flatMap((ms) => Array.from({ length: 50 }, () => source.next(epochMs(ms))))
  for (const id of ids) expect(id).toMatch(pattern)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
})

it('tells the millisecond', () => {
  const id = uuid7Source(seededRng('time')).next(epochMs(1_739_712_345_123))
  expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(1_739_712_345_123)
})

it('seeds its counter with the top bit unset', () => {
  const all: Rng = { ...seededRng('all'), u32: () => 0xffff_ffff }
  expect(uuid7Source(all).next(epochMs(0))).toBe('00000000-0000-77ff-bfff-ffffffffffff')
})
