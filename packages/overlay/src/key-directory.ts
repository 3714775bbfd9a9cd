import { BoundedMap } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/**
 * Public keys by their holders. A key enters after its first valid signature, or when a session has proven it;
 * it stays while something pins it (a link, a known peer, a cached message), and for a while after.
 */
export class KeyDirectory {
  readonly #pinned = new Map<
    PeerId,
    { readonly key: Uint8Array | undefined; readonly pins: number }
  >()
  readonly #recent: BoundedMap<PeerId, Uint8Array>

  /** `capacity` keys that nothing pins. */
  constructor(capacity: number) {
    this.#recent = new BoundedMap(capacity)
  }

  get size(): number {
    let size = this.#recent.size
    for (const { key } of this.#pinned.values()) if (key !== undefined) size++
    return size
  }

  get(peer: PeerId): Uint8Array | undefined {
    return this.#pinned.get(peer)?.key ?? this.#recent.get(peer)
  }

  /** Enters a proven key, which the directory owns from here on. */
  add(peer: PeerId, key: Uint8Array): void {
    const pinned = this.#pinned.get(peer)
    if (pinned === undefined) {
      if (!this.#recent.has(peer)) this.#recent.set(peer, key)
    } else if (pinned.key === undefined) this.#pinned.set(peer, { key, pins: pinned.pins })
  }

  /** Keeps the peer's key, now or when it comes, until it is unpinned as often. */
  pin(peer: PeerId): void {
    const pinned = this.#pinned.get(peer)
    const key = pinned?.key ?? this.#recent.peek(peer)
    this.#recent.delete(peer)
    this.#pinned.set(peer, { key, pins: (pinned?.pins ?? 0) + 1 })
  }

  unpin(peer: PeerId): void {
    const pinned = this.#pinned.get(peer)
    if (pinned === undefined) return
    if (pinned.pins > 1) {
      this.#pinned.set(peer, { key: pinned.key, pins: pinned.pins - 1 })
      return
    }
    this.#pinned.delete(peer)
    if (pinned.key !== undefined) this.#recent.set(peer, pinned.key)
  }
}
