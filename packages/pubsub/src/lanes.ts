import type { EpochMs } from '@kithnet/kernel'
import {
  type Batch,
  maxBatchMessages,
  type MessageId,
  type PeerId,
  type StreamId,
  type TopicId,
} from '@kithnet/types'
import type { TrustedBatch } from './batch-book.ts'
import { SequenceWindow } from './sequence-window.ts'

/** One author's one stream in one topic: what its numbers count. Exists only once a batch of it is verified. */
export interface Lane {
  readonly key: string
  readonly author: PeerId
  readonly stream: StreamId
  readonly topic: TopicId
  readonly taken: SequenceWindow
  /** The batches held, by first number. */
  readonly batches: TrustedBatch[]
  /** The author has signed two messages under one number: order means nothing any more. */
  forked: boolean
  lastHlc: EpochMs
  /** The link that brought it first, which it is charged to. */
  readonly owner: PeerId
}

/** The lanes, bounded per link. */
export class Lanes {
  readonly #byKey = new Map<string, Lane>()
  readonly #countByOwner = new Map<PeerId, number>()
  readonly #perLink: number
  readonly #runs: number

  constructor(perLink: number, runs: number) {
    this.#perLink = perLink
    this.#runs = runs
  }

  get size(): number {
    return this.#byKey.size
  }

  peek(batch: Batch): Lane | undefined {
    return this.#byKey.get(keyOf(batch))
  }

  /** The lane of a verified batch, made when there is none. */
  open(batch: Batch, owner: PeerId): Lane {
    const key = keyOf(batch)
    let lane = this.#byKey.get(key)
    if (lane === undefined) {
      const { author, stream, topic } = batch
      lane = {
        key,
        author,
        stream,
        topic,
        taken: new SequenceWindow(this.#runs),
        batches: [],
        forked: false,
        lastHlc: batch.hlc,
        owner,
      }
      const count = this.#countByOwner.get(owner) ?? 0
      if (count >= this.#perLink) this.#evictOf(owner)
      this.#countByOwner.set(owner, (this.#countByOwner.get(owner) ?? 0) + 1)
    } else {
      // Most recently used last.
      this.#byKey.delete(key)
    }
    this.#byKey.set(key, lane)
    if (batch.hlc > lane.lastHlc) lane.lastHlc = batch.hlc
    return lane
  }

  /** Forgets lanes that were last signed for before `time` and of which no batch is held. */
  sweep(time: number): void {
    for (const lane of this.#byKey.values()) {
      if (lane.lastHlc < time && lane.batches.length === 0) this.#delete(lane)
    }
  }

  #evictOf(owner: PeerId): void {
    for (const lane of this.#byKey.values()) {
      if (lane.owner !== owner) continue
      this.#delete(lane)
      return
    }
  }

  #delete(lane: Lane): void {
    this.#byKey.delete(lane.key)
    const count = (this.#countByOwner.get(lane.owner) ?? 1) - 1
    if (count === 0) this.#countByOwner.delete(lane.owner)
    else this.#countByOwner.set(lane.owner, count)
  }
}

/** A batch of the lane that says something else than `batch` under one of its numbers, or `undefined`. */
export function contradiction(lane: Lane, batch: Batch): TrustedBatch | undefined {
  const end = batch.firstSeq + batch.ids.length
  for (
    let at = firstAfter(lane, batch.firstSeq - maxBatchMessages);
    at < lane.batches.length;
    at++
  ) {
    const other = lane.batches[at]!
    if (other.batch.firstSeq >= end) return undefined
    if (differ(other.batch, batch)) return other
  }
  return undefined
}

/** Puts a batch among those held. */
export function insertBatch(lane: Lane, trusted: TrustedBatch): void {
  lane.batches.splice(firstAfter(lane, trusted.batch.firstSeq), 0, trusted)
}

export function removeBatch(lane: Lane, trusted: TrustedBatch): void {
  const index = lane.batches.indexOf(trusted)
  if (index >= 0) lane.batches.splice(index, 1)
}

function firstAfter(lane: Lane, seq: number): number {
  let low = 0
  let high = lane.batches.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (lane.batches[middle]!.batch.firstSeq <= seq) low = middle + 1
    else high = middle
  }
  return low
}

function differ(a: Batch, b: Batch): boolean {
  const first = Math.max(a.firstSeq, b.firstSeq)
  const end = Math.min(a.firstSeq + a.ids.length, b.firstSeq + b.ids.length)
  for (let seq = first; seq < end; seq++) {
    const one: MessageId | undefined = a.ids[seq - a.firstSeq]
    if (one !== b.ids[seq - b.firstSeq]) return true
  }
  return false
}

function keyOf({ author, stream, topic }: Batch): string {
  return `${author}${stream}${topic}`
}
