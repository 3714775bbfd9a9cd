import { expect, test } from 'vitest'
import { atLeast, atMost, between, exactly, judge, seedsOf, table } from '../../../tools/report.ts'

const base = { id: 'T1', seeds: 2 }

test('every MATCH must hold, and BEAT is beside it', () => {
  const threshold = {
    hops: { match: between(6, 7), beat: atMost(5) },
    missed: { match: exactly(0), beat: null },
  }
  const good = judge({ ...base, figures: { hops: 6.4, missed: 0 }, threshold })
  expect(good).toMatchObject({ id: 'T1', ok: true, beat: false, seeds: 2 })
  expect(judge({ ...base, figures: { hops: 6.4, missed: 1 }, threshold }).ok).toBe(false)
})

test('where there is no MATCH, BEAT decides', () => {
  const threshold = { rate: { match: null, beat: atLeast(10) } }
  expect(judge({ ...base, figures: { rate: 10 }, threshold })).toMatchObject({
    ok: true,
    beat: true,
  })
  expect(judge({ ...base, figures: { rate: 9 }, threshold })).toMatchObject({
    ok: false,
    beat: false,
  })
})

test('a figure that is missing, not a number or text fails its threshold', () => {
  const threshold = { rate: { match: atLeast(0), beat: null } }
  for (const figures of [{}, { rate: Number.NaN }, { rate: 'fast' }]) {
    expect(judge({ ...base, figures, threshold }).ok).toBe(false)
  }
})

test('a report that could not fail is refused', () => {
  const threshold = { rate: { match: null, beat: null } }
  expect(() => judge({ ...base, figures: { rate: 1 }, threshold })).toThrow('no threshold')
})

test('a seed to replay stands alone', () => {
  const options = { seeds: 3, quick: false, progress: () => {} }
  expect(seedsOf(options)).toEqual([1, 2, 3])
  expect(seedsOf({ ...options, seed: 7 })).toEqual([7])
})

test('the table shows each figure beside its thresholds', () => {
  const threshold = { hops: { match: between(6, 7), beat: atMost(5) } }
  const report = judge({ ...base, figures: { hops: 6.4, trace: 'ab' }, threshold })
  expect(table(report, 'a test')).toBe(
    [
      'T1: a test',
      '  figure  measured  MATCH       BEAT',
      '  hops    6.4       yes 6 .. 7  NO  <= 5',
      '  trace   ab        -           -',
      'T1: ok (2 runs)',
      '',
    ].join('\n'),
  )
})
