import { type Bytes, utf8 } from '@kithnet/kernel'
import { idLength, maxRecordBytes } from './record-limits.ts'
import { writeUuid } from './uuid-text.ts'

/** One preallocated buffer that is written from the start again and again, and grows when it has to. */
export class ByteSink {
  bytes: Bytes = new Uint8Array(maxRecordBytes)
  length = 0
  view: DataView = new DataView(this.bytes.buffer)

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed > this.bytes.length) this.#grow(needed)
  }

  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  u16(value: number): void {
    this.reserve(2)
    this.view.setUint16(this.length, value)
    this.length += 2
  }

  u32(value: number): void {
    this.reserve(4)
    this.view.setUint32(this.length, value)
    this.length += 4
  }

  f64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.length, value)
    this.length += 8
  }

  /** Writes over four bytes that are there. */
  setU32(at: number, value: number): void {
    this.view.setUint32(at, value)
  }

  all(part: Uint8Array): void {
    this.reserve(part.length)
    this.bytes.set(part, this.length)
    this.length += part.length
  }

  /** Characters below U+0080. */
  ascii(text: string): void {
    this.reserve(text.length)
    const { bytes } = this
    let at = this.length
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index)
    this.length = at
  }

  /** A UUID; false, and nothing is written, when the text is none. */
  uuid(text: string): boolean {
    this.reserve(idLength)
    if (!writeUuid(this.view, this.length, text)) return false
    this.length += idLength
    return true
  }

  /** UTF-8. */
  text(text: string): void {
    this.all(utf8(text))
  }

  /** What was written, as a view that the next writing overwrites. */
  written(): Bytes {
    return new Uint8Array(this.bytes.buffer, 0, this.length)
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
    grown.set(new Uint8Array(this.bytes.buffer, 0, this.length))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}
