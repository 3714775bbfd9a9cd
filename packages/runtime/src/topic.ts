import { CodedError, type EpochMs } from '@kithnet/kernel'
import type { Delivery } from '@kithnet/overlay'
import type { MessageId, PeerId, TopicId } from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'
import { decodePayload, encodePayload, type Payload } from './payload.ts'
import type { Outbox, PublishOptions, Published } from './outbox.ts'
import { type QueueOptions, Subscription } from './subscription.ts'
import type { History } from './history.ts'

/** A message, verified and delivered once. */
export interface Message {
  readonly id: MessageId
  /** Whose signature was verified. */
  readonly author: PeerId
  readonly value: Payload
  /** The author's clock when it signed, in milliseconds since 1970. */
  readonly at: EpochMs
  /** Counts the author's messages here from 0 in each of its lives, so that gaps show. */
  readonly seq: number
  /** True when it came from history and not as it was published. */
  readonly late: boolean
  /** The neighbour that brought it. */
  readonly via: PeerId
  /** Its place in a durable topic's history. */
  readonly position?: number
}

/** How to read a topic. */
export interface MessagesOptions extends QueueOptions {
  /**
   * Also give what a durable topic has kept: from the `start`, or from where the last reader of this name
   * stopped, which is the message before the one it held when it stopped: none is skipped, one may come again.
   * Default: only what arrives from now on.
   */
  readonly since?: 'start' | 'last-seen'
  /** Also give what this node publishes itself. Default false. */
  readonly own?: boolean
  /** Names the reader whose position `last-seen` keeps. Default `default`. */
  readonly reader?: string
}

/** What a topic needs of its node. */
export interface TopicParts {
  readonly id: TopicId
  readonly name: string
  readonly outbox: Outbox
  /** Kept messages, when the topic is durable. */
  readonly history: History | undefined
  readonly self: PeerId
  readonly wall: () => EpochMs
  readonly onMalformed: (arrived: Arrived) => void
  readonly onError: (error: unknown) => void
}

type Reader = (message: Message) => void

/** A message as the overlay hands it over, or as history kept it. */
export type Arrived = Omit<Delivery, 'topic' | 'stream'>

/** The message of an arrival, or `undefined` when its payload is not a value. The bytes become the reader's own. */
export function messageOf(arrived: Arrived): Message | undefined {
  const decoded = decodePayload(arrived.payload.slice())
  if (!decoded.ok) return undefined
  const { id, author, hlc, seq, late, via } = arrived
  return { id, author, value: decoded.value, at: hlc, seq, late, via }
}

/** A named channel of a network: whoever publishes signs, whoever subscribes gets each message once. */
export class Topic {
  readonly id: TopicId
  readonly name: string
  readonly #parts: TopicParts
  readonly #readers = new Set<Reader>()
  /** The readers that also want what is published here. */
  readonly #ownReaders = new Set<Reader>()
  #published = 0
  readonly #open = new Set<Subscription<Message>>()

  constructor(parts: TopicParts) {
    this.id = parts.id
    this.name = parts.name
    this.#parts = parts
  }

  /**
   * Signs and broadcasts a value. By default waits for a first neighbour to send it to; `until` says what
   * else to wait for. Own messages are not delivered to oneself.
   *
   * @throws CodedError `runtime/bad-payload`, `runtime/no-peers`, `runtime/closed` or a `pubsub/…` refusal.
   */
  publish(value: Payload, options: PublishOptions = {}): Promise<Published> {
    const payload = encodePayload(value)
    return this.#parts.outbox.publish(this.id, payload, options, (id) => {
      const seq = this.#published++
      if (this.#ownReaders.size === 0) return
      const { self, wall } = this.#parts
      this.#tell(
        { id, author: self, payload, hlc: wall(), seq, late: false, via: self },
        this.#ownReaders,
      )
    })
  }

  /** The messages that arrive, in a bounded queue of this reader's own. */
  messages(options: MessagesOptions = {}): Subscription<Message> {
    const subscription: Subscription<Message> = new Subscription(options, () => {
      this.#readers.delete(push)
      this.#ownReaders.delete(push)
      this.#open.delete(subscription)
    })
    const push = (message: Message): void => subscription.push(message)
    this.#open.add(subscription)
    if (options.own === true) this.#ownReaders.add(push)
    const history = this.#parts.history
    if (options.since === undefined) this.#readers.add(push)
    else if (history === undefined) throw notDurable(this.name)
    else {
      this.#replay(history, options, push, subscription).catch((error: unknown) => {
        this.#parts.onError(error)
        subscription.end()
      })
    }
    return subscription
  }

  /** Calls back for each message, without a queue. For those who keep up. */
  listen(listener: (message: Message) => void): Disposable {
    const own = (message: Message): void => {
      try {
        listener(message)
      } catch (error) {
        this.#parts.onError(error)
      }
    }
    this.#readers.add(own)
    return { [Symbol.dispose]: () => void this.#readers.delete(own) }
  }

  /** Hands a delivery of the overlay to every reader; a durable topic keeps it first. */
  accept(delivery: Arrived): void {
    const history = this.#parts.history
    if (history === undefined) this.#tell(delivery, this.#readers)
    else history.keep(delivery, (position) => this.#tell(delivery, this.#readers, position))
  }

  async #replay(
    history: History,
    options: MessagesOptions,
    push: Reader,
    subscription: Subscription<Message>,
  ): Promise<void> {
    const seen =
      options.since === 'last-seen'
        ? await history.lastSeen(options.reader ?? 'default')
        : undefined
    if (seen !== undefined) {
      subscription.onTaken = ({ position }) => {
        if (position !== undefined) seen.mark(position).catch(this.#parts.onError)
      }
    }
    await history.replay(
      (seen?.position ?? 0) + 1,
      ({ position, arrived }) => {
        const message = messageOf(arrived)
        if (message !== undefined) push({ ...message, position })
      },
      () => {
        if (!subscription.ended) this.#readers.add(push)
      },
      subscription,
    )
  }

  #tell(arrived: Arrived, readers: ReadonlySet<Reader>, position?: number): void {
    const plain = messageOf(arrived)
    if (plain === undefined) {
      this.#parts.onMalformed(arrived)
      return
    }
    const message = position === undefined ? plain : { ...plain, position }
    for (const reader of readers) reader(message)
  }

  /** Ends every reader after what waits. */
  end(): void {
    for (const subscription of this.#open) subscription.end()
    this.#readers.clear()
  }
}

function notDurable(name: string): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/bad-option', option: 'since' },
    `The topic "${name}" keeps nothing: open it with { durable: true } to read what came before.`,
  )
}
