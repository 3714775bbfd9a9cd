import { assert, type Bytes, concat, fail, fromUtf8, ok, type Result, utf8 } from '@kithnet/kernel'
import type { Defect, MalformedFault } from './faults.ts'

/** Largest 64-bit number. */
const maxU64 = 2n ** 64n - 1n

/** Longest preimage that is read. Source: our choice; a holding claim of 250,000 symbols. */
const maxPreimageBytes = 1_048_576

/** Domain separators of 16 bytes: ASCII, zeros on the right. */
export function paddedDomain(tag: string): Bytes {
  const domain = new Uint8Array(16)
  domain.set(utf8(tag))
  return domain
}

/**
 * Writes the ancestor's signing preimages: big-endian numbers of fixed width, texts behind their length. A value
 * outside its width is a mistake of the caller.
 */
export class FixedWidthWriter {
  readonly #parts: Uint8Array[] = []

  /** As they are, without a length. */
  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes)
    return this
  }

  u8(value: number): this {
    return this.#number(BigInt(value), 1)
  }

  u16(value: number): this {
    return this.#number(BigInt(value), 2)
  }

  u32(value: number): this {
    return this.#number(BigInt(value), 4)
  }

  u64(value: bigint): this {
    return this.#number(value, 8)
  }

  /** Two's complement. */
  i64(value: bigint): this {
    assert(value === BigInt.asIntN(64, value), 'a number fits its width')
    return this.#number(BigInt.asUintN(64, value), 8)
  }

  /** IEEE 754, single precision. */
  f32(value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value)
    return this.bytes(bytes)
  }

  /** UTF-8 behind its length in four bytes. */
  text32(text: string): this {
    const encoded = encodeText(text)
    return this.u32(encoded.length).bytes(encoded)
  }

  /** UTF-8 behind its length in eight bytes. */
  text64(text: string): this {
    const encoded = encodeText(text)
    return this.u64(BigInt(encoded.length)).bytes(encoded)
  }

  finish(): Bytes {
    return concat(...this.#parts)
  }

  #number(value: bigint, width: number): this {
    assert(value >= 0n && value <= maxU64 >> BigInt(64 - 8 * width), 'a number fits its width')
    const bytes = new Uint8Array(width)
    for (let at = width - 1, rest = value; at >= 0; at--, rest >>= 8n)
      bytes[at] = Number(rest & 255n)
    return this.bytes(bytes)
  }
}

/**
 * Reads what `FixedWidthWriter` writes. The first defect sticks: everything read after it is empty, and `finish` tells
 * it. So a decoder reads straight through, and checks nothing on the way but what bounds an allocation.
 */
export class FixedWidthReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #fault: MalformedFault | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length > maxPreimageBytes) this.refuse('too-long')
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Bytes {
    const at = this.#take(length)
    return at === undefined
      ? new Uint8Array(0)
      : Uint8Array.from(this.#bytes.subarray(at, at + length))
  }

  domain(expected: Uint8Array): void {
    const got = this.bytes(expected.length)
    if (!expected.every((byte, at) => byte === got[at])) this.refuse('domain')
  }

  u8(): number {
    const at = this.#take(1)
    return at === undefined ? 0 : this.#view.getUint8(at)
  }

  u16(): number {
    const at = this.#take(2)
    return at === undefined ? 0 : this.#view.getUint16(at)
  }

  u32(): number {
    const at = this.#take(4)
    return at === undefined ? 0 : this.#view.getUint32(at)
  }

  u64(): bigint {
    const at = this.#take(8)
    return at === undefined ? 0n : this.#view.getBigUint64(at)
  }

  i64(): bigint {
    const at = this.#take(8)
    return at === undefined ? 0n : this.#view.getBigInt64(at)
  }

  text32(): string {
    return this.#text(this.u32())
  }

  text64(): string {
    const length = this.u64()
    if (length > BigInt(this.#bytes.length)) this.refuse('truncated')
    return this.#text(Number(length))
  }

  /** A count of items of at least `eachBytes` bytes each: no more than can follow. */
  count(eachBytes: number, count: number = this.u32()): number {
    if (count > (this.#bytes.length - this.#at) / eachBytes) this.refuse('truncated')
    return this.#fault === undefined ? count : 0
  }

  /** Refuses a list whose neighbours are out of order; `strict` refuses equal ones too. */
  ordered<T>(items: readonly T[], compare: (a: T, b: T) => number, strict: boolean): readonly T[] {
    for (let index = 1; index < items.length; index++) {
      const order = compare(items[index - 1]!, items[index]!)
      if (order > 0 || (strict && order === 0)) this.refuse('order')
    }
    return items
  }

  /** The first defect is the one that is told. */
  refuse(why: Defect): void {
    this.#fault ??= { code: 'holonomic/malformed', why, atByte: this.#at }
  }

  finish<T>(value: T): Result<T, MalformedFault> {
    if (this.#at < this.#bytes.length) this.refuse('trailing')
    return this.#fault === undefined ? ok(value) : fail(this.#fault)
  }

  #take(length: number): number | undefined {
    if (this.#fault !== undefined) return undefined
    const at = this.#at
    if (length > this.#bytes.length - at) {
      this.refuse('truncated')
      return undefined
    }
    this.#at += length
    return at
  }

  #text(length: number): string {
    const at = this.#take(length)
    if (at === undefined) return ''
    const text = fromUtf8(this.#bytes.subarray(at, at + length))
    if (text === undefined || text.includes('\0')) this.refuse('text')
    return text ?? ''
  }
}

function encodeText(text: string): Bytes {
  assert(text.isWellFormed() && !text.includes('\0'), 'a text is well-formed and has no zero in it')
  return utf8(text)
}
