import type { StreamClass } from '@kithnet/types'
import type { AcceptedLimits } from './accept.ts'
import type { LinkLimits } from './limits.ts'

/** A stream whose long message is being put together. */
export interface Assembling {
  /** Called when bytes that had to wait may be consumed. */
  settle(): void
}

/** What the streams of one link may hold together: queues out, unread credit in, unfinished messages. */
export class Budget {
  readonly #limits: LinkLimits
  readonly #theirs: AcceptedLimits
  readonly #initialCredit: number
  /** Bytes of messages that wait, by class. */
  readonly #queued: Record<StreamClass, number> = { membership: 0, pubsub: 0, bulk: 0 }
  /** Oldest first. */
  readonly #assembling = new Set<Assembling>()
  #assemblyBytes = 0
  #aheadBytes = 0

  /** `theirs` binds what goes out, `limits` what comes in. */
  constructor(limits: LinkLimits, theirs: AcceptedLimits, initialCredit: number) {
    this.#limits = limits
    this.#theirs = theirs
    this.#initialCredit = initialCredit
  }

  /** Bytes of messages that wait to be written. */
  get queuedBytes(): number {
    return this.#queued.membership + this.#queued.pubsub + this.#queued.bulk
  }

  /** True while the message of any stream is being put together. */
  get isAssembling(): boolean {
    return this.#assembling.size > 0
  }

  /** Longest message that the other side takes. */
  maxBytesOut(of: StreamClass): number {
    return of === 'bulk' ? this.#theirs.maxBulkMessageBytes : this.#theirs.maxMessageBytes
  }

  /** Longest message taken here. */
  maxBytesIn(of: StreamClass): number {
    return of === 'bulk' ? this.#limits.maxBulkMessageBytes : this.#limits.maxMessageBytes
  }

  /** True when a queue of so many bytes, and those of its class, have room for so many more. */
  hasRoom(of: StreamClass, streamBytes: number, bytes: number): boolean {
    const fits = streamBytes === 0 || streamBytes + bytes <= this.#limits.queueMaxBytes[of]
    const all = this.#queued[of]
    return fits && (all === 0 || all + bytes <= this.#limits.linkQueueMaxBytes[of])
  }

  /** True when a sender whose queue holds so many bytes need not wait. */
  isBelowMark(of: StreamClass, streamBytes: number): boolean {
    return (
      streamBytes <= this.#limits.queueMarkBytes[of] &&
      this.#queued[of] <= this.#limits.linkQueueMaxBytes[of] / 4
    )
  }

  /** Bytes entered a queue, or left it (negative). */
  queued(of: StreamClass, bytes: number): void {
    this.#queued[of] += bytes
  }

  /** How far the other side may be ahead of the reader of a stream now. */
  windowBytes(of: StreamClass): number {
    if (this.#aheadBytes > this.#limits.maxAheadBytes) return this.#initialCredit
    return Math.max(this.#initialCredit, this.#limits.windowBytes[of])
  }

  /** The other side may be so many bytes further ahead of our readers, or fewer (negative). */
  ahead(bytes: number): void {
    this.#aheadBytes += bytes
  }

  /** True when bytes of an unfinished message may be consumed now: beyond the bound, only the oldest goes on. */
  mayAssemble(stream: Assembling): boolean {
    if (this.#assemblyBytes <= this.#limits.maxAssemblyBytes) return true
    for (const oldest of this.#assembling) return oldest === stream
    return true
  }

  /** Bytes of an unfinished message came. */
  assembling(stream: Assembling, bytes: number): void {
    this.#assemblyBytes += bytes
    this.#assembling.add(stream)
  }

  /** A message of so many bytes is complete, or given up. */
  assembled(stream: Assembling, bytes: number): void {
    const wasOver = this.#assemblyBytes > this.#limits.maxAssemblyBytes
    this.#assemblyBytes -= bytes
    this.#assembling.delete(stream)
    if (!wasOver) return
    for (const waiting of [...this.#assembling]) waiting.settle()
  }
}
