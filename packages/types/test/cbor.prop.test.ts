import { equalBytes } from '@kithnet/kernel'
import { type CborValue, decodeCbor, encodeCbor } from '@kithnet/types'
import { encode } from 'cbor-x'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const leaf = fc.oneof(
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 300 }),
)
const { signed } = fc.letrec<{ signed: CborValue }>((tie) => ({
  signed: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('signed'), { maxLength: 30 })),
}))
const key = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text !== '__proto__')
const { payload } = fc.letrec<{ payload: CborValue }>((tie) => ({
  payload: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.double(),
    fc.float(),
    fc.array(tie('payload'), { maxLength: 8 }),
    fc.dictionary(key, tie('payload'), { maxKeys: 8, noNullPrototype: true }),
  ),
}))

test('every value of the signed profile comes back', () => {
  fc.assert(
    fc.property(signed, (value) => {
      const decoded = decodeCbor(encodeCbor(value))
      expect(decoded.ok && equalBytes(encodeCbor(decoded.value), encodeCbor(value))).toBe(true)
    }),
  )
})

test('every value of the payload profile comes back', () => {
  fc.assert(
    fc.property(payload, (value) => {
      const bytes = encodeCbor(value, 'payload')
      const decoded = decodeCbor(bytes, 'payload')
      expect(decoded.ok && equalBytes(encodeCbor(decoded.value, 'payload'), bytes)).toBe(true)
    }),
  )
})

test('any bytes give a value or a fault, and what is accepted re-encodes identically', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .array(
        fc.constantFrom(
          0x81,
          0x82,
          0x9f,
          0x5f,
          0xa1,
          0xbf,
          0xd9,
          0xdf,
          0xff,
          0xc2,
          0x1b,
          0xfb,
          0,
          0x61,
        ),
        {
          maxLength: 64,
        },
      )
      .map((list) => Uint8Array.from(list)),
  )
  fc.assert(
    fc.property(
      hostile,
      fc.constantFrom('signed' as const, 'payload' as const),
      (bytes, profile) => {
        const decoded = decodeCbor(bytes, profile)
        if (decoded.ok) expect(equalBytes(encodeCbor(decoded.value, profile), bytes)).toBe(true)
      },
    ),
    { numRuns: 20_000 },
  )
})

test('a flipped bit never makes two encodings of one value', () => {
  fc.assert(
    fc.property(payload, fc.nat(), fc.nat(7), (value, where, bit) => {
      const bytes = encodeCbor(value, 'payload')
      bytes[where % bytes.length]! ^= 1 << bit
      const decoded = decodeCbor(bytes, 'payload')
      if (decoded.ok) expect(equalBytes(encodeCbor(decoded.value, 'payload'), bytes)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('agrees with cbor-x wherever cbor-x is canonical', () => {
  const small = fc.oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
    fc.boolean(),
    fc.constant(null),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(small, { maxLength: 40 }), (value) => {
      expect(equalBytes(encodeCbor(value), encode(value))).toBe(true)
    }),
  )
})
