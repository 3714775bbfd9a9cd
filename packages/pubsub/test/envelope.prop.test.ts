import { epochMs, toHex } from '@kithnet/kernel'
import { peerIdFromBytes } from '@kithnet/types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodyOf, maxCauses, maxConfirmers, seal, unseal } from '../src/envelope.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const cause = fc.record({
  stream: bytes(8).map(toHex),
  seq: fc.maxSafeNat(),
  at: fc.maxSafeNat().map(epochMs),
})
const envelope = fc.record({
  causes: fc.array(cause, { maxLength: maxCauses }),
  confirmers: fc.array(bytes(32).map(peerIdFromBytes), { maxLength: maxConfirmers }),
  body: fc.uint8Array({ maxLength: 64 }),
})

describe('envelope', () => {
  it('comes back as it was, whatever the body begins with', () => {
    fc.assert(
      fc.property(envelope, fc.boolean(), (given, isMarked) => {
        const body = isMarked ? Uint8Array.of(255, ...given.body) : given.body
        const opened = unseal(seal({ ...given, body }))
        expect(opened).toEqual({ ...given, body })
        expect(bodyOf(seal({ ...given, body }))).toEqual(body)
      }),
    )
  })

  it('costs nothing where there is nothing to say', () => {
    const body = Uint8Array.of(1, 2, 3)
    expect(seal({ causes: [], confirmers: [], body })).toBe(body)
  })

  it('takes any bytes for what they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const payload = Uint8Array.of(255, 0, noise.length >> 1, ...noise)
        const { causes, confirmers, body } = unseal(payload)
        if (causes.length + confirmers.length === 0) return
        expect(seal({ causes, confirmers, body })).toEqual(payload)
      }),
    )
  })

  it('is body alone when it is cut short or names too many', () => {
    const many = Array.from({ length: maxCauses + 1 }, (_, seq) => ({
      stream: '00'.repeat(8),
      seq,
      at: epochMs(0),
    }))
    const tooMany = seal({ causes: many, confirmers: [], body: Uint8Array.of(7) })
    expect(unseal(tooMany)).toEqual({ causes: [], confirmers: [], body: tooMany })
    const whole = seal({ causes: many.slice(1), confirmers: [], body: new Uint8Array(0) })
    expect(unseal(whole).causes).toHaveLength(maxCauses)
    for (let length = 1; length < whole.length; length++) {
      expect(unseal(whole.subarray(0, length)).causes).toEqual([])
    }
  })
})
