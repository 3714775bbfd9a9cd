import { fromHex, toHex } from '@kithnet/kernel'
import { type CborProfile, decodeCbor, encodeCbor } from '@kithnet/types'
import { expect, test } from 'vitest'

/** Source: RFC 8949 appendix A, the values that the profiles carry, and edges of our own. */
const canonical: readonly (readonly [hex: string, value: unknown, profile: CborProfile])[] = [
  ['00', 0, 'signed'],
  ['17', 23, 'signed'],
  ['1818', 24, 'signed'],
  ['1903e8', 1000, 'signed'],
  ['1a000f4240', 1_000_000, 'signed'],
  ['1b000000e8d4a51000', 1_000_000_000_000, 'signed'],
  ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER, 'signed'],
  ['3b001ffffffffffffe', -Number.MAX_SAFE_INTEGER, 'signed'],
  ['20', -1, 'signed'],
  ['3903e7', -1000, 'signed'],
  ['f4', false, 'signed'],
  ['f5', true, 'signed'],
  ['f6', null, 'signed'],
  ['62c3bc', 'ü', 'signed'],
  ['64f0908591', '𐅑', 'signed'],
  ['8301820203820405', [1, [2, 3], [4, 5]], 'signed'],
  ['80', [], 'signed'],
  ['f98000', -0, 'payload'],
  ['f93e00', 1.5, 'payload'],
  ['f90001', 5.960464477539063e-8, 'payload'],
  ['f90400', 0.00006103515625, 'payload'],
  ['fbc010666666666666', -4.1, 'payload'],
  ['fb7e37e43c8800759c', 1e300, 'payload'],
  ['f97c00', Infinity, 'payload'],
  ['f97e00', NaN, 'payload'],
  ['a0', {}, 'payload'],
  ['a26161016162820203', { a: 1, b: [2, 3] }, 'payload'],
  ['a361780162616103626262f5', { x: 1, aa: 3, bb: true }, 'payload'],
]

test.each(canonical)('%s there and back', (hex, value, profile) => {
  expect(toHex(encodeCbor(value as never, profile))).toBe(hex)
  const decoded = decodeCbor(fromHex(hex)!, profile)
  expect(decoded.ok && decoded.value).toStrictEqual(value)
})

const refused: readonly (readonly [
  hex: string,
  profile: CborProfile,
  code: string,
  why: string,
])[] = [
  ['', 'signed', 'cbor-truncated', 'nothing'],
  ['1817', 'signed', 'cbor-not-minimal', '23 in two bytes'],
  ['1900ff', 'signed', 'cbor-not-minimal', '255 in three bytes'],
  ['1a0000ffff', 'signed', 'cbor-not-minimal', '65535 in five bytes'],
  ['1b00000000ffffffff', 'signed', 'cbor-not-minimal', 'an integer below 2^32 in nine bytes'],
  ['1b0020000000000000', 'signed', 'cbor-integer', '2^53'],
  ['3b001fffffffffffff', 'signed', 'cbor-integer', '-2^53'],
  ['5800', 'signed', 'cbor-not-minimal', 'a length that fits the first byte'],
  ['5f4100ff', 'signed', 'cbor-indefinite', 'an indefinite byte string'],
  ['9fff', 'signed', 'cbor-indefinite', 'an indefinite array'],
  ['c074323031332d30332d32315432303a30343a30305a', 'signed', 'cbor-tag', 'a date'],
  ['c249010000000000000000', 'payload', 'cbor-tag', 'a bignum'],
  ['d81c8180', 'payload', 'cbor-tag', 'a shared reference'],
  ['0000', 'signed', 'cbor-trailing', 'two values'],
  ['8201', 'signed', 'cbor-truncated', 'an array that ends early'],
  ['9b00000000ffffffff', 'signed', 'cbor-not-minimal', 'a huge array in a wide length'],
  ['9affffffff', 'signed', 'cbor-truncated', 'a count that the bytes cannot hold'],
  ['5affffffff', 'signed', 'cbor-truncated', 'a length beyond the end'],
  ['f93e00', 'signed', 'cbor-float', 'a float where none belong'],
  ['a0', 'signed', 'cbor-map', 'a map where none belong'],
  ['a10102', 'payload', 'cbor-map', 'a key that is not text'],
  ['a261620161610', 'payload', 'cbor-key-order', 'unsorted keys'],
  ['a2616101616102', 'payload', 'cbor-key-order', 'a key twice'],
  ['a2626161016161', 'payload', 'cbor-key-order', 'a longer key first'],
  ['a1695f5f70726f746f5f5f01', 'payload', 'cbor-unsupported', 'the key __proto__'],
  ['f93c00', 'payload', 'cbor-not-minimal', '1.0, which is the integer 1'],
  ['fa3fc00000', 'payload', 'cbor-not-minimal', '1.5 in five bytes'],
  ['fb3ff8000000000000', 'payload', 'cbor-not-minimal', '1.5 in nine bytes'],
  ['f97e01', 'payload', 'cbor-not-minimal', 'another NaN'],
  ['fa7fc00000', 'payload', 'cbor-not-minimal', 'a wide NaN'],
  ['f7', 'payload', 'cbor-simple', 'undefined'],
  ['f820', 'payload', 'cbor-simple', 'an unassigned simple value'],
  ['61ff', 'signed', 'cbor-text', 'text that is not UTF-8'],
  ['63eda080', 'signed', 'cbor-text', 'a surrogate in UTF-8'],
  ['62c080', 'signed', 'cbor-text', 'an overlong zero'],
]

test.each(refused)('%s (%s) is refused with %s: %s', (hex, profile, code) => {
  const even = hex.length % 2 === 0 ? hex : `${hex}2`
  const decoded = decodeCbor(fromHex(even)!, profile)
  expect(decoded.ok ? 'accepted' : decoded.fault.code).toBe(`types/${code}`)
})

test('bounds of bytes, depth and items hold', () => {
  const limits = { maxBytes: 20, maxDepth: 2, maxItems: 5 }
  const code = (hex: string): string => {
    const decoded = decodeCbor(fromHex(hex)!, 'signed', limits)
    return decoded.ok ? 'ok' : decoded.fault.code
  }
  expect(code('818100')).toBe('ok')
  expect(code('81818100')).toBe('types/cbor-too-deep')
  expect(code('850000000000')).toBe('types/cbor-too-many')
  expect(code('00'.repeat(21))).toBe('types/cbor-too-long')
})

test('100 KB of nested arrays or of a bignum cost nothing', () => {
  const begin = performance.now()
  const nested = new Uint8Array(100_000).fill(0x81)
  expect(decodeCbor(nested).ok).toBe(false)
  const bignum = new Uint8Array(100_000)
  bignum.set([0xc2, 0x5a, 0x00, 0x01, 0x86, 0x9a])
  expect(decodeCbor(bignum, 'payload').ok).toBe(false)
  expect(performance.now() - begin).toBeLessThan(50)
})

test('a value outside the profile is a programmer mistake', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  expect(() => encodeCbor(1.5)).toThrow(RangeError)
  expect(() => encodeCbor({ a: 1 })).toThrow(TypeError)
  expect(() => encodeCbor(2n ** 60n)).toThrow(RangeError)
  expect(() => encodeCbor(cyclic as never)).toThrow(RangeError)
  expect(() => encodeCbor(new Date() as never, 'payload')).toThrow(TypeError)
  expect(() => encodeCbor('\ud800')).toThrow(TypeError)
  expect(() => encodeCbor(undefined as never)).toThrow(TypeError)
})
