import { BoundedMap, CodedError, type EpochMs } from '@kithnet/kernel'
import {
  defaultTopicLogLimits,
  type LastSeen,
  openLastSeen,
  openTopicLog,
  type TopicLog,
} from '@kithnet/store'
import type { MessageId, PeerId, Signed, Store, TopicId } from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'
import { decodeEntry, encodeEntry, type Entry } from './kept.ts'
import type { Arrived } from './message.ts'

/** How much a durable topic keeps; the oldest goes first. */
export interface KeepOptions {
  /** Default 100,000. */
  readonly messages?: number
  /** Default 64 MiB. */
  readonly bytes?: number
  /** By the authors' clocks. Default 30 days. */
  readonly ageMs?: number
}

/** A kept message and its place. */
export interface Kept extends Entry {
  readonly position: number
}

/** What a history needs of its node. */
export interface HistoryParts {
  readonly store: Store
  readonly topic: TopicId
  readonly keep: KeepOptions
  keyOf(author: PeerId): Uint8Array | undefined
  wall(): EpochMs
  onError(error: unknown): void
}

/** What a durable topic has kept. Messages are on disk before a reader sees them. */
export class History {
  readonly #parts: HistoryParts
  readonly #log: Promise<TopicLog>
  /** What was kept last: history that comes again in a new life of the node is not kept twice. */
  readonly #recent = new BoundedMap<MessageId, true>(recentIds)
  /** Where a batch and an author's key were written. */
  readonly #positionByBatch = new WeakMap<Signed, number>()
  readonly #positionByAuthor = new BoundedMap<PeerId, number>(authorsKnown)
  #oldest: EpochMs | undefined
  #waiting = 0
  #tail: Promise<void> = Promise.resolve()

  constructor(parts: HistoryParts) {
    this.#parts = parts
    this.#log = this.#open()
    this.#log.catch(parts.onError)
  }

