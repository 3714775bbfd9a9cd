import { compareBytes, equalBytes, seededRng, utf8 } from '@kithnet/kernel'
import { decodeMetadata, encodeMetadata } from '@kithnet/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byCodePoint } from '../src/code-point-order.ts'
import { floatText } from '../src/float-text.ts'
import { readCanonical } from '../src/metadata-reader.ts'
import { isStable } from '../src/stable-float.ts'
import { upstreamFloat } from '../src/upstream-float.ts'

const double = fc.double({ noNaN: true, noDefaultInfinity: true })

describe('the text of floats', () => {
  test('reads back exactly, and always shows that it is a float', () => {
    fc.assert(
      fc.property(double, (value) => {
        const text = floatText(value)
        expect(Object.is(Number(text), value)).toBe(true)
        expect(text).toMatch(/^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/)
        expect(text).toMatch(/[.e]/)
      }),
      { numRuns: 5000 },
    )
  })

  test('is what the other reader keeps when it is stable: reading and printing there ends where it began', () => {
    fc.assert(
      fc.property(double, (value) => {
        const text = floatText(value)
        const read = upstreamFloat(text)
        expect(isStable(value, text)).toBe(read !== undefined && floatText(read) === text)
      }),
      { numRuns: 5000 },
    )
  })

  test('of 15 digits is always stable between 1e-5 and 1e15', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 1e-5, max: 9e14 }), (any) => {
        const value = Number(any.toPrecision(14))
        expect(upstreamFloat(floatText(value))).toBe(value)
      }),
      { numRuns: 5000 },
    )
  })
})

/** Characters of every length in UTF-8, and those that are escaped. */
const character = fc.constantFrom(
  ...['a', 'b', 'Z', '0', '"', '\\', '/', '\b', '\n', '\u0001', '\u001f', '\u007f', '\u00e9'],
  ...['\u07ff', '\u2028', '\ud7ff', '\uff5e', '\uffff', '\u{10000}', '\u{1f600}', '\u{10ffff}'],
)

test('texts are ordered as their bytes are', () => {
  const text = fc.string({ unit: character, maxLength: 6 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(byCodePoint(a, b))).toBe(Math.sign(compareBytes(utf8(a), utf8(b))))
    }),
    { numRuns: 2000 },
  )
})

/** Canonical texts, of which the mutations are hit or miss. */
const seeds: readonly string[] = [
  '{}',
  '{"a":1,"b":[true,false,null,-7],"c":{}}',
  '{"f":0.85,"g":1e-7,"h":-0.0,"i":18446744073709551615,"j":-9223372036854775808}',
  '{"\\"":"\\\\","#":{"\\u0001":"\\u001f\\b\\t\\n\\f\\r"},"a":[[],[[]],{"b":""}]}',
  '{"\u007f":"\u2028","\u017e":"\u{1f600}","\uff5e":2,"\u{1f600}":[1.5,1e+16,0.00001]}',
]

describe('strict metadata', () => {
  test('is exactly what the writer makes of what the compatible reader reads', () => {
    const rng = seededRng('strict metadata')
    let accepted = 0
    for (let run = 0; run < 20_000; run++) {
      const text = utf8(seeds[rng.below(seeds.length)]!).slice()
      for (let changes = rng.below(3); changes > 0; changes--) {
        const at = rng.below(text.length)
        if (rng.below(3) === 0) text.copyWithin(at, rng.below(text.length), rng.below(text.length))
        else text[at] = rng.below(2) === 0 ? 0x20 + rng.below(0x60) : rng.below(256)
      }
      const strict = decodeMetadata(text)
      const read = decodeMetadata(text, 'compatible')
      const written = read.ok ? encodeMetadata(read.value) : read
      const isCanonical = written.ok && equalBytes(written.value, text)
      expect(strict.ok, new TextDecoder().decode(text)).toBe(isCanonical)
      if (!strict.ok) continue
      accepted++
      const quick = encodeMetadata(readCanonical(text, 0))
      expect(quick.ok && equalBytes(quick.value, text)).toBe(true)
    }
    expect(accepted).toBeGreaterThan(5000)
  })

  test('is JSON: what it reads of a text without floats is what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean())), (object) => {
        const written = encodeMetadata(new Map(Object.entries(object)))
        // Halves of surrogate pairs have no UTF-8.
        fc.pre(written.ok)
        const parsed = JSON.parse(new TextDecoder().decode(written.value)) as typeof object
        expect(new Map(Object.entries(parsed))).toEqual(new Map(Object.entries(object)))
        const read = decodeMetadata(written.value)
        expect(read.ok && read.value).toEqual(new Map(Object.entries(object)))
      }),
    )
  })
})
