import { after, type EpochMs, type Instant, fail, ok, type Result, instant } from '@kithnet/kernel'
import {
  type Batch,
  type BatchId,
  batchIdOf,
  contentOf,
  encodeBatch,
  maxBatchMessages,
  type MessageId,
  messageIdOf,
  type NetworkId,
  type PeerId,
  type Signed,
  type StreamId,
  type TopicId,
} from '@kithnet/types'
import type { PubsubConfig } from './config.ts'
import type { PublishFault } from './faults.ts'
import type { EagerMessage } from './messages.ts'

/** A message of this node that is not signed yet. */
export interface Draft {
  readonly token: number
  readonly id: MessageId
  readonly message: EagerMessage
}

/** A batch of this node, signed, with its messages. */
export interface SignedDrafts {
  readonly batch: Batch
  readonly id: BatchId
  readonly signed: Signed
  readonly drafts: readonly Draft[]
}

interface OwnLane {
  readonly topic: TopicId
  nextSeq: number
  readonly waiting: Draft[]
  /** When `waiting` is to be signed, full or not. */
  closesAt: Instant
  closedAt: Instant | undefined
  /** Time that a batch may wait for company: long enough for `flushTarget` messages at the last rate. */
  flushMs: number
  prev: BatchId | undefined
  signing:
    { readonly batch: Batch; readonly body: Uint8Array; readonly drafts: Draft[] } | undefined
}

/** A body to sign, and the token under which the signature comes back. */
export interface Signing {
  readonly token: number
  readonly body: Uint8Array
}

/**
 * This node's own messages until they are signed. An idle author signs a batch of one at once; a busy one waits
 * for company: until there are 64 messages, or for the time in which sixteen come, within 25 to 100 ms, the longer the more
 * authors there are.
 * Batches of one topic are chained, so one is signed at a time.
 */
export class Outgoing {
  readonly #header: {
    readonly network: NetworkId
    readonly author: PeerId
    readonly stream: StreamId
  }
  readonly #config: PubsubConfig
  readonly #laneByTopic = new Map<TopicId, OwnLane>()
  readonly #laneByToken = new Map<number, OwnLane>()
  #token = 0
  #messages = 0
  #bytes = 0

  constructor(
    header: { readonly network: NetworkId; readonly author: PeerId; readonly stream: StreamId },
    config: PubsubConfig,
  ) {
    this.#header = header
    this.#config = config
  }

  /** Messages that wait for a neighbour, for company or for a signature. */
  get waiting(): number {
    return this.#messages
  }

  /** Numbers a message and queues it. */
  publish(
    token: number,
    topic: TopicId,
    payload: Uint8Array,
    now: Instant,
  ): Result<Draft, PublishFault> {
    const { maxPayloadBytes, queuedMessages, queuedBytes } = this.#config
    if (payload.length > maxPayloadBytes) {
      return fail({ code: 'pubsub/too-large', topic, bound: maxPayloadBytes })
    }
    if (this.#messages >= queuedMessages || this.#bytes + payload.length > queuedBytes) {
      return fail({ code: 'pubsub/queue-full', topic, bound: queuedMessages })
    }
    const lane = this.#laneOf(topic)
    const { author, stream } = this.#header
    const seq = lane.nextSeq++
    const id = messageIdOf({ ...this.#header, topic, seq }, contentOf(payload))
    const draft: Draft = {
      token,
      id,
      message: { type: 'eager', topic, author, stream, seq, payload },
    }
    if (lane.waiting.length === 0) {
      const { closedAt, flushMs } = lane
      const idle = closedAt === undefined || now - closedAt >= this.#config.flushMaxMs
      lane.closesAt = idle ? now : after(closedAt, flushMs)
    }
    lane.waiting.push(draft)
    this.#messages++
    this.#bytes += payload.length
    return ok(draft)
  }

  /** Closes every batch that is due. `stamp` gives the time to sign with, `authors` how many are heard now. */
  close(now: Instant, stamp: () => EpochMs, authors: () => number): readonly Signing[] {
    const signings: Signing[] = []
    for (const lane of this.#laneByTopic.values()) {
      if (lane.signing !== undefined || lane.waiting.length === 0) continue
      if (lane.closesAt > now && lane.waiting.length < maxBatchMessages) continue
      signings.push(this.#closeLane(lane, now, stamp(), authors()))
    }
    return signings
  }

  /** When the next batch is due, or `undefined`. */
  get next(): Instant | undefined {
    let next: Instant | undefined
    for (const lane of this.#laneByTopic.values()) {
      if (lane.signing !== undefined || lane.waiting.length === 0) continue
      if (next === undefined || lane.closesAt < next) next = lane.closesAt
    }
    return next
  }

  /** Takes a signature; `undefined` for a token that is not waited for. */
  signed(token: number, signature: Uint8Array): SignedDrafts | undefined {
    const lane = this.#laneByToken.get(token)
    const signing = lane?.signing
    if (lane === undefined || signing === undefined) return undefined
    this.#laneByToken.delete(token)
    lane.signing = undefined
    const { batch, body, drafts } = signing
    const id = batchIdOf(body, signature)
    lane.prev = id
    for (const { message } of drafts) {
      this.#messages--
      this.#bytes -= message.payload.length
    }
    return { batch, id, signed: { body, signature: signature.slice() }, drafts }
  }

  #laneOf(topic: TopicId): OwnLane {
    let lane = this.#laneByTopic.get(topic)
    if (lane === undefined) {
      lane = {
        topic,
        nextSeq: 0,
        waiting: [],
        closesAt: instant(0),
        closedAt: undefined,
        flushMs: this.#config.flushMinMs,
        prev: undefined,
        signing: undefined,
      }
      this.#laneByTopic.set(topic, lane)
    }
    return lane
  }

  #closeLane(lane: OwnLane, now: Instant, hlc: EpochMs, authors: number): Signing {
    const drafts = lane.waiting.splice(0, maxBatchMessages)
    const { flushMinMs, flushMaxMs, flushTarget } = this.#config
    const elapsed = lane.closedAt === undefined ? flushMaxMs : now - lane.closedAt
    const wanted = (elapsed * flushTarget) / drafts.length
    lane.flushMs = Math.min(flushMaxMs, Math.max(flushMinMs, authors * authorShareMs, wanted))
    lane.closedAt = now
    lane.closesAt = after(now, lane.flushMs)
    const batch: Batch = {
      ...this.#header,
      topic: lane.topic,
      firstSeq: drafts[0]!.message.seq,
      ids: drafts.map((draft) => draft.id),
      hlc,
      prev: lane.prev,
    }
    const body = encodeBatch(batch)
    const token = ++this.#token
    lane.signing = { batch, body, drafts }
    this.#laneByToken.set(token, lane)
    return { token, body }
  }
}

/**
 * Everybody checks everybody's batches: with many busy authors each waits longer, so that all of them together close
 * some hundred a second. Source: our choice; that many checks are a hundredth of a core (ADR-0017).
 */
const authorShareMs = 10
