import { type Bytes, utf8 } from '@kithnet/kernel'
import type { CborValue } from './cbor.ts'
import { type CborProfile, halfBits } from './cbor-scan.ts'

let buffer = new Uint8Array(8192)
let view = new DataView(buffer.buffer)
let at = 0

/** Above this, the buffer of a large value is given back. Source: our choice. */
const keptBufferBytes = 262_144

/**
 * The one canonical encoding of a value (RFC 8949 section 4.2.1), as fresh bytes. It is our own writer
 * because cbor-x has no shortest floats, writes integers from 2^32 on as floats and does not sort keys;
 * `docs/adr` has the measurement.
 *
 * @throws RangeError or TypeError when the value is not one of the profile: a programmer's mistake.
 */
export function write(value: CborValue, profile: CborProfile): Bytes {
  at = 0
  try {
    put(value, profile === 'payload', 0)
    return buffer.slice(0, at)
  } finally {
    if (buffer.length > keptBufferBytes) grow(0)
  }
}

/** Deepest nesting that is written, so that a cycle ends in an error. */
const maxDepth = 64

function put(value: CborValue, payload: boolean, depth: number): void {
  if (typeof value === 'number') return putNumber(value, payload)
  if (typeof value === 'string') {
    const text = utf8(value)
    if (hasLoneSurrogate(value)) throw new TypeError('text with a lone surrogate cannot be encoded')
    return putString(3, text)
  }
  if (value instanceof Uint8Array) return putString(2, value)
  if (value === null) return putByte(0xf6)
  if (value === false) return putByte(0xf4)
  if (value === true) return putByte(0xf5)
  if (typeof value === 'bigint') return putNumber(safeInteger(value), payload)
  if (depth >= maxDepth)
    throw new RangeError(`a value nested deeper than ${maxDepth} cannot be encoded`)
  if (isArray(value)) {
    putHead(4, value.length)
    for (const item of value) put(item, payload, depth + 1)
    return
  }
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} cannot be encoded`)
  if (!payload) throw new TypeError('a map cannot be encoded in the signed profile')
  putMap(value, depth)
}

function putMap(value: { readonly [key: string]: CborValue }, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('only plain objects can be encoded: convert class instances first')
  }
  const keys = Object.keys(value).filter((key) => value[key] !== undefined)
  if (keys.includes('__proto__')) throw new TypeError('the key __proto__ cannot be encoded')
  // Canonical order is the order of the encoded keys: the shorter first, then by UTF-8 byte.
  const encoded = keys.map((key) => ({ key, text: utf8(key) }))
  encoded.sort((a, b) => a.text.length - b.text.length || compareUtf8(a.text, b.text))
  putHead(5, encoded.length)
  for (const { key, text } of encoded) {
    if (hasLoneSurrogate(key)) throw new TypeError('a key with a lone surrogate cannot be encoded')
    putString(3, text)
    put(value[key]!, true, depth + 1)
  }
}

function putNumber(value: number, payload: boolean): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0) putHead(0, value)
    else putHead(1, -1 - value)
    return
  }
  if (!payload)
    throw new RangeError(`${value} is not a safe integer, which the signed profile needs`)
  reserve(9)
  const half = halfBits(value)
  if (half !== undefined) {
    buffer[at++] = 0xf9
    view.setUint16(at, half)
    at += 2
  } else if (Math.fround(value) === value) {
    buffer[at++] = 0xfa
    view.setFloat32(at, value)
    at += 4
  } else {
    buffer[at++] = 0xfb
    view.setFloat64(at, value)
    at += 8
  }
}

function putHead(major: number, argument: number): void {
  reserve(9)
  const high = major << 5
  if (argument < 24) {
    buffer[at++] = high | argument
  } else if (argument < 256) {
    buffer[at++] = high | 24
    buffer[at++] = argument
  } else if (argument < 65_536) {
    buffer[at++] = high | 25
    buffer[at++] = argument >> 8
    buffer[at++] = argument
  } else if (argument < 2 ** 32) {
    buffer[at++] = high | 26
    view.setUint32(at, argument)
    at += 4
  } else {
    buffer[at++] = high | 27
    view.setUint32(at, Math.floor(argument / 2 ** 32))
    view.setUint32(at + 4, argument >>> 0)
    at += 8
  }
}

function putString(major: number, bytes: Uint8Array): void {
  putHead(major, bytes.length)
  reserve(bytes.length)
  buffer.set(bytes, at)
  at += bytes.length
}

function putByte(byte: number): void {
  reserve(1)
  buffer[at++] = byte
}

function reserve(more: number): void {
  if (at + more > buffer.length) grow(at + more)
}

function grow(needed: number): void {
  const larger = new Uint8Array(Math.max(8192, needed * 2))
  if (needed > 0) larger.set(buffer.subarray(0, at))
  buffer = larger
  view = new DataView(buffer.buffer)
}

function safeInteger(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is not within 2^53 - 1`)
  return number
}

function isArray(value: object): value is readonly CborValue[] {
  return Array.isArray(value)
}

function compareUtf8(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length; index++) {
    const difference = a[index]! - b[index]!
    if (difference !== 0) return difference
  }
  return 0
}

function hasLoneSurrogate(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0xd800 || unit > 0xdfff) continue
    if (unit > 0xdbff) return true
    const next = text.charCodeAt(++index)
    if (!(next >= 0xdc00 && next <= 0xdfff)) return true
  }
  return false
}
