import { seededRng } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { itemsOf, reconcile, setOf } from './peers.ts'

/** Which side holds an item: both mostly. */
const split = fc.record({
  count: fc.integer({ min: 0, max: 900 }),
  perMs: fc.constantFrom(1, 7, 1_000),
  onlyOurs: fc.constantFrom(0, 0.01, 0.3, 1),
  onlyTheirs: fc.constantFrom(0, 0.01, 0.3, 1),
  messageBytes: fc.constantFrom(1_024, 4_096, 32_768),
  seed: fc.integer(),
})

test('both sides end with the exact difference, whatever the sets and the length of messages', () => {
  fc.assert(
    fc.property(split, ({ count, perMs, onlyOurs, onlyTheirs, messageBytes, seed }) => {
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
      const { opener, accepter, longest } = reconcile(ours, theirs, { limits })
      expect(opener.fault).toBeUndefined()
      expect(accepter.fault).toBeUndefined()
      expect(opener.done && accepter.done).toBe(true)
      expect(opener.have.toSorted()).toEqual(have.toSorted())
      expect(opener.need.toSorted()).toEqual(need.toSorted())
      expect(accepter.have.toSorted()).toEqual(need.toSorted())
      expect(accepter.need.toSorted()).toEqual(have.toSorted())
      expect(longest).toBeLessThanOrEqual(messageBytes)
    }),
    { numRuns: 100 },
  )
})
