import {
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  fromUtf8,
  toHex,
  utf8,
  wipe,
} from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const bytes = fc.uint8Array({ maxLength: 40 })

test('hex goes there and back, and refuses anything else', () => {
  fc.assert(fc.property(bytes, (some) => equalBytes(fromHex(toHex(some))!, some)))
  for (const bad of ['0', 'AB', 'zz', '0x00', ' 00']) expect(fromHex(bad)).toBeUndefined()
})

test('text goes there and back; ill-formed UTF-8 is refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fromUtf8(utf8(text)) === text))
  expect(fromUtf8(new Uint8Array([0xff]))).toBeUndefined()
  expect(fromUtf8(new Uint8Array([0xc0, 0x80]))).toBeUndefined()
})

test('equality and order agree with the hex texts', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b))
      expect(Math.sign(compareBytes(a, b))).toBe(
        toHex(a) < toHex(b) ? -1 : toHex(a) > toHex(b) ? 1 : 0,
      )
    }),
  )
})

test('concat keeps every byte and wipe leaves none', () => {
  fc.assert(fc.property(bytes, bytes, (a, b) => toHex(concat(a, b)) === toHex(a) + toHex(b)))
  const secret = new Uint8Array([1, 2, 3])
  wipe(secret)
  expect([...secret]).toEqual([0, 0, 0])
})
