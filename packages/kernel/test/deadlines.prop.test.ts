import { Deadlines, instant } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const step = fc.oneof(
  fc.record({ type: fc.constant('arm' as const), key: fc.nat(9), at: fc.nat(20) }),
  fc.record({ type: fc.constant('disarm' as const), key: fc.nat(9) }),
  fc.record({ type: fc.constant('take' as const), now: fc.nat(20) }),
)

test('behaves as a sorted list of keys', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const deadlines = new Deadlines<number>()
      let model: { key: number; at: number; order: number }[] = []
      let order = 0
      for (const one of steps) {
        if (one.type === 'take') {
          model.sort((a, b) => a.at - b.at || a.order - b.order)
          const due = model[0] !== undefined && model[0].at <= one.now ? model.shift() : undefined
          expect(deadlines.takeDue(instant(one.now))).toBe(due?.key)
          continue
        }
        model = model.filter((entry) => entry.key !== one.key)
        if (one.type === 'arm') {
          model.push({ key: one.key, at: one.at, order: order++ })
          deadlines.arm(one.key, instant(one.at))
        } else deadlines.disarm(one.key)
        expect(deadlines.size).toBe(model.length)
      }
    }),
  )
})
