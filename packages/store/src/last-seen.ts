import { assert, utf8 } from '@kithnet/kernel'
import { decodeCbor, encodeCbor, isUint, type Store, type TopicId } from '@kithnet/types'

/** How far a subscriber has read a durable topic. */
export interface LastSeen {
  /** The position of the last entry that was dealt with, or 0. */
  readonly position: number
  /**
   * Everything up to `position` has been dealt with. Resolves when that, or more, is durable. Positions never go
   * back, and marks that come while one is being saved share the next write.
   */
  mark(position: number): Promise<void>
}

/** Reads where `subscriber`, a name that the user chose, stood. What is not a position counts as none. */
export async function openLastSeen(
  store: Store,
  topic: TopicId,
  subscriber: string,
): Promise<LastSeen> {
  const space = `last-seen/${topic}`
  const key = utf8(subscriber)
  const stored = await store.get(space, key)
  const decoded = stored === undefined ? undefined : decodeCbor(stored)
  const start = decoded?.ok === true && isUint(decoded.value) ? decoded.value : 0
  return new Marker(start, (position) => store.write([{ space, key, value: encodeCbor(position) }]))
}

class Marker implements LastSeen {
  readonly #save: (position: number) => Promise<void>
  #position: number
  #durable: number
  #saving: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(position: number, save: (position: number) => Promise<void>) {
    this.#position = position
    this.#durable = position
    this.#save = save
  }

  get position(): number {
    return this.#position
  }

  async mark(position: number): Promise<void> {
    assert(isUint(position), 'a position is a whole number')
    this.#position = Math.max(this.#position, position)
    if (position <= this.#durable) return
    if (this.#saving === undefined) {
      this.#saving = this.#saveNow()
      return this.#saving
    }
    this.#next ??= this.#saveAfter(this.#saving)
    return this.#next
  }

  async #saveAfter(saving: Promise<void>): Promise<void> {
    // Whoever marked before hears of that failure; this write stands for itself.
    await saving.catch(() => undefined)
    this.#next = undefined
    this.#saving = this.#saveNow()
    return this.#saving
  }

  async #saveNow(): Promise<void> {
    const position = this.#position
    try {
      await this.#save(position)
      this.#durable = Math.max(this.#durable, position)
    } finally {
      this.#saving = undefined
    }
  }
}
