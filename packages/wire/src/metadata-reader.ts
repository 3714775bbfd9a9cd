import { assert, fromUtf8 } from '@kithnet/kernel'
import { asciiAt } from './ascii-text.ts'
import { type Metadata, MetadataFloat, type MetadataValue } from './metadata.ts'

/** The values of metadata that `scanMetadata` has found strict: what is canonical needs no second look. */
export function readCanonical(bytes: Uint8Array, from: number): Metadata {
  return new CanonicalReader(bytes, from).object()
}

/** Longest text that is put together from characters; longer ones are decoded. Source: measured. */
const shortText = 40

/** One pass over canonical JSON. */
class CanonicalReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes
    this.#at = from
  }

  object(): Metadata {
    const members = new Map<string, MetadataValue>()
    this.#at++
    while (this.#bytes[this.#at] !== 0x7d) {
      if (this.#bytes[this.#at] === 0x2c) this.#at++
      const key = this.#string()
      this.#at++
      members.set(key, this.#value())
    }
    this.#at++
    return members
  }

  #array(): readonly MetadataValue[] {
    const elements: MetadataValue[] = []
    this.#at++
    while (this.#bytes[this.#at] !== 0x5d) {
      if (this.#bytes[this.#at] === 0x2c) this.#at++
      elements.push(this.#value())
    }
    this.#at++
    return elements
  }

  #value(): MetadataValue {
    switch (this.#bytes[this.#at]) {
      case 0x22:
        return this.#string()
      case 0x7b:
        return this.object()
      case 0x5b:
        return this.#array()
      case 0x74:
        this.#at += 4
        return true
      case 0x66:
        this.#at += 5
        return false
      case 0x6e:
        this.#at += 4
        return null
      default:
        return this.#number()
    }
  }

  #number(): bigint | MetadataFloat {
    const bytes = this.#bytes
    const start = this.#at
    let at = start
    for (; ; at++) {
      const byte = bytes[at]
      if (byte === 0x2c || byte === 0x7d || byte === 0x5d) break
    }
    this.#at = at
    const text = asciiAt(bytes, start, at - start)
    const isFloat = text.includes('.') || text.includes('e')
    return isFloat ? new MetadataFloat(Number(text)) : BigInt(text)
  }

  #string(): string {
    const bytes = this.#bytes
    const start = this.#at + 1
    let at = start
    let all = 0
    let isEscaped = false
    for (; ; at++) {
      const byte = bytes[at]!
      if (byte === 0x22) break
      all |= byte
      if (byte === 0x5c) {
        isEscaped = true
        at++
      }
    }
    this.#at = at + 1
    if (isEscaped) return unescaped(textOf(bytes, start, at))
    if (all < 0x80 && at - start <= shortText) return asciiAt(bytes, start, at - start)
    return textOf(bytes, start, at)
  }
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  const text = fromUtf8(bytes.subarray(from, to))
  assert(text !== undefined, 'strict metadata is UTF-8')
  return text
}

/** What the canonical short escapes stand for; the other two stand for themselves. */
const shortEscapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u00(..)|(.))/g, (_, control?: string, letter = '') =>
    control === undefined
      ? (shortEscapes[letter as string] ?? (letter as string))
      : String.fromCharCode(Number.parseInt(control, 16)),
  )
}
