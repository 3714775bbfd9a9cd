import type { Instant } from '@kithnet/kernel'
import type { Batch, BatchId, MessageId, PeerId } from '@kithnet/types'
import { insertBatch, type Lane, removeBatch } from './lanes.ts'
import type { BatchMessage } from './messages.ts'

/** A batch whose signature was verified here, or made here. */
export interface TrustedBatch {
  readonly id: BatchId
  readonly batch: Batch
  readonly message: BatchMessage
  readonly lane: Lane
  /** The link that is charged while none of its messages is held. */
  readonly owner: PeerId
  /** Messages in the cache that pin it. */
  held: number
}

/**
 * Verified batches: those that cached messages pin, and for a while those whose messages are still to come.
 * Each link pays for the idle ones that it brought.
 */
export class BatchBook {
  readonly #byId = new Map<BatchId, TrustedBatch>()
  /** By message that has not been accepted yet. */
  readonly #byExpected = new Map<MessageId, TrustedBatch>()
  /** Batches that no message pins, oldest first. */
  readonly #idle = new Map<TrustedBatch, Instant>()
  readonly #idlePerLink: number

  constructor(idlePerLink: number) {
    this.#idlePerLink = idlePerLink
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: BatchId): TrustedBatch | undefined {
    return this.#byId.get(id)
  }

  /** The verified batch that lists a message which has not been accepted yet. */
  expecting(id: MessageId): TrustedBatch | undefined {
    return this.#byExpected.get(id)
  }

  /** Takes in a batch that expects the messages for which `isNew`. */
  add(trusted: TrustedBatch, now: Instant, isNew: (id: MessageId) => boolean): void {
    this.#byId.set(trusted.id, trusted)
    insertBatch(trusted.lane, trusted)
    for (const id of trusted.batch.ids) {
      if (!this.#byExpected.has(id) && isNew(id)) this.#byExpected.set(id, trusted)
    }
    this.#idle.set(trusted, now)
    let idle = 0
    for (const other of this.#idle.keys()) if (other.owner === trusted.owner) idle++
    if (idle > this.#idlePerLink) this.#dropOldestOf(trusted.owner)
  }

  /** A message of the batch was accepted, and its copy pins the batch. */
  hold(trusted: TrustedBatch, id: MessageId): void {
    this.#byExpected.delete(id)
    trusted.held++
    this.#idle.delete(trusted)
  }

  /** A copy was dropped. A batch without copies goes, too. */
  letGo(trusted: TrustedBatch): void {
    trusted.held--
    if (trusted.held === 0) this.#drop(trusted)
  }

  /** Drops idle batches from before `time`. */
  sweep(time: Instant): void {
    for (const [trusted, since] of this.#idle) {
      if (since >= time) return
      this.#drop(trusted)
    }
  }

  #dropOldestOf(owner: PeerId): void {
    for (const trusted of this.#idle.keys()) {
      if (trusted.owner !== owner) continue
      this.#drop(trusted)
      return
    }
  }

  #drop(trusted: TrustedBatch): void {
    this.#idle.delete(trusted)
    this.#byId.delete(trusted.id)
    removeBatch(trusted.lane, trusted)
    for (const id of trusted.batch.ids) {
      if (this.#byExpected.get(id) === trusted) this.#byExpected.delete(id)
    }
  }
}
