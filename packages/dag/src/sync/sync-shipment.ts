import type { SyncItem } from './sync-keys.ts'
import { maxItems, type SessionMessage } from './sync-messages.ts'

/**
 * Bytes of items that are on their way or wait to be verified, in each direction, but for the last item. Source: our
 * choice: what a link of 100 ms carries at 40 Mbit/s.
 */
export const windowBytes = 524_288
/** Bytes of a chunk, but for its last item. Source: our choice: four to a window. */
const chunkBytes = 131_072

/** What one side gives the other, in order, with no more on its way than the other side has room for. */
export class Shipment {
  #keys: readonly string[] = []
  #next = 0
  #isLoading = false
  #hasBegun = false
  #saidLast = false
  #underwayBytes = 0
  sent = 0
  sentBytes = 0

  begin(keys: readonly string[]): void {
    this.#keys = keys
    this.#hasBegun = true
  }

  /** All was given, and the other side was told so. */
  get isDone(): boolean {
    return this.#saidLast
  }

  /** What to read from the store next, if anything. */
  next(): { readonly keys: readonly string[]; readonly maxBytes: number } | undefined {
    if (this.#isLoading || this.#next >= this.#keys.length) return undefined
    if (this.#underwayBytes > windowBytes - chunkBytes) return undefined
    this.#isLoading = true
    const keys = this.#keys.slice(this.#next, this.#next + maxItems)
    return { keys, maxBytes: chunkBytes }
  }

  /** The chunk that was read. */
  loaded(items: readonly (SyncItem | undefined)[]): readonly SessionMessage[] {
    this.#isLoading = false
    // A store that can read nothing at all ends the shipment.
    this.#next = items.length === 0 ? this.#keys.length : this.#next + items.length
    const present = items.filter((item) => item !== undefined)
    const bytes = present.reduce((sum, item) => sum + item.bytes.length, 0)
    this.#underwayBytes += bytes
    this.sent += present.length
    this.sentBytes += bytes
    const last = this.#next >= this.#keys.length
    this.#saidLast ||= last
    return [{ type: 'chunk', last, items: present }]
  }

  /** True once, when there was nothing to give. */
  isToSayLast(): boolean {
    if (!this.#hasBegun || this.#saidLast || this.#isLoading) return false
    if (this.#next < this.#keys.length) return false
    this.#saidLast = true
    return true
  }

  /** The other side has dealt with so much; false when that is more than it was given. */
  credit(bytes: number): boolean {
    if (bytes > this.#underwayBytes) return false
    this.#underwayBytes -= bytes
    return true
  }
}
