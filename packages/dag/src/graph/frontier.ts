import { withExactRoom, withRoom } from './columns.ts'

/**
 * Ordered sets of numbers, one for each group, from which the members in the middle leave in constant time: who has no
 * child yet. Numbers join in rising order, so each set is sorted.
 */
export class Frontier {
  /** 0: not a member; 1: at the end; else the neighbour + 2. */
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  readonly #first: number[] = []
  readonly #last: number[] = []
  readonly #counts: number[] = []

  /** An equal one that changes on its own. */
  copy(): Frontier {
    const copy = new Frontier()
    copy.#next = this.#next.slice()
    copy.#previous = this.#previous.slice()
    copy.#first.push(...this.#first)
    copy.#last.push(...this.#last)
    copy.#counts.push(...this.#counts)
    return copy
  }

  /** Makes room for the numbers below `size`. */
  reserve(size: number): void {
    this.#next = withExactRoom(this.#next, size)
    this.#previous = withExactRoom(this.#previous, size)
  }

  /** A number above all before it joins a group. */
  add(group: number, node: number): void {
    if (node >= this.#next.length) {
      this.#next = withRoom(this.#next, node + 1)
      this.#previous = withRoom(this.#previous, node + 1)
    }
    const last = this.#last[group] ?? none
    this.#next[node] = atEnd
    this.#previous[node] = last + shift
    if (last === none) this.#first[group] = node
    else this.#next[last] = node + shift
    this.#last[group] = node
    this.#counts[group] = (this.#counts[group] ?? 0) + 1
  }

  /** A number leaves its group, where it is a member. */
  remove(group: number, node: number): void {
    const next = (this.#next[node] ?? 0) - shift
    if (next < none) return
    const previous = this.#previous[node]! - shift
    if (previous === none) this.#first[group] = next
    else this.#next[previous] = next + shift
    if (next === none) this.#last[group] = previous
    else this.#previous[next] = previous + shift
    this.#next[node] = 0
    this.#counts[group]!--
  }

  count(group: number): number {
    return this.#counts[group] ?? 0
  }

  /** In rising order; of more than `most` the greatest. */
  list(group: number, most: number = Infinity): number[] {
    const members: number[] = []
    let node = this.#last[group] ?? none
    while (node !== none && members.length < most) {
      members.push(node)
      node = this.#previous[node]! - shift
    }
    return members.toReversed()
  }
}

/** No neighbour. */
const none = -1
const shift = 2
const atEnd = none + shift
