import { type Bytes, utf8 } from '@kithnet/kernel'

/** Bytes written one field after another, little-endian, in room that grows. */
export class ByteSink {
  #bytes: Bytes
  #view: DataView
  #length = 0

  constructor(room: number) {
    this.#bytes = new Uint8Array(room)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  /** What was written. Valid until the next write. */
  get bytes(): Bytes {
    return this.#bytes.subarray(0, this.#length)
  }

  u8(value: number): void {
    const at = this.#take(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    const at = this.#take(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    const at = this.#take(4)
    this.#view.setUint32(at, value, true)
  }

  u64(value: number): void {
    const at = this.#take(8)
    this.#view.setBigUint64(at, BigInt(value), true)
  }

  f64(value: number): void {
    const at = this.#take(8)
    this.#view.setFloat64(at, value, true)
  }

  /** Writes over a u32 that was written before. */
  u32At(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** One byte of length, then UTF-8. */
  text(text: string): void {
    const bytes = utf8(text)
    this.u8(bytes.length)
    this.raw(bytes)
  }

  /** Where the next field goes. Makes room first, so that the fields above see it. */
  #take(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      longer.set(this.#bytes.subarray(0, at))
      this.#bytes = longer
      this.#view = new DataView(longer.buffer)
    }
    return at
  }
}
