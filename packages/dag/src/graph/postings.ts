import { withExactRoom, withRoom } from './columns.ts'

/** For each group, the numbers in it, in the order in which they came: four bytes a number. */
export class Postings {
  /** The next number of the same group, + 1; or 0. */
  #next = new Int32Array(0)
  /** Per group, its first and its last number, + 1. */
  #first = new Int32Array(0)
  #last = new Int32Array(0)
  #counts = new Int32Array(0)

  /** Makes room for the numbers below `size`. */
  reserve(size: number): void {
    this.#next = withExactRoom(this.#next, size)
  }

  add(group: number, node: number): void {
    if (node >= this.#next.length) this.#next = withRoom(this.#next, node + 1)
    if (group >= this.#counts.length) this.#grow(group + 1)
    const last = this.#last[group]!
    if (last === 0) this.#first[group] = node + 1
    else this.#next[last - 1] = node + 1
    this.#last[group] = node + 1
    this.#counts[group]!++
  }

  count(group: number): number {
    return this.#counts[group] ?? 0
  }

  *of(group: number): Generator<number, undefined> {
    for (let node = this.#first[group] ?? 0; node !== 0; node = this.#next[node - 1]!)
      yield node - 1
  }

  #grow(groups: number): void {
    this.#first = withRoom(this.#first, groups)
    this.#last = withRoom(this.#last, groups)
    this.#counts = withRoom(this.#counts, groups)
  }
}
