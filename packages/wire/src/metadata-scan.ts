import { fromUtf8 } from '@kithnet/kernel'
import type { BoundFault, MetadataFault } from './faults.ts'
import { floatText } from './float-text.ts'
import { isStoredInteger, parseCompatible } from './metadata-parser.ts'
import { maxMetadataDepth, maxMetadataEntries } from './record-limits.ts'
import { isStable } from './stable-float.ts'

/**
 * What keeps the metadata at `from` to `to` from being strict: it is not canonical, has too much in it, or a number
 * that not every reader keeps. One pass over the bytes that makes no values.
 */
export function scanMetadata(
  bytes: Uint8Array,
  from: number,
  to: number,
): MetadataFault | BoundFault | undefined {
  const scan = new MetadataScan(bytes, from, to)
  if (scan.document()) return undefined
  if (scan.fault?.code !== 'wire/metadata-form') return scan.fault
  // Worse than another form is what no reader takes.
  const parsed = parseCompatible(bytes.subarray(from, to))
  return parsed.ok ? scan.fault : parsed.fault
}

/** What a byte is within a string: nothing special, its end, an escape, or the start of more than one byte. */
const inString = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x22 || byte === 0x5c || byte < 0x20) return 1
  return byte < 0x80 ? 0 : 2
})

/**
 * One pass. A method that finds a fault leaves it in `fault` and gives false. It may run on behind the end, into
 * what follows in the record or into nothing, and is found out by where it stops.
 */
