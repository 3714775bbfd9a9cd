import type { Instant } from './clock.ts'

interface Entry<Key> {
  readonly key: Key
  at: Instant
  order: number
  index: number
}

/**
 * Keyed absolute timers in a binary heap. Arming a key replaces its instant, so a stale firing cannot
 * exist. Keys with the same instant come out in the order in which they were armed.
 */
export class Deadlines<Key> {
  readonly #heap: Entry<Key>[] = []
  readonly #entryByKey = new Map<Key, Entry<Key>>()
  #order = 0

  /** Number of armed keys. */
  get size(): number {
    return this.#heap.length
  }

  /** The earliest instant, or `undefined` when nothing is armed. */
  get next(): Instant | undefined {
    return this.#heap[0]?.at
  }

  arm(key: Key, at: Instant): void {
    const known = this.#entryByKey.get(key)
    if (known !== undefined) {
      known.at = at
      known.order = this.#order++
      this.#sift(known)
      return
    }
    const entry = { key, at, order: this.#order++, index: this.#heap.length }
    this.#entryByKey.set(key, entry)
    this.#heap.push(entry)
    this.#up(entry)
  }

  disarm(key: Key): void {
    const entry = this.#entryByKey.get(key)
    if (entry === undefined) return
    this.#entryByKey.delete(key)
    const last = this.#heap.pop()!
    if (last === entry) return
    last.index = entry.index
    this.#heap[last.index] = last
    this.#sift(last)
  }

  /** Removes and returns the earliest key that is due at `now`, or `undefined`. */
  takeDue(now: Instant): Key | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    this.disarm(first.key)
    return first.key
  }

  clear(): void {
    this.#heap.length = 0
    this.#entryByKey.clear()
  }

  #sift(entry: Entry<Key>): void {
    if (!this.#up(entry)) this.#down(entry)
  }

  #up(entry: Entry<Key>): boolean {
    const from = entry.index
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1]!
      if (!before(entry, parent)) break
      this.#swap(entry, parent)
    }
    return entry.index !== from
  }

  #down(entry: Entry<Key>): void {
    for (;;) {
      const left = this.#heap[entry.index * 2 + 1]
      if (left === undefined) return
      const right = this.#heap[entry.index * 2 + 2]
      const child = right !== undefined && before(right, left) ? right : left
      if (!before(child, entry)) return
      this.#swap(child, entry)
    }
  }

  #swap(a: Entry<Key>, b: Entry<Key>): void {
    const index = a.index
    a.index = b.index
    b.index = index
    this.#heap[a.index] = a
    this.#heap[b.index] = b
  }
}

function before<Key>(a: Entry<Key>, b: Entry<Key>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
