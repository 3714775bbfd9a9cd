import { type Fault, fail, ok, type Result, utf8 } from '@kithnet/kernel'

/**
 * `signed`: arrays, unsigned and negative integers up to 2^53 - 1, bytes, text, booleans, null.
 * `payload`: that, and floats in their shortest form and maps with sorted text keys.
 */
export type CborProfile = 'signed' | 'payload'

/** Why bytes are not canonical CBOR within the bounds. `at` is the offset of the offending byte. */
export interface CborFault extends Fault {
  readonly code:
    | 'types/cbor-truncated'
    | 'types/cbor-trailing'
    | 'types/cbor-not-minimal'
    | 'types/cbor-indefinite'
    | 'types/cbor-tag'
    | 'types/cbor-float'
    | 'types/cbor-map'
    | 'types/cbor-key-order'
    | 'types/cbor-simple'
    | 'types/cbor-integer'
    | 'types/cbor-text'
    | 'types/cbor-too-deep'
    | 'types/cbor-too-many'
    | 'types/cbor-too-long'
    | 'types/cbor-unsupported'
  readonly at: number
}

/** Bounds of a scan. */
export interface CborLimits {
  /** Most bytes of the whole. */
  readonly maxBytes: number
  /** Deepest nesting; a scalar has depth 0. */
  readonly maxDepth: number
  /** Most items in all, keys included. */
  readonly maxItems: number
}

/** Bounds that fit every frame of the overlay. Source: our choice, `docs/limits.md`. */
export const defaultCborLimits: CborLimits = {
  maxBytes: 1_200_000,
  maxDepth: 16,
  maxItems: 65_536,
}

const nothing = ok(undefined)

/**
 * Walks bytes once, without recursion or allocation per item, and proves that they are exactly one value
 * in canonical form (RFC 8949 section 4.2.1) of a profile. What passes decodes safely and re-encodes to
 * the same bytes, so a signature over it needs no re-encoding.
 */
export function scan(
  bytes: Uint8Array,
  profile: CborProfile,
  limits: CborLimits = defaultCborLimits,
): Result<undefined, CborFault> {
  const end = bytes.length
  if (end > limits.maxBytes) return fault('types/cbor-too-long', limits.maxBytes)
  const payload = profile === 'payload'
  // One frame per open container: items left, and for maps where the previous key lies.
  const left: number[] = []
  const isMap: boolean[] = []
  const keyStart: number[] = []
  const keyEnd: number[] = []
  let depth = 0
  let items = 0
  let at = 0
  for (;;) {
    if (at >= end) return fault('types/cbor-truncated', end)
    if (++items > limits.maxItems) return fault('types/cbor-too-many', at)
    const start = at
    const initial = bytes[at++]!
    const major = initial >> 5
    const info = initial & 31
    let argument = info
    if (major === 7) {
      if (info < 20 || info === 23 || info === 24) return fault('types/cbor-simple', start)
      if (info > 22) {
        if (info === 31) return fault('types/cbor-indefinite', start)
        if (info > 27) return fault('types/cbor-simple', start)
        if (!payload) return fault('types/cbor-float', start)
        const width = info === 25 ? 2 : info === 26 ? 4 : 8
        if (at + width > end) return fault('types/cbor-truncated', end)
        if (!isShortestFloat(bytes, at, width)) return fault('types/cbor-not-minimal', start)
        at += width
      }
      argument = 0
    } else if (info >= 24) {
      if (info > 27)
        return fault(info === 31 ? 'types/cbor-indefinite' : 'types/cbor-simple', start)
      const width = 1 << (info - 24)
      if (at + width > end) return fault('types/cbor-truncated', end)
      if (width === 1) {
        argument = bytes[at]!
        if (argument < 24) return fault('types/cbor-not-minimal', start)
      } else if (width === 2) {
        argument = (bytes[at]! << 8) | bytes[at + 1]!
        if (argument < 256) return fault('types/cbor-not-minimal', start)
      } else {
        argument = u32(bytes, at)
        if (width === 4) {
          if (argument < 65_536) return fault('types/cbor-not-minimal', start)
        } else {
          const low = u32(bytes, at + 4)
          if (argument === 0) return fault('types/cbor-not-minimal', start)
          if (
            argument > 0x1f_ffff ||
            (argument === 0x1f_ffff && major === 1 && low === 0xffff_ffff)
          ) {
            return fault('types/cbor-integer', start)
          }
          argument = argument * 2 ** 32 + low
        }
      }
      at += width
    }
    if (major === 2 || major === 3) {
      if (argument > end - at) return fault('types/cbor-truncated', end)
      if (major === 3 && !isUtf8(bytes, at, at + argument)) return fault('types/cbor-text', start)
      at += argument
    } else if (major === 6) {
      return fault('types/cbor-tag', start)
    }
    // A map's key: text, and greater than the one before.
    if (depth > 0 && isMap[depth - 1]! && left[depth - 1]! % 2 === 0) {
      if (major !== 3) return fault('types/cbor-map', start)
      if (argument === 9 && isProto(bytes, start)) return fault('types/cbor-unsupported', start)
      const previous = keyStart[depth - 1]!
      if (previous >= 0 && !precedes(bytes, previous, keyEnd[depth - 1]!, start, at)) {
        return fault('types/cbor-key-order', start)
      }
      keyStart[depth - 1] = start
      keyEnd[depth - 1] = at
    }
    if (major === 4 || major === 5) {
      if (major === 5 && !payload) return fault('types/cbor-map', start)
      const count = major === 5 ? argument * 2 : argument
      // Every item takes at least one byte, so a larger count is a lie.
      if (count > end - at) return fault('types/cbor-truncated', end)
      if (count > 0) {
        if (depth === limits.maxDepth) return fault('types/cbor-too-deep', start)
        left[depth] = count
        isMap[depth] = major === 5
        keyStart[depth] = -1
        depth++
        continue
      }
    }
    while (depth > 0) {
      const remaining = left[depth - 1]! - 1
      left[depth - 1] = remaining
      if (remaining > 0) break
      depth--
    }
    if (depth === 0) return at === end ? nothing : fault('types/cbor-trailing', at)
  }
}

