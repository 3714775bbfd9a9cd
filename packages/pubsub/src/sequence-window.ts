/**
 * Which numbers of a sequence have been taken: runs above a floor. Below the floor everything counts as taken.
 * Bounded: with too many runs the lowest two become one, and the numbers between them are given up.
 */
export class SequenceWindow {
  /** Flat: first and end (exclusive) of each run, rising. */
  readonly #runs: number[] = []
  readonly #capacity: number

  /** `capacity` >= 1 runs. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** One above the highest number taken; 0 when there is none. */
  get next(): number {
    return this.#runs.at(-1) ?? 0
  }

  has(seq: number): boolean {
    const runs = this.#runs
    if (seq >= this.next) return false
    const at = this.#runAt(seq)
    return at >= 0 && seq < runs[at + 1]!
  }

  /** False when it was taken before. */
  add(seq: number): boolean {
    const runs = this.#runs
    if (seq === this.next && runs.length > 0) {
      runs[runs.length - 1] = seq + 1
      return true
    }
    const at = this.#runAt(seq)
    if (at >= 0 && seq < runs[at + 1]!) return false
    const joinsLeft = at >= 0 && runs[at + 1] === seq
    const joinsRight = runs[at + 2] === seq + 1
    if (joinsLeft && joinsRight) runs.splice(at + 1, 2)
    else if (joinsLeft) runs[at + 1] = seq + 1
    else if (joinsRight) runs[at + 2] = seq
    else runs.splice(at + 2, 0, seq, seq + 1)
    if (runs.length > this.#capacity * 2) runs.splice(1, 2)
    return true
  }

  /** Index of the last run that begins at or before `seq`, or -2. */
  #runAt(seq: number): number {
    let low = 0
    let high = this.#runs.length >> 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#runs[middle * 2]! <= seq) low = middle + 1
      else high = middle
    }
    return (low - 1) * 2
  }
}
