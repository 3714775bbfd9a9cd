import { BoundedMap, CodedError, epochMs, fail, ok, type Result } from '@kithnet/kernel'
import { type LastSeen, openLastSeen, openTopicLog, type TopicLog } from '@kithnet/store'
import {
  badShape,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytes,
  isTuple,
  isUint,
  type MessageId,
  messageIdFromBytes,
  peerIdFromBytes,
  type Store,
  type TopicId,
} from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'
import type { Arrived } from './topic.ts'

/** A kept message and its place. */
export interface Kept {
  readonly position: number
  readonly arrived: Arrived
}

/** What a durable topic has kept. Messages are on disk before a reader sees them. */
export class History {
  readonly #store: Store
  readonly #topic: TopicId
  readonly #onError: (error: unknown) => void
  readonly #log: Promise<TopicLog>
  /** What was kept last: history that comes again in a new life of the node is not kept twice. */
  readonly #recent = new BoundedMap<MessageId, true>(recentIds)
  #waiting = 0
  #tail: Promise<void> = Promise.resolve()

  constructor(store: Store, topic: TopicId, onError: (error: unknown) => void) {
    this.#store = store
    this.#topic = topic
    this.#onError = onError
    this.#log = this.#open()
    this.#log.catch(onError)
  }

  /**
   * Keeps a message, then calls back. Messages come back in the order in which they were given; one that was kept
   * before does not.
   */
  keep(arrived: Arrived, kept: (position: number) => void): void {
    if (this.#waiting >= maxWaiting) {
      this.#onError(historyFull())
      return
    }
    this.#waiting++
    this.#tail = this.#tail
      .then(async () => {
        const log = await this.#log
        if (this.#recent.has(arrived.id)) return
        const position = await log.append([encodeKept(arrived)])
        this.#recent.set(arrived.id, true)
        kept(position)
      })
      .catch(this.#onError)
      .finally(() => {
        this.#waiting--
      })
  }

  /** Where a reader of this name stood. */
  lastSeen(reader: string): Promise<LastSeen> {
    return openLastSeen(this.#store, this.#topic, reader)
  }

  /**
   * Gives every kept message from a position on, as fast as the reader has room, then calls `live` in the same turn
   * as the last one, so that none falls between what was kept and what arrives.
   */
  async replay(
    from: number,
    give: (kept: Kept) => void,
    live: () => void,
    reader: { readonly ended: boolean; room(): Promise<void> },
  ): Promise<void> {
    const log = await this.#log
    let position = Math.max(from, 1)
    while (!reader.ended) {
      const entries = await log.readFrom(position, replayChunk)
      for (const entry of entries) {
        await reader.room()
        const decoded = decodeKept(entry.value)
        if (decoded.ok) give({ position: entry.position, arrived: decoded.value })
        else this.#onError(new Error(`entry ${entry.position} of a topic's log is damaged`))
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

  async #open(): Promise<TopicLog> {
    const log = await openTopicLog(this.#store, this.#topic)
    for (let position = Math.max(log.first, log.next - recentIds); position < log.next;) {
      const entries = await log.readFrom(position, replayChunk)
      if (entries.length === 0) break
      for (const entry of entries) {
        const decoded = decodeKept(entry.value)
        if (decoded.ok) this.#recent.set(decoded.value.id, true)
        position = entry.position + 1
      }
    }
    return log
  }
}

/** Entries read at a time. Source: our choice, some 100 KB. */
const replayChunk = 128
/** Source: our choice; above what the overlay's own history of ten minutes brings again. */
const recentIds = 16_384
/** Messages that wait to be kept. Source: our choice; some seconds of the broadcast target. */
const maxWaiting = 16_384

function historyFull(): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/history-full' },
    'A durable topic gets messages faster than its store keeps them; one was lost. Use a faster disk, or keep fewer topics.',
  )
}

function encodeKept(arrived: Arrived): Uint8Array {
  return encodeCbor([
    1,
    idToBytes(arrived.id),
    idToBytes(arrived.author),
    arrived.seq,
    arrived.hlc,
    idToBytes(arrived.via),
    arrived.payload,
  ])
}

function decodeKept(bytes: Uint8Array): Result<Arrived> {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok) return fail(decoded.fault)
  if (!isTuple(decoded.value, 7)) return badShape('kept')
  const [version, id, author, seq, hlc, via, payload] = decoded.value
  if (version !== 1 || !isBytes(id, idBytes) || !isBytes(author, idBytes)) return badShape('kept')
  if (!isUint(seq) || !isUint(hlc) || !isBytes(via, idBytes)) return badShape('kept')
  if (!(payload instanceof Uint8Array)) return badShape('kept')
  return ok({
    id: messageIdFromBytes(id),
    author: peerIdFromBytes(author),
    seq,
    hlc: epochMs(hlc),
    late: true,
    via: peerIdFromBytes(via),
    payload,
  })
}
