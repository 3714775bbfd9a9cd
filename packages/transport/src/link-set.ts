import type { Link, Listener } from '@kithnet/types'
import { transportClosed } from './dialling.ts'

/** The listeners and links of one transport, which end with it. */
export class LinkSet {
  readonly #links = new Set<Link>()
  readonly #listeners = new Set<Listener>()
  #closed = false

  get isClosed(): boolean {
    return this.#closed
  }

  get size(): number {
    return this.#links.size
  }

  addListener(listener: Listener): void {
    this.#listeners.add(listener)
  }

  removeListener(listener: Listener): void {
    this.#listeners.delete(listener)
  }

  /**
   * Keeps a fresh link until `remove`. A link that comes too late is cut.
   *
   * @throws CodedError `transport/closed` when the set was closed meanwhile.
   */
  add(link: Link): Link {
    if (this.#closed) {
      link.destroy()
      throw transportClosed()
    }
    this.#links.add(link)
    return link
  }

  remove(link: Link): void {
    this.#links.delete(link)
  }

  /** Closes the listeners, then says goodbye on every link. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#listeners].map((listener) => listener.close()))
    this.#listeners.clear()
    await Promise.all([...this.#links].map((link) => link.close()))
  }
}
