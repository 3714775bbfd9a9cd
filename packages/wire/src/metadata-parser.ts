import { fail, fromUtf8, ok, type Result } from '@kithnet/kernel'
import type { BoundFault, MetadataFault } from './faults.ts'
import { type Metadata, MetadataFloat, type MetadataValue } from './metadata.ts'
import { maxCompatibleDepth } from './record-limits.ts'
import { upstreamFloat } from './upstream-float.ts'

/**
 * Reads metadata as elara-runtime does: whitespace is allowed, of equal keys the last one counts, floats are those
 * of `upstreamFloat`. No bytes at all are no metadata. Canonical bytes give what they say, exactly.
 */
export function parseCompatible(bytes: Uint8Array): Result<Metadata, MetadataFault | BoundFault> {
  if (bytes.length === 0) return ok(new Map())
  const text = fromUtf8(bytes)
  if (text === undefined) return fail({ code: 'wire/metadata-syntax', offset: 0 })
  const reader = new JsonReader(bytes, text)
  const metadata = reader.document()
  return metadata === undefined ? fail(reader.fault) : ok(metadata)
}

/** True for integers that are kept as such: what i64 and u64 hold. Source: serde_json. */
export function isStoredInteger(integer: bigint): boolean {
  return integer >= -(2n ** 63n) && integer < 2n ** 64n
}

/** Characters of the longest integer that is kept as one: -2^63 and 2^64 - 1 both have 20. */
const longestInteger = 20

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const unitPattern = /^[\da-fA-F]{4}$/

/**
 * One pass over JSON in UTF-8. A method that finds a fault leaves it in `fault` and gives `undefined`. The bytes are
 * looked at one by one, because that takes half the time of characters; what is kept is cut from the text.
 */
class JsonReader {
  readonly #bytes: Uint8Array
  readonly #text: string
  readonly #isAscii: boolean
  #at = 0
  #depth = 0
  fault: MetadataFault | BoundFault = { code: 'wire/metadata-syntax', offset: 0 }

  constructor(bytes: Uint8Array, text: string) {
    this.#bytes = bytes
    this.#text = text
    this.#isAscii = text.length === bytes.length
  }

  document(): Metadata | undefined {
    if (this.#peek() !== 0x7b) return this.#bad()
    const metadata = this.#object()
    if (metadata === undefined) return undefined
    return this.#peek() === -1 ? metadata : this.#bad()
  }

  #bad(): undefined {
    this.fault = { code: 'wire/metadata-syntax', offset: this.#at }
  }

  /** The text of a part, which begins and ends between characters. */
  #cut(from: number, to: number): string {
    if (this.#isAscii) return this.#text.slice(from, to)
    return fromUtf8(this.#bytes.subarray(from, to)) ?? ''
  }

  /** The next byte that is no whitespace, or -1 at the end. */
  #peek(): number {
    const bytes = this.#bytes
    while (this.#at < bytes.length) {
      const byte = bytes[this.#at]!
      if (byte > 0x20) return byte
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.#at++
    }
    return -1
  }

  #value(): MetadataValue | undefined {
    const byte = this.#peek()
    if (byte === 0x22) return this.#string()
    if (byte === 0x7b) return this.#object()
    if (byte === 0x5b) return this.#array()
    if (byte === 0x74) return this.#word('true', true)
    if (byte === 0x66) return this.#word('false', false)
    if (byte === 0x6e) return this.#word('null', null)
    return this.#number()
  }

  #word<T extends MetadataValue>(word: string, value: T): T | undefined {
    if (this.#cut(this.#at, this.#at + word.length) !== word) return this.#bad()
    this.#at += word.length
    return value
  }

  #deeper(): boolean {
    this.#at++
    this.#depth++
    if (this.#depth <= maxCompatibleDepth) return true
    this.fault = { code: 'wire/metadata-too-deep', got: this.#depth, most: maxCompatibleDepth }
    return false
  }

  #object(): ReadonlyMap<string, MetadataValue> | undefined {
    if (!this.#deeper()) return undefined
    const members = new Map<string, MetadataValue>()
    if (this.#peek() !== 0x7d) {
      do {
        if (this.#peek() !== 0x22) return this.#bad()
        const key = this.#string()
        if (key === undefined) return undefined
        if (this.#peek() !== 0x3a) return this.#bad()
        this.#at++
        const value = this.#value()
        if (value === undefined) return undefined
        members.set(key, value)
      } while (this.#comma())
    }
    return this.#close(0x7d) ? members : undefined
  }

  #array(): readonly MetadataValue[] | undefined {
    if (!this.#deeper()) return undefined
    const elements: MetadataValue[] = []
    if (this.#peek() !== 0x5d) {
      do {
        const value = this.#value()
        if (value === undefined) return undefined
        elements.push(value)
      } while (this.#comma())
    }
    return this.#close(0x5d) ? elements : undefined
  }

  #close(byte: number): boolean {
    if (this.#peek() !== byte) {
      this.#bad()
      return false
    }
    this.#at++
    this.#depth--
    return true
  }

  #comma(): boolean {
    if (this.#peek() !== 0x2c) return false
    this.#at++
    return true
  }

  #number(): bigint | MetadataFloat | undefined {
    const start = this.#at
    while (isNumberByte(this.#bytes[this.#at])) this.#at++
    const text = this.#cut(start, this.#at)
    if (!numberPattern.test(text)) return this.#bad()
    if (text.length <= longestInteger && /^(?!-0$)-?\d+$/.test(text)) {
      const integer = BigInt(text)
      if (isStoredInteger(integer)) return integer
    }
    const value = upstreamFloat(text)
    if (value !== undefined) return new MetadataFloat(value)
    this.fault = { code: 'wire/metadata-number', offset: start }
    return undefined
  }

  #string(): string | undefined {
    const bytes = this.#bytes
    let start = ++this.#at
    let whole = ''
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte !== 0x22 && byte !== 0x5c && byte >= 0x20) continue
      this.#at = at
      if (byte < 0x20) return this.#bad()
      const run = this.#cut(start, at)
      whole = whole === '' ? run : whole + run
      this.#at = at + 1
      if (byte === 0x22) return whole
      const escaped = this.#escape()
      if (escaped === undefined) return undefined
      whole += escaped
      start = this.#at
      at = start - 1
    }
    this.#at = bytes.length
    return this.#bad()
  }

  #escape(): string | undefined {
    const letter = String.fromCharCode(this.#bytes[this.#at] ?? 0)
    this.#at++
    if (letter !== 'u') return simpleEscapes[letter] ?? this.#bad()
    const first = this.#unit()
    if (first === undefined || (first & 0xfc00) === 0xdc00) return this.#bad()
    if ((first & 0xfc00) !== 0xd800) return String.fromCharCode(first)
    if (this.#bytes[this.#at] !== 0x5c || this.#bytes[this.#at + 1] !== 0x75) return this.#bad()
    this.#at += 2
    const second = this.#unit()
    if (second === undefined || (second & 0xfc00) !== 0xdc00) return this.#bad()
    return String.fromCharCode(first, second)
  }

  /** Four hexadecimal digits. */
  #unit(): number | undefined {
    const digits = String.fromCharCode(...this.#bytes.subarray(this.#at, this.#at + 4))
    if (!unitPattern.test(digits)) return undefined
    this.#at += 4
    return Number.parseInt(digits, 16)
  }
}

/** Digits, signs, the point and the letter of an exponent. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  if (byte >= 0x30 && byte <= 0x39) return true
  return byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x65 || byte === 0x45
}
