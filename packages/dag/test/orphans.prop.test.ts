import { type Rng, seededRng } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Orphan, type OrphanBounds, Orphans } from '../src/intake/orphans.ts'

const bounds: OrphanBounds = {
  maxRecords: 12,
  maxBytes: 40_000,
  maxRecordsPerAuthor: 5,
  maxBytesPerAuthor: 15_000,
}

function orphan(key: string, missing: readonly string[], more: Partial<Orphan<string>> = {}) {
  return { key, id: key, author: 'a', bytes: 100, missing, value: key, ...more }
}

function randomOrphan(rng: Rng): Orphan<string> {
  const id = `${rng.below(30)}`
  const missing = Array.from({ length: 1 + rng.below(3) }, () => `${rng.below(30)}`)
  return orphan(`${id}/${rng.below(2)}`, missing, {
    id,
    author: `${rng.below(4)}`,
    bytes: rng.below(6_000),
  })
}

test('keeps its bounds, and what it keeps, after any history', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), (seed) => {
      const rng = seededRng(seed)
      const orphans = new Orphans<string>(bounds)
      const model = new Map<string, { orphan: Orphan<string>; missing: Set<string> }>()
      const cost = ({ orphan: { bytes, missing } }: { orphan: Orphan<string> }): number =>
        bytes + new Set(missing).size * 256
      for (let step = 0; step < 80; step++) {
        if (rng.below(3) > 0) {
          const next = randomOrphan(rng)
          const isNew = !model.has(next.key)
          const gone = orphans.add(next)
          if (isNew) model.set(next.key, { orphan: next, missing: new Set(next.missing) })
          else expect(gone).toEqual([])
          for (const one of gone) expect(model.delete(one.key)).toBe(true)
        } else {
          const parent = `${rng.below(30)}`
          const ready: string[] = []
          for (const [key, { missing }] of model) {
            if (!missing.delete(parent) || missing.size > 0) continue
            ready.push(key)
            model.delete(key)
          }
          expect(orphans.release(parent)).toEqual(ready)
        }
        const kept = [...model.values()]
        const ids = new Set(kept.map(({ orphan: one }) => one.id))
        expect(orphans.size).toBe(kept.length)
        expect(orphans.bytes).toBe(kept.reduce((sum, one) => sum + cost(one), 0))
        const wanted = new Set(kept.flatMap(({ missing }) => [...missing]))
        expect(new Set(orphans.missing())).toEqual(
          new Set([...wanted].filter((id) => !ids.has(id))),
        )
        for (const id of ids) expect(orphans.has(id)).toBe(true)
        expect(orphans.size).toBeLessThanOrEqual(bounds.maxRecords)
        expect(orphans.bytes).toBeLessThanOrEqual(bounds.maxBytes)
        for (const author of ['0', '1', '2', '3']) {
          const own = kept.filter(({ orphan: one }) => one.author === author)
          expect(own.length).toBeLessThanOrEqual(bounds.maxRecordsPerAuthor)
          const bytes = own.reduce((sum, one) => sum + cost(one), 0)
          expect(bytes).toBeLessThanOrEqual(bounds.maxBytesPerAuthor)
        }
      }
    }),
    { numRuns: 25 },
  )
})

test('who sends many pushes out their own', () => {
  const orphans = new Orphans<string>(bounds)
  for (let at = 0; at < 3; at++) orphans.add(orphan(`quiet ${at}`, ['p'], { author: 'quiet' }))
  for (let author = 0; author < 4; author++) {
    for (let at = 0; at < 20; at++) {
      orphans.add(orphan(`${author} ${at}`, ['q'], { author: `${author}`, bytes: 1_000 }))
    }
  }
  expect(orphans.size).toBe(bounds.maxRecords)
  expect(orphans.release('p')).toEqual(['quiet 0', 'quiet 1', 'quiet 2'])
})

test('one that is larger than the bounds does not stay', () => {
  const orphans = new Orphans<string>(bounds)
  const large = orphan('large', ['p'], { bytes: 20_000 })
  expect(orphans.add(large)).toEqual([large])
  expect(orphans.size).toBe(0)
  expect(orphans.missing()).toEqual([])
})

test('waits for all of its parents, and two records of one id wait both', () => {
  const orphans = new Orphans<string>()
  orphans.add(orphan('x/1', ['p', 'q', 'p'], { id: 'x' }))
  orphans.add(orphan('x/2', ['q'], { id: 'x' }))
  orphans.add(orphan('y', ['x']))
  expect(orphans.missing()).toEqual(['p', 'q'])
  expect(orphans.release('q')).toEqual(['x/2'])
  expect(orphans.has('x')).toBe(true)
  expect(orphans.release('p')).toEqual(['x/1'])
  expect(orphans.release('x')).toEqual(['y'])
  expect(orphans.size).toBe(0)
  expect(orphans.bytes).toBe(0)
})
