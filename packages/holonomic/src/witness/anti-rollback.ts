import { type Bytes, utf8 } from '@kithnet/kernel'
import type { Store } from '@kithnet/types'
import { sha256 } from '../digest.ts'
import { FixedWidthReader, FixedWidthWriter } from '../fixed-width.ts'

/** The space of a store that remembers epochs. */
const space = 'holonomic:epochs'

/**
 * Accepts each epoch of a peer once and only upwards, across restarts: an answer is given when the store has it. Calls
 * are answered in the order in which they were made, so that a race admits one.
 */
export class AntiRollback {
  readonly #store: Pick<Store, 'get' | 'write'>
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: Pick<Store, 'get' | 'write'>) {
    this.#store = store
  }

  /**
   * True when no epoch of the peer as high was accepted before. Nothing has changed when it is false.
   *
   * @throws CodedError of the store; the epoch is then not accepted.
   */
  accept(peerId: string, epoch: bigint): Promise<boolean> {
    const answer = this.#last.then(() => this.#check(keyOf(peerId), epoch))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  /** The highest epoch that was accepted. */
  async highest(peerId: string): Promise<bigint | undefined> {
    const value = await this.#store.get(space, keyOf(peerId))
    return value === undefined ? undefined : epochOf(value)
  }

  async #check(key: Bytes, epoch: bigint): Promise<boolean> {
    const known = await this.#store.get(space, key)
    if (known !== undefined && epoch <= epochOf(known)) return false
    await this.#store.write([{ space, key, value: new FixedWidthWriter().u64(epoch).finish() }])
    return true
  }
}

/** Of one length, however long a name is. */
function keyOf(peerId: string): Bytes {
  return sha256(utf8(peerId))
}

/** A value that is not eight bytes is read as the highest epoch: a damaged store admits nothing. */
function epochOf(value: Uint8Array): bigint {
  const reader = new FixedWidthReader(value)
  const read = reader.finish(reader.u64())
  return read.ok ? read.value : 2n ** 64n - 1n
}
