import { utf8 } from '@kithnet/kernel'
import type { ByteSink } from './byte-sink.ts'
import { byCodePoint } from './code-point-order.ts'
import type { BoundFault, MetadataFault } from './faults.ts'
import { floatText } from './float-text.ts'
import { type Metadata, MetadataFloat, type MetadataValue } from './metadata.ts'
import { isStoredInteger } from './metadata-parser.ts'
import {
  maxCompatibleDepth,
  maxMetadataBytes,
  maxMetadataDepth,
  maxMetadataEntries,
} from './record-limits.ts'
import type { Mode } from './record-fields.ts'
import { isStable } from './stable-float.ts'

/** Short forms of control characters; the others are `\u00xx`. Source: serde_json. */
const shortEscapes: Readonly<Record<number, string>> = {
  0x08: '\\b',
  0x09: '\\t',
  0x0a: '\\n',
  0x0c: '\\f',
  0x0d: '\\r',
  0x22: '\\"',
  0x5c: '\\\\',
}

/** 0 for the characters below U+0080 that stand for themselves in a string. */
const plain = Uint8Array.from({ length: 128 }, (_, unit) =>
  unit < 0x20 || unit === 0x22 || unit === 0x5c ? 1 : 0,
)

/**
 * Appends the canonical JSON of metadata to a sink. Strict refuses what a strict reader would: too much of it, and
 * floats whose text not every reader turns into the same number.
 */
export class MetadataWriter {
  readonly #sink: ByteSink
  #strict = true
  #entries = 0
  #fault: MetadataFault | BoundFault | undefined

  constructor(sink: ByteSink) {
    this.#sink = sink
  }

  /** What keeps this metadata from being written, or nothing once it is. */
  write(metadata: Metadata, mode: Mode): MetadataFault | BoundFault | undefined {
    this.#strict = mode === 'strict'
    this.#entries = 0
    this.#fault = undefined
    const start = this.#sink.length
    this.#object(metadata, 1)
    if (this.#fault !== undefined || mode === 'compatible') return this.#fault
    const got = this.#sink.length - start
    if (got <= maxMetadataBytes) return undefined
    return { code: 'wire/metadata-too-long', got, most: maxMetadataBytes }
  }

  #object(members: Metadata, depth: number): void {
    if (!this.#within(members.size, depth)) return
    const sink = this.#sink
    sink.u8(0x7b)
    const start = sink.length
    const entries = this.#entries
    let before: string | undefined
    for (const [key, value] of members) {
      // What was read lies in order already. What does not is written again, in order.
      if (before !== undefined && byCodePoint(before, key) >= 0) {
        sink.length = start
        this.#entries = entries
        this.#sorted(members, depth)
        break
      }
      if (before !== undefined) sink.u8(0x2c)
      this.#member(key, value, depth)
      if (this.#fault !== undefined) return
      before = key
    }
    sink.u8(0x7d)
  }

  #sorted(members: Metadata, depth: number): void {
    let isFirst = true
    for (const key of [...members.keys()].sort(byCodePoint)) {
      if (!isFirst) this.#sink.u8(0x2c)
      this.#member(key, members.get(key)!, depth)
      if (this.#fault !== undefined) return
      isFirst = false
    }
  }

  #member(key: string, value: MetadataValue, depth: number): void {
    this.#string(key)
    this.#sink.u8(0x3a)
    this.#value(value, depth)
  }

  #array(elements: readonly MetadataValue[], depth: number): void {
    if (!this.#within(elements.length, depth)) return
    this.#sink.u8(0x5b)
    for (let index = 0; index < elements.length; index++) {
      if (index > 0) this.#sink.u8(0x2c)
      this.#value(elements[index]!, depth)
      if (this.#fault !== undefined) return
    }
    this.#sink.u8(0x5d)
  }

  #value(value: MetadataValue, depth: number): void {
    if (typeof value === 'string') this.#string(value)
    else if (typeof value === 'bigint') this.#integer(value)
    else if (typeof value === 'boolean') this.#sink.ascii(value ? 'true' : 'false')
    else if (value === null) this.#sink.ascii('null')
    else if (value instanceof MetadataFloat) this.#float(value.value)
    else if (value instanceof Map) this.#object(value as Metadata, depth + 1)
    else this.#array(value as readonly MetadataValue[], depth + 1)
  }

  #within(entries: number, depth: number): boolean {
    this.#entries += entries
    const deepest = this.#strict ? maxMetadataDepth : maxCompatibleDepth
    if (depth > deepest) {
      this.#fault = { code: 'wire/metadata-too-deep', got: depth, most: deepest }
    } else if (this.#strict && this.#entries > maxMetadataEntries) {
      this.#fault = { code: 'wire/metadata-too-many', got: this.#entries, most: maxMetadataEntries }
    }
    return this.#fault === undefined
  }

  #integer(value: bigint): void {
    if (isStoredInteger(value)) this.#sink.ascii(String(value))
    else this.#fault = { code: 'wire/metadata-number', offset: 0 }
  }

  #float(value: number): void {
    const text = floatText(value)
    if (this.#strict && !isStable(value, text)) {
      this.#fault = { code: 'wire/metadata-number', offset: 0 }
    } else {
      this.#sink.ascii(text)
    }
  }

  #string(text: string): void {
    const sink = this.#sink
    const { length } = text
    sink.reserve(length + 2)
    const { bytes } = sink
    let at = sink.length
    bytes[at++] = 0x22
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80 || plain[unit] !== 0) {
        this.#escaped(text)
        return
      }
      bytes[at++] = unit
    }
    bytes[at++] = 0x22
    sink.length = at
  }

  #escaped(text: string): void {
    if (!text.isWellFormed()) {
      this.#fault = { code: 'wire/metadata-form', offset: 0 }
      return
    }
    this.#sink.u8(0x22)
    for (const byte of utf8(text)) {
      const short = shortEscapes[byte]
      if (short !== undefined) this.#sink.ascii(short)
      else if (byte >= 0x20) this.#sink.u8(byte)
      else this.#sink.ascii(`\\u00${byte.toString(16).padStart(2, '0')}`)
    }
    this.#sink.u8(0x22)
  }
}
