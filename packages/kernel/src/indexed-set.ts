import type { Rng } from './rng.ts'

/** A set with a uniform random pick in constant time. Iterates in an order that only its history decides. */
export class IndexedSet<T> {
  readonly #items: T[] = []
  readonly #indexByItem = new Map<T, number>()

  constructor(items: Iterable<T> = []) {
    for (const item of items) this.add(item)
  }

  get size(): number {
    return this.#items.length
  }

  /** The elements. Valid until the next change. */
  get values(): readonly T[] {
    return this.#items
  }

  has(item: T): boolean {
    return this.#indexByItem.has(item)
  }

  /** True when the element was not there before. */
  add(item: T): boolean {
    if (this.#indexByItem.has(item)) return false
    this.#indexByItem.set(item, this.#items.length)
    this.#items.push(item)
    return true
  }

  /** True when the element was there. */
  delete(item: T): boolean {
    const index = this.#indexByItem.get(item)
    if (index === undefined) return false
    this.#indexByItem.delete(item)
    const last = this.#items.pop()!
    if (index < this.#items.length) {
      this.#items[index] = last
      this.#indexByItem.set(last, index)
    }
    return true
  }

  clear(): void {
    this.#items.length = 0
    this.#indexByItem.clear()
  }

  /** A uniformly chosen element, or `undefined` when empty. */
  pick(rng: Rng): T | undefined {
    return this.#items.length === 0 ? undefined : this.#items[rng.below(this.#items.length)]
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items[Symbol.iterator]()
  }
}
