import { assert, type Bytes, concat } from '@kithnet/kernel'
import type { LogBounds, LogEntry, Store, TopicId } from '@kithnet/types'
import { storeError } from './faults.ts'

/** Bounds of one durable topic. */
export interface TopicLogLimits {
  /** Most messages that are kept. */
  readonly messages: number
  /** Most bytes of messages that are kept. */
  readonly bytes: number
}

/** Source: our choice, a day of ten 1 KB messages a second is far above either. */
export const defaultTopicLogLimits: TopicLogLimits = { messages: 100_000, bytes: 64 * 2 ** 20 }

/** By how much a log may exceed its bounds before it is cut back to them, so that not every append cuts. */
const slack = 1 / 8

/** Bytes in front of a message: how many bytes of messages the log had taken before it, ever. */
const offsetBytes = 8

/** The messages of one durable topic, by the position in which they came. The oldest go when it is full. */
export class TopicLog {
  readonly #store: Store
  readonly #log: string
  readonly #limits: TopicLogLimits
  #bounds: LogBounds
  /** Bytes ever taken, before `#bounds.first` and before `#bounds.next`. */
  #firstOffset: number
  #nextOffset: number
  /** Where the last message that is durable ends, and how many appends are under way. */
  #durableOffset: number
  #pending = 0

  /** Made by `openTopicLog`. */
  constructor(
    store: Store,
    log: string,
    limits: TopicLogLimits,
    bounds: LogBounds,
    offsets: readonly [first: number, next: number],
  ) {
    this.#store = store
    this.#log = log
    this.#limits = limits
    this.#bounds = bounds
    this.#firstOffset = offsets[0]
    this.#nextOffset = offsets[1]
    this.#durableOffset = offsets[1]
  }

  /** The position of the oldest message that is kept, when there is one. */
  get first(): number {
    return this.#bounds.first
  }

  /** The position that the next message will get. */
  get next(): number {
    return this.#bounds.next
  }

  /** Bytes of the messages that are kept. */
  get bytes(): number {
    return this.#nextOffset - this.#firstOffset
  }

  /** Appends messages; resolves, once they are durable, with the position of the first. */
  async append(messages: readonly Uint8Array[]): Promise<number> {
    for (const { length } of messages) {
      const max = this.#limits.bytes
      if (length > max)
        throw storeError({ code: 'store/too-large', what: 'value', size: length, max })
    }
    const values = messages.map((message) => {
      const value = withOffset(this.#nextOffset, message)
      this.#nextOffset += message.length
      return value
    })
    const end = this.#nextOffset
    this.#pending++
    let position: number
    try {
      position = await this.#store.append(this.#log, values)
      this.#durableOffset = Math.max(this.#durableOffset, end)
    } finally {
      this.#pending--
      // Appends that failed, on a full disk for instance, must not count as messages that are kept.
      if (this.#pending === 0) this.#nextOffset = this.#durableOffset
    }
    const next = Math.max(this.#bounds.next, position + values.length)
    this.#bounds = { first: this.#bounds.first, next }
    await this.#trim()
    return position
  }

  /** Messages from a position on, oldest first; what was cut off is skipped. */
  async readFrom(position: number, limit: number): Promise<readonly LogEntry[]> {
    const entries = await this.#store.read(this.#log, Math.max(position, this.first), limit)
    return entries.map((entry) => ({
      position: entry.position,
      value: entry.value.subarray(offsetBytes),
    }))
  }

  /** Forgets the messages before a position. */
  async forgetBefore(position: number): Promise<void> {
    const before = Math.min(position, this.next)
    if (before <= this.first) return
    const offset = before === this.next ? this.#nextOffset : await this.#offsetAt(before)
    this.#bounds = { first: before, next: this.#bounds.next }
    this.#firstOffset = offset
    await this.#store.trim(this.#log, before)
  }

  async #trim(): Promise<void> {
    const { messages, bytes } = this.#limits
    const count = this.next - this.first
    if (count <= messages * (1 + slack) && this.bytes <= bytes * (1 + slack)) return
    const byCount = Math.max(this.first, this.next - messages)
    const before = await this.#firstAtOrAfter(this.#nextOffset - bytes, byCount)
    await this.forgetBefore(before)
  }

  /** The first position from `low` on whose message began at this offset or later. */
  async #firstAtOrAfter(offset: number, low: number): Promise<number> {
    let high = this.next
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((await this.#offsetAt(middle)) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  async #offsetAt(position: number): Promise<number> {
    const [entry] = await this.#store.read(this.#log, position, 1)
    return entry === undefined ? this.#nextOffset : offsetOf(entry)
  }
}

/** Opens the log of a topic where it was left. */
export async function openTopicLog(
  store: Store,
  topic: TopicId,
  limits: TopicLogLimits = defaultTopicLogLimits,
): Promise<TopicLog> {
  assert(limits.messages >= 1 && limits.bytes >= 1, 'a topic log keeps something')
  const log = `topic/${topic}`
  const bounds = await store.bounds(log)
  const [first] = await store.read(log, bounds.first, 1)
  const [last] = await store.read(log, bounds.next - 1, 1)
  if (first === undefined || last === undefined) {
    return new TopicLog(store, log, limits, bounds, [0, 0])
  }
  const end = offsetOf(last) + last.value.length - offsetBytes
  return new TopicLog(store, log, limits, bounds, [offsetOf(first), end])
}

function withOffset(offset: number, message: Uint8Array): Bytes {
  const head = new Uint8Array(offsetBytes)
  new DataView(head.buffer).setBigUint64(0, BigInt(offset))
  return concat(head, message)
}

function offsetOf(entry: LogEntry): number {
  const { value } = entry
  if (value.length < offsetBytes) {
    throw storeError({ code: 'store/corrupt', path: 'topic log', reason: 'an entry is too short' })
  }
  return Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0))
}
