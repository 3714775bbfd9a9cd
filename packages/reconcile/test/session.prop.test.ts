import { seededRng } from '@kithnet/kernel'
import type { CborValue } from '@kithnet/types'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { acceptSession, startSession } from '@kithnet/reconcile'
import { itemsOf, reconcile, setOf } from './peers.ts'

/** Which side holds an item: both mostly. */
const split = fc.record({
  count: fc.integer({ min: 0, max: 900 }),
  perMs: fc.constantFrom(1, 7, 1_000),
  onlyOurs: fc.constantFrom(0, 0.01, 0.3, 1),
  onlyTheirs: fc.constantFrom(0, 0.01, 0.3, 1),
  messageBytes: fc.constantFrom(1_024, 4_096, 32_768),
  version: fc.constantFrom(1 as const, 2 as const),
  seed: fc.integer(),
})

test('both sides end with the exact difference, whatever the sets and the length of messages', () => {
  fc.assert(
    fc.property(split, ({ count, perMs, onlyOurs, onlyTheirs, messageBytes, version, seed }) => {
      const rng = seededRng(seed)
      const ours = setOf([])
      const theirs = setOf([])
      const have: string[] = []
      const need: string[] = []
      for (const { time, id } of itemsOf(`${seed}`, count, perMs)) {
        const draw = rng.unit()
        if (draw < onlyOurs) {
          have.push(id)
          ours.add(time, id)
        } else if (draw > 1 - onlyTheirs) {
          need.push(id)
          theirs.add(time, id)
        } else {
          ours.add(time, id)
          theirs.add(time, id)
        }
      }
      const limits = { messageBytes, rounds: 1_000, difference: 2_000 }
      const { opener, accepter, longest } = reconcile(ours, theirs, {
        limits,
        version,
      })
      expect(opener.fault).toBeUndefined()
      expect(accepter.fault).toBeUndefined()
      expect(opener.done && accepter.done).toBe(true)
      expect(opener.have.toSorted()).toEqual(have.toSorted())
      expect(opener.need.toSorted()).toEqual(need.toSorted())
      expect(accepter.have.toSorted()).toEqual(need.toSorted())
      expect(accepter.need.toSorted()).toEqual(have.toSorted())
      expect(longest).toBeLessThanOrEqual(messageBytes)
    }),
    { numRuns: 150 },
  )
})

test('lost, doubled and late messages lead to no false word', () => {
  const fate = fc.constantFrom('arrive', 'arrive', 'arrive', 'lose', 'double', 'delay', 'again')
  const shape = fc.record({
    version: fc.constantFrom(1 as const, 2 as const),
    count: fc.integer({ min: 0, max: 400 }),
    onlyOurs: fc.constantFrom(0.01, 0.2),
    run: fc.constantFrom(0, 60),
    seed: fc.integer(),
    fates: fc.array(fate, { minLength: 4, maxLength: 20 }),
  })
  fc.assert(
    fc.property(shape, ({ version, count, onlyOurs, run, seed, fates }) => {
      const rng = seededRng(seed)
      const all = itemsOf(`${seed}`, count)
      const lacking = new Set(all.filter(() => rng.unit() < onlyOurs).map(({ id }) => id))
      const extra = itemsOf(`extra ${seed}`, run)
      const ours = setOf(all)
      const theirs = setOf([...all.filter(({ id }) => !lacking.has(id)), ...extra])
      const news = new Set(extra.map(({ id }) => id))
      const limits = { messageBytes: 1_024, rounds: 30 }
      const opening = startSession(ours, seededRng(seed), { version, limits })
      const sides = [acceptSession(theirs, seededRng(seed + 1), { limits }), opening.session]
      const past: { readonly to: number; readonly value: CborValue }[] = []
      const due = [{ to: 0, value: opening.message }]
      let steps = 0
      for (let next = due.shift(); next !== undefined; next = due.shift()) {
        expect(++steps).toBeLessThan(500)
        past.push(next)
        const which = fates[steps % fates.length]
        if (which === 'lose') continue
        if (which === 'delay' && due.length > 0) {
          due.push(next)
          continue
        }
        if (which === 'double' && steps < 100) due.unshift(next)
        if (which === 'again' && steps < 100) due.push(past[rng.below(past.length)]!)
        const { to, value } = next
        const answer = sides[to]!.answer(value)
        const [onlyHere, onlyThere] = to === 1 ? [lacking, news] : [news, lacking]
        for (const { id } of answer.have) expect(onlyHere.has(id)).toBe(true)
        for (const { id } of answer.need) expect(onlyThere.has(id)).toBe(true)
        if (answer.reply !== undefined) due.push({ to: 1 - to, value: answer.reply })
      }
    }),
    { numRuns: 400 },
  )
})
