/** Finds the ends of messages, each behind its length of 32 bits, in a stream of bytes; keeps none of them. */
export class LengthReader {
  readonly #done: (length: number) => void
  readonly #head = new Uint8Array(4)
  #headHave = 0
  #length = 0
  #left = 0

  /** `done` is told the length of each message when all of it has come. */
  constructor(done: (length: number) => void) {
    this.#done = done
  }

  push(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#headHave < 4) {
        this.#head[this.#headHave++] = bytes[at++]!
        if (this.#headHave < 4) continue
        this.#length = new DataView(this.#head.buffer).getUint32(0)
        this.#left = this.#length
      }
      const taken = Math.min(this.#left, bytes.length - at)
      this.#left -= taken
      at += taken
      if (this.#left > 0) return
      this.#headHave = 0
      this.#done(this.#length)
    }
  }
}

/** Gives each count of 32 bits in a stream of bytes. */
export class CountReader {
  readonly #counted: (count: number) => void
  readonly #bytes = new Uint8Array(4)
  #have = 0

  constructor(counted: (count: number) => void) {
    this.#counted = counted
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#bytes[this.#have++] = byte
      if (this.#have < 4) continue
      this.#have = 0
      this.#counted(new DataView(this.#bytes.buffer).getUint32(0))
    }
  }
}
