/**
 * A running hash over what happened in a simulation, 64 bits in two lanes. It tells two runs apart by
 * accident, not by malice: equal seeds must give equal hashes on every host.
 */
export class Trace {
  // Source: our choice, the first bits of the fractions of pi.
  #a = 0x243f6a88
  #b = 0x85a308d3

  /** Takes 32 bits in. Multipliers: xxHash32 and MurmurHash3. */
  word(value: number): void {
    const a = Math.imul(this.#a ^ value, 0x9e3779b1)
    this.#a = (a << 13) | (a >>> 19)
    const b = Math.imul(this.#b + value, 0x85ebca6b)
    this.#b = ((b << 17) | (b >>> 15)) ^ a
  }

  /** Takes a non-negative integer below 2^53 in. */
  integer(value: number): void {
    this.word(value | 0)
    this.word((value / 2 ** 32) | 0)
  }

  text(value: string): void {
    for (let index = 0; index < value.length; index++) this.word(value.charCodeAt(index))
    this.word(value.length)
  }

  bytes(value: Uint8Array): void {
    for (let index = 0; index < value.length; index++) this.word(value[index]!)
    this.word(value.length)
  }

  /** Sixteen hexadecimal digits. */
  get hash(): string {
    return [this.#a ^ (this.#b >>> 7), this.#b].map((lane) => hex32(lane >>> 0)).join('')
  }
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0')
}
