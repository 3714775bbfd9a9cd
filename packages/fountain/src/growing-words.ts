/** Whole numbers in a row that grows: 32 bits each, without the cost of an array of numbers. */
export class GrowingWords {
  #words: Int32Array<ArrayBuffer>
  #length = 0

  constructor(expected: number) {
    this.#words = new Int32Array(Math.max(expected, 16))
  }

  get length(): number {
    return this.#length
  }

  push(word: number): void {
    if (this.#length === this.#words.length) this.#grow()
    this.#words[this.#length++] = word
  }

  /** The numbers so far; a view that later ones may or may not reach. */
  taken(): Int32Array<ArrayBuffer> {
    return this.#words.subarray(0, this.#length)
  }

  #grow(): void {
    const larger = new Int32Array(this.#words.length * 2)
    larger.set(this.#words)
    this.#words = larger
  }
}