function fault(code: CborFault['code'], at: number): Result<undefined, CborFault> {
  return fail({ code, at })
}

function u32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}

/** Bytewise order of two encoded keys, which RFC 8949 section 4.2.1 asks for. */
function precedes(
  bytes: Uint8Array,
  aStart: number,
  aEnd: number,
  bStart: number,
  bEnd: number,
): boolean {
  const shared = Math.min(aEnd - aStart, bEnd - bStart)
  for (let index = 0; index < shared; index++) {
    const difference = bytes[aStart + index]! - bytes[bStart + index]!
    if (difference !== 0) return difference < 0
  }
  return aEnd - aStart < bEnd - bStart
}

const protoKey = utf8('i__proto__')

/** `__proto__` as a key would change what a decoded object is. */
function isProto(bytes: Uint8Array, start: number): boolean {
  return protoKey.every((byte, index) => bytes[start + index] === byte)
}

/** Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. Source: Unicode, table 3-7. */
function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from
  while (at < to) {
    const lead = bytes[at++]!
    if (lead < 0x80) continue
    if (lead < 0xc2 || lead > 0xf4) return false
    const extra = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    if (at + extra > to) return false
    const second = bytes[at]!
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (second < low || second > high) return false
    for (let index = 1; index < extra; index++) {
      if ((bytes[at + index]! & 0xc0) !== 0x80) return false
    }
    at += extra
  }
  return true
}

const floatView = new DataView(new ArrayBuffer(8))

/**
 * True when this is the one encoding of its value: no shorter float has it, no integer of the profile has it
 * (only -0 stays a float), and a NaN is f97e00. Source: RFC 8949 section 4.2.1, and its number reduction.
 */
function isShortestFloat(bytes: Uint8Array, at: number, width: number): boolean {
  for (let index = 0; index < width; index++) floatView.setUint8(index, bytes[at + index]!)
  if (width === 2) {
    const bits = floatView.getUint16(0)
    if ((bits & 0x7c00) === 0x7c00) return (bits & 0x3ff) === 0 || bits === 0x7e00
    return bits === 0x8000 || !Number.isInteger(halfValue(bits))
  }
  const value = width === 4 ? floatView.getFloat32(0) : floatView.getFloat64(0)
  if (Number.isNaN(value) || Number.isSafeInteger(value)) return false
  return width === 8 ? Math.fround(value) !== value : halfBits(value) === undefined
}

/** The value of finite binary16 bits. Source: IEEE 754-2019 section 3.4. */
function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  const size =
    exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * powerOfTwo[exponent]! * 2 ** -25
  return bits & 0x8000 ? -size : size
}

/** The binary16 bits of a number that fits them exactly, or `undefined`. NaN has one form. */
export function halfBits(value: number): number | undefined {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size === 0) return sign
  if (size === Infinity) return sign | 0x7c00
  if (size > 65_504) return undefined
  const inSmallest = size * 2 ** 24
  if (inSmallest < 1024) return Number.isInteger(inSmallest) ? sign | inSmallest : undefined
  let exponent = 1
  while (inSmallest >= powerOfTwo[exponent]! * 1024) exponent++
  const fraction = inSmallest / powerOfTwo[exponent - 1]! - 1024
  return Number.isInteger(fraction) ? sign | (exponent << 10) | fraction : undefined
}

const powerOfTwo = Array.from({ length: 32 }, (_, exponent) => 2 ** exponent)