  /**
   * Keeps a message, then calls back. Messages come back in the order in which they were given; one that was kept
   * before does not.
   */
  keep(arrived: Arrived, kept: (position: number) => void): void {
    if (this.#waiting >= maxWaiting) {
      this.#parts.onError(historyFull())
      return
    }
    this.#waiting++
    const key = arrived.key ?? this.#parts.keyOf(arrived.author)
    this.#tail = this.#tail
      .then(async () => {
        const log = await this.#log
        if (this.#recent.has(arrived.id)) return
        const position = await this.#append(log, arrived, key)
        this.#recent.set(arrived.id, true)
        kept(position)
        await this.#trim(log)
      })
      .catch(this.#parts.onError)
      .finally(() => {
        this.#waiting--
      })
  }

  /** Resolves when everything given so far is on disk. */
  settled(): Promise<void> {
    return this.#tail
  }

  /** Where a reader of this name stood. */
  lastSeen(reader: string): Promise<LastSeen> {
    return openLastSeen(this.#parts.store, this.#parts.topic, reader)
  }

  /**
   * Gives every kept message from a position on, as fast as the reader has room, then calls `live` in the same turn
   * as the last one, so that none falls between what was kept and what arrives.
   */
  async replay(
    from: number,
    give: (kept: Kept) => Promise<void>,
    live: () => void,
    reader: { readonly ended: boolean; room(): Promise<void> },
  ): Promise<void> {
    const log = await this.#log
    let position = Math.max(from, 1)
    while (!reader.ended) {
      const entries = await log.readFrom(position, replayChunk)
      for (const entry of entries) {
        await reader.room()
        const decoded = decodeEntry(entry.value)
        if (decoded.ok) await give({ position: entry.position, ...decoded.value })
        else this.#parts.onError(damaged(entry.position))
        position = entry.position + 1
      }
      if (entries.length > 0) continue
      if (position >= log.next) {
        live()
        return
      }
      // What is being appended calls back after it is readable: wait for it, then look again.
      await this.#tail
    }
  }

  /** Kept messages from a position on, some at a time; and the position after the last that there is. */
  async page(
    from: number,
    limit: number,
  ): Promise<{ readonly kept: readonly Kept[]; readonly next: number; readonly end: number }> {
    const log = await this.#log
    const entries = await log.readFrom(Math.max(from, 1), limit)
    const kept = entries.flatMap(({ position, value }) => {
      const decoded = decodeEntry(value)
      return decoded.ok ? [{ position, ...decoded.value }] : []
    })
    return { kept, next: (entries.at(-1)?.position ?? log.next - 1) + 1, end: log.next }
  }

  /** The ids of everything that is kept. */
  async ids(): Promise<Set<MessageId>> {
    await this.#tail
    const ids = new Set<MessageId>()
    for (let from = 1, end = 2; from < end;) {
      const page = await this.page(from, replayChunk)
      for (const { arrived } of page.kept) ids.add(arrived.id)
      if (page.next <= from) break
      from = page.next
      end = page.end
    }
    return ids
  }

  async #append(log: TopicLog, arrived: Arrived, key: Uint8Array | undefined): Promise<number> {
    const batchAt = this.#positionByBatch.get(arrived.signed)
    const keyAt = this.#positionByAuthor.get(arrived.author)
    // What is about to be cut off is written again, so that the rest can still be proven.
    const isFresh = keyAt !== undefined && keyAt >= log.first + (log.next - log.first) / 4
    const hasBatch = batchAt !== undefined && batchAt >= log.first
    const batch = hasBatch ? batchAt : arrived.signed
    const entry = encodeEntry({ arrived, batch, key: isFresh ? keyAt : key })
    const position = await log.append([entry])
    if (!hasBatch) this.#positionByBatch.set(arrived.signed, position)
    if (!isFresh && key !== undefined) this.#positionByAuthor.set(arrived.author, position)
    this.#oldest ??= arrived.hlc
    return position
  }

  /** Forgets what is older than is to be kept. */
  async #trim(log: TopicLog): Promise<void> {
    const cutoff = this.#parts.wall() - (this.#parts.keep.ageMs ?? defaultAgeMs)
    if (this.#oldest === undefined || this.#oldest >= cutoff) return
    let before = log.first
    this.#oldest = undefined
    while (before < log.next && this.#oldest === undefined) {
      const entries = await log.readFrom(before, replayChunk)
      if (entries.length === 0) break
      for (const { position, value } of entries) {
        const decoded = decodeEntry(value)
        if (decoded.ok && decoded.value.arrived.hlc >= cutoff) {
          this.#oldest = decoded.value.arrived.hlc
          break
        }
        before = position + 1
      }
    }
    await log.forgetBefore(before)
  }

  async #open(): Promise<TopicLog> {
    const { store, topic, keep } = this.#parts
    const log = await openTopicLog(store, topic, {
      messages: keep.messages ?? defaultTopicLogLimits.messages,
      bytes: keep.bytes ?? defaultTopicLogLimits.bytes,
    })
    const [first] = await log.readFrom(log.first, 1)
    const oldest = first === undefined ? undefined : decodeEntry(first.value)
    if (oldest?.ok === true) this.#oldest = oldest.value.arrived.hlc
    for (let position = Math.max(log.first, log.next - recentIds); position < log.next;) {
      const entries = await log.readFrom(position, replayChunk)
      if (entries.length === 0) break
      for (const entry of entries) {
        const decoded = decodeEntry(entry.value)
        if (decoded.ok) this.#know(entry.position, decoded.value)
        position = entry.position + 1
      }
    }
    return log
  }

  #know(position: number, { arrived, key }: Entry): void {
    this.#recent.set(arrived.id, true)
    if (key instanceof Uint8Array) this.#positionByAuthor.set(arrived.author, position)
  }
}

/** Entries read at a time. Source: our choice, some 100 KB. */
const replayChunk = 128
/** Source: our choice; above what the overlay's own history of fifteen minutes brings again. */
const recentIds = 16_384
/** Messages that wait to be kept. Source: our choice; some seconds of the broadcast target. */
const maxWaiting = 16_384
/** Authors whose key is known to stand in the log; another's is written again. Source: our choice. */
const authorsKnown = 4_096
/** Source: our choice. */
export const defaultAgeMs: number = 30 * 86_400_000

function historyFull(): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/history-full' },
    'A durable topic gets messages faster than its store keeps them; one was lost. Use a faster disk, or keep fewer topics.',
  )
}

function damaged(position: number): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/damaged-entry', position },
    `Entry ${position} of a topic's log is damaged, or of another version: it was left out.`,
  )
}