class MetadataScan {
  readonly #bytes: Uint8Array
  readonly #from: number
  readonly #end: number
  #at: number
  #depth = 0
  #entries = 0
  fault: MetadataFault | BoundFault | undefined

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes
    this.#from = from
    this.#end = to
    this.#at = from
  }

  document(): boolean {
    if (this.#bytes[this.#at] !== 0x7b || !this.#object()) return this.#bad()
    return this.#at === this.#end || this.#bad()
  }

  /** Leaves the first fault there is. */
  #bad(code: MetadataFault['code'] = 'wire/metadata-form'): false {
    this.fault ??= { code, offset: this.#at - this.#from }
    return false
  }

  #value(): boolean {
    const byte = this.#bytes[this.#at]
    if (byte === 0x22) return this.#string()
    if (byte === 0x7b) return this.#object()
    if (byte === 0x5b) return this.#array()
    if (byte === 0x74) return this.#word('true')
    if (byte === 0x66) return this.#word('false')
    if (byte === 0x6e) return this.#word('null')
    return this.#number()
  }

  #word(word: string): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.#at] !== word.charCodeAt(index)) return this.#bad()
      this.#at++
    }
    return true
  }

  #deeper(): boolean {
    this.#at++
    this.#depth++
    if (this.#depth <= maxMetadataDepth) return true
    this.fault = { code: 'wire/metadata-too-deep', got: this.#depth, most: maxMetadataDepth }
    return false
  }

  #oneMore(): boolean {
    this.#entries++
    if (this.#entries <= maxMetadataEntries) return true
    this.fault = { code: 'wire/metadata-too-many', got: this.#entries, most: maxMetadataEntries }
    return false
  }

  #object(): boolean {
    if (!this.#deeper()) return false
    let keyBefore = -1
    let endBefore = -1
    if (this.#bytes[this.#at] !== 0x7d) {
      do {
        const key = this.#at + 1
        if (!this.#oneMore() || !this.#string()) return this.#bad()
        const end = this.#at - 1
        if (keyBefore !== -1 && !this.#ascends(keyBefore, endBefore, key, end)) {
          this.#at = key
          return this.#bad()
        }
        keyBefore = key
        endBefore = end
        if (this.#bytes[this.#at] !== 0x3a) return this.#bad()
        this.#at++
        if (!this.#value()) return false
      } while (this.#comma())
    }
    return this.#close(0x7d)
  }

  #array(): boolean {
    if (!this.#deeper()) return false
    if (this.#bytes[this.#at] !== 0x5d) {
      do {
        if (!this.#oneMore() || !this.#value()) return false
      } while (this.#comma())
    }
    return this.#close(0x5d)
  }

  #close(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return this.#bad()
    this.#at++
    this.#depth--
    return true
  }

  #comma(): boolean {
    if (this.#bytes[this.#at] !== 0x2c) return false
    this.#at++
    return true
  }

  #string(): boolean {
    if (this.#bytes[this.#at] !== 0x22) return this.#bad()
    const bytes = this.#bytes
    const start = this.#at + 1
    let at = start
    let isAscii = true
    for (; ; at++) {
      const kind = inString[bytes[at]!]!
      if (kind === 0) continue
      if (kind === 2) isAscii = false
      else if (bytes[at] !== 0x5c) break
      else {
        const length = escapeLength(bytes, at)
        if (length === 0) break
        at += length - 1
      }
    }
    this.#at = at
    if (bytes[at] !== 0x22) return this.#bad()
    if (!isAscii && fromUtf8(bytes.subarray(start, at)) === undefined) return this.#bad()
    this.#at = at + 1
    return true
  }

  /** True when the text of one key comes before that of another. Each escape stands for one byte. */
  #ascends(first: number, firstEnd: number, second: number, secondEnd: number): boolean {
    const bytes = this.#bytes
    let left = first
    let right = second
    while (left < firstEnd && right < secondEnd) {
      const a = bytes[left]!
      const b = bytes[right]!
      const leftByte = a === 0x5c ? escapedByte(bytes, left) : a
      const rightByte = b === 0x5c ? escapedByte(bytes, right) : b
      if (leftByte !== rightByte) return leftByte < rightByte
      left += a === 0x5c ? escapeLength(bytes, left) : 1
      right += b === 0x5c ? escapeLength(bytes, right) : 1
    }
    return left >= firstEnd && right < secondEnd
  }

  #number(): boolean {
    const start = this.#at
    let isFloat = false
    for (; ; this.#at++) {
      const byte = this.#bytes[this.#at] ?? 0
      if (byte >= 0x30 && byte <= 0x39) continue
      if (byte === 0x2e || byte === 0x65 || byte === 0x2b) isFloat = true
      else if (byte !== 0x2d) break
    }
    const text = String.fromCharCode(...this.#bytes.subarray(start, Math.min(this.#at, start + 32)))
    const isCanonical = isFloat ? isFloatText(text) : isIntegerText(text)
    if (isCanonical && this.#at - start === text.length) {
      return !isFloat || isStable(Number(text), text) || this.#badNumber(start)
    }
    return this.#badNumber(start, 'wire/metadata-form')
  }

  #badNumber(start: number, code: MetadataFault['code'] = 'wire/metadata-number'): false {
    this.#at = start
    return this.#bad(code)
  }
}

function isIntegerText(text: string): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(text) && (text.length < 19 || isStoredInteger(BigInt(text)))
}

function isFloatText(text: string): boolean {
  return floatText(Number(text)) === text
}

/** Bytes of a canonical escape, or 0 where none is. */
function escapeLength(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case 0x22:
    case 0x5c:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2
    case 0x75:
      return isControlEscape(bytes, at) ? 6 : 0
    default:
      return 0
  }
}

/** True for `\u00xx` of a control character that has no short form. */
function isControlEscape(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 2] !== 0x30 || bytes[at + 3] !== 0x30) return false
  const high = bytes[at + 4]! - 0x30
  const low = hexDigit(bytes[at + 5]!)
  if (high < 0 || high > 1 || low === -1) return false
  const value = 16 * high + low
  return value !== 8 && value !== 9 && value !== 10 && value !== 12 && value !== 13
}

/** The byte that a canonical escape stands for. */
function escapedByte(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case 0x62:
      return 8
    case 0x66:
      return 12
    case 0x6e:
      return 10
    case 0x72:
      return 13
    case 0x74:
      return 9
    case 0x75:
      return 16 * (bytes[at + 4]! - 0x30) + hexDigit(bytes[at + 5]!)
    default:
      return bytes[at + 1]!
  }
}

/** The value of a digit in lower case, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1
}
