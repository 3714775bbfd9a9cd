/** A map that forgets its least recently used entry when a new one would exceed the capacity. */
export class BoundedMap<Key, Value> {
  readonly #capacity: number
  readonly #entries = new Map<Key, Value>()
  readonly #onEvict: ((key: Key, value: Value) => void) | undefined

  /** `capacity` >= 1, in entries. `onEvict` is told of entries pushed out, not of deleted ones. */
  constructor(capacity: number, onEvict?: (key: Key, value: Value) => void) {
    this.#capacity = capacity
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#entries.size
  }

  has(key: Key): boolean {
    return this.#entries.has(key)
  }

  /** The value, which becomes the most recently used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  /** The value, without touching its age. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#capacity) this.#evict()
    this.#entries.set(key, value)
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Oldest first. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]()
  }

  #evict(): void {
    for (const [key, value] of this.#entries) {
      this.#entries.delete(key)
      this.#onEvict?.(key, value)
      return
    }
  }
}
