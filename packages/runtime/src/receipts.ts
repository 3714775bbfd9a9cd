import { CodedError } from '@kithnet/kernel'
import {
  idBytes,
  idToBytes,
  isBytes,
  isList,
  type MessageId,
  messageIdFromBytes,
  type NetworkId,
  type PeerId,
  type TopicId,
  topicId,
} from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'
import { decodePayload, encodePayload } from './payload.ts'
import { later } from './system.ts'

/** Whose receipts to wait for. */
export interface ReceiptsWanted {
  /** At most 64 other peers. */
  readonly from: readonly PeerId[]
  /** Default 10,000. */
  readonly timeoutMs?: number
  /** Told each peer as its receipt comes. */
  readonly onReceipt?: (peer: PeerId) => void
}

/** Who of those named has signed that it got the message, verified and valid, and on disk where the topic is durable. */
export interface Receipts {
  readonly confirmed: readonly PeerId[]
  readonly missing: readonly PeerId[]
}

interface Expected {
  readonly wanted: ReceiptsWanted
  readonly confirmed: Set<PeerId>
  done(): void
}

/** What `ReceiptBook` needs of its node. */
export interface ReceiptBookOwner {
  readonly network: NetworkId
  readonly self: PeerId
  subscribe(topic: TopicId): void
  publish(topic: TopicId, payload: Uint8Array): void
}

/**
 * Receipts of both sides. Whoever is named says what it got on a topic beside the topic, some ids together: that is a
 * message like any other, so its author has signed it and no relay can make it up.
 */
export class ReceiptBook {
  readonly #owner: ReceiptBookOwner
  /** Topics of receipts that are listened to. */
  readonly #heard = new Set<TopicId>()
  readonly #expectedById = new Map<MessageId, Expected>()
  readonly #owedByTopic = new Map<TopicId, MessageId[]>()
  #timer: Disposable | undefined

  constructor(owner: ReceiptBookOwner) {
    this.#owner = owner
  }

  /** Prepares to hear receipts of a topic. @throws CodedError `runtime/bad-option`. */
  listen(topic: TopicId, wanted: ReceiptsWanted): void {
    const { from } = wanted
    const isFair = from.length >= 1 && from.length <= maxNamed && !from.includes(this.#owner.self)
    if (!isFair) throw badNames()
    const beside = this.#beside(topic)
    if (this.#heard.has(beside)) return
    this.#heard.add(beside)
    this.#owner.subscribe(beside)
  }

  /** Waits for the receipts of a message. Resolves when all have come or time is up, with those that have. */
  expect(
    id: MessageId,
    wanted: ReceiptsWanted,
    signal: AbortSignal | undefined,
  ): Promise<Receipts> {
    return new Promise((resolve, reject) => {
      const confirmed = new Set<PeerId>()
      const settle = (): void => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
        this.#expectedById.delete(id)
      }
      const done = (): void => {
        settle()
        const missing = wanted.from.filter((peer) => !confirmed.has(peer))
        resolve({ confirmed: [...confirmed], missing })
      }
      const abort = (): void => {
        settle()
        reject(signal?.reason as Error)
      }
      const timer = later(wanted.timeoutMs ?? defaultTimeoutMs, done)
      signal?.addEventListener('abort', abort, { once: true })
      this.#expectedById.set(id, { wanted, confirmed, done })
      if (signal?.aborted === true) abort()
    })
  }

  /** Takes a message of a topic of receipts; false when it is of another topic. */
  take(topic: TopicId, author: PeerId, payload: Uint8Array): boolean {
    if (!this.#heard.has(topic)) return false
    const decoded = decodePayload(payload)
    if (!decoded.ok || !isList(decoded.value, maxIds)) return true
    for (const one of decoded.value) {
      if (!isBytes(one, idBytes)) continue
      const expected = this.#expectedById.get(messageIdFromBytes(one))
      if (expected === undefined || !expected.wanted.from.includes(author)) continue
      if (expected.confirmed.has(author)) continue
      expected.confirmed.add(author)
      expected.wanted.onReceipt?.(author)
      if (expected.confirmed.size === new Set(expected.wanted.from).size) expected.done()
    }
    return true
  }

  /** This node was named and has the message. */
  confirm(topic: TopicId, id: MessageId): void {
    const owed = this.#owedByTopic.get(topic)
    if (owed === undefined) this.#owedByTopic.set(topic, [id])
    else if (owed.length < maxIds) owed.push(id)
    this.#timer ??= later(companyMs, () => this.#say())
  }

  /** Gives up what is waited for, with what has come. */
  close(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    for (const expected of [...this.#expectedById.values()]) expected.done()
  }

  #say(): void {
    this.#timer = undefined
    for (const [topic, ids] of this.#owedByTopic) {
      this.#owner.publish(this.#beside(topic), encodePayload(ids.map(idToBytes)))
    }
    this.#owedByTopic.clear()
  }

  #beside(topic: TopicId): TopicId {
    return topicId(this.#owner.network, `kithnet/receipts/${topic}`)
  }
}

function badNames(): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/bad-option', option: 'receipts' },
    `receipts.from names 1 to ${maxNamed} peers, and not this one.`,
  )
}

/** Source: pubsub's bound on who may be named. */
const maxNamed = 64
/** Ids in one message of receipts; what one says in a twentieth of a second beyond it is not said. Source: our choice. */
const maxIds = 1_024
/** Receipts wait for company this long. Source: our choice, the middle of a busy author's own batching. */
const companyMs = 50
const defaultTimeoutMs = 10_000
