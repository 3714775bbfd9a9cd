import { allocate } from './host.ts'

/**
 * A long message on its way in. Memory follows what has really arrived, at most four times as much and a
 * megabyte; only one message of a link gets all its room at once, which the host's memory backs as it is filled.
 */
export class Assembly {
  readonly messageBytes: number
  #bytes: Uint8Array
  #have = 0

  /** `alone` when no other message is being put together on the link: then all its room is taken at once. */
  constructor(messageBytes: number, firstBytes: number, alone: boolean) {
    this.messageBytes = messageBytes
    const room = Math.max(leastBytes, firstBytes * growth)
    this.#bytes = allocate(alone ? messageBytes : Math.min(messageBytes, room))
  }

  /** Bytes that have arrived. */
  get haveBytes(): number {
    return this.#have
  }

  get isComplete(): boolean {
    return this.#have === this.messageBytes
  }

  /** Adds what came. False, and nothing added, when that is more than was announced. */
  add(piece: Uint8Array): boolean {
    const have = this.#have + piece.length
    if (have > this.messageBytes) return false
    if (have > this.#bytes.length) {
      const larger = allocate(Math.min(this.messageBytes, have * growth))
      larger.set(this.#bytes.subarray(0, this.#have))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#have)
    this.#have = have
    return true
  }

  /** The complete message. */
  take(): Uint8Array {
    return this.#bytes
  }
}

/** Source: our choice; copies a message of 100 MB 1.3 times in all. */
const growth = 4
/** Source: our choice; the longest message outside bulk is put together without a copy. */
const leastBytes = 1_200_000
