import { fromHex, toHex } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { halfSipHash } from '../src/half-sip-hash.ts'

/**
 * HalfSipHash-2-4 with 64 bits of the bytes 0, 1, 2, ... of each length that is whole words, under the key 00..07.
 * Source: vectors.h of the reference implementation, github.com/veorq/SipHash.
 */
const reference: Readonly<Record<number, string>> = {
  0: '218d1f59b9b83cc8',
  4: 'd5e78a175be52ea1',
  8: 'edfee820bce4858c',
  12: '7bc71f9faef5c799',
  16: '7336aad25f7bf3b5',
  20: '1bf52b0a6feea7db',
  24: '70741045ae3fa6f1',
  28: '2d925ffb1e0016b5',
  32: '28709d46d811626c',
  36: '86d67a40ec4276dc',
  40: '5b38c81c67c8ae4c',
  44: '1e30f3ad27dcb15a',
  48: 'a9eaa8c04ba93e3e',
  52: '02445a7998f550e1',
  56: 'a1a492f942f15f1d',
  60: 'd6762890bf26e460',
}

test.each(Object.entries(reference))('%s bytes', (length, expected) => {
  const words = new Uint32Array(Number(length) / 4 + 2)
  const bytes = new DataView(words.buffer)
  for (let index = 0; index < Number(length); index++) bytes.setUint8(index + 4, index)
  for (let word = 0; word < words.length; word++) words[word] = bytes.getUint32(word * 4, true)
  const key = new DataView(fromHex('0001020304050607')!.buffer)
  const out = new Uint32Array(3)
  halfSipHash(key.getUint32(0, true), key.getUint32(4, true), words, 1, words.length - 1, out, 1)
  const hash = new DataView(new ArrayBuffer(8))
  hash.setUint32(0, out[1]!, true)
  hash.setUint32(4, out[2]!, true)
  expect(toHex(new Uint8Array(hash.buffer))).toBe(expected)
})
