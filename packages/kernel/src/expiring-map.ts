import { after, type Instant } from './clock.ts'

/**
 * A bounded map whose entries die `ttlMs` after they were set. Entries expire in the order in which they
 * were set, so a sweep touches only the dead; at capacity the oldest is pushed out.
 */
export class ExpiringMap<Key, Value> {
  readonly #capacity: number
  readonly #ttlMs: number
  readonly #entries = new Map<Key, { readonly value: Value; readonly until: Instant }>()

  /** `capacity` >= 1 entries, each alive for `ttlMs` milliseconds. */
  constructor(capacity: number, ttlMs: number) {
    this.#capacity = capacity
    this.#ttlMs = ttlMs
  }

  /** Entries held, dead ones that no sweep has met included. */
  get size(): number {
    return this.#entries.size
  }

  get(key: Key, now: Instant): Value | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.until > now ? entry.value : undefined
  }

  has(key: Key, now: Instant): boolean {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.until > now
  }

  set(key: Key, value: Value, now: Instant): void {
    this.sweep(now)
    this.#entries.delete(key)
    if (this.#entries.size >= this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
    this.#entries.set(key, { value, until: after(now, this.#ttlMs) })
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Forgets what is dead. */
  sweep(now: Instant): void {
    for (const [key, entry] of this.#entries) {
      if (entry.until > now) return
      this.#entries.delete(key)
    }
  }

  /** Live and dead keys, oldest first. */
  keys(): IterableIterator<Key> {
    return this.#entries.keys()
  }
}
