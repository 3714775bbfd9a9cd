import type { LossCause, StreamNumbers } from '@kithnet/overlay'
import type { TopicId } from '@kithnet/types'
import type { Guarantee, Message } from './message.ts'
import type { Published, PublishOptions } from './outbox.ts'
import type { Payload } from './payload.ts'
import type { Receipts, ReceiptsWanted } from './receipts.ts'
import type { QueueOptions, Subscription } from './subscription.ts'

/** What a topic tells of messages that did not come in turn. */
export interface TopicEvents {
  /** Numbers of a stream were passed over: they are fetched. Each gap ends `repaired`, or some of it is `lost`. */
  readonly gap: StreamNumbers
  readonly repaired: StreamNumbers
  /** These will not come. */
  readonly lost: StreamNumbers & { readonly cause: LossCause }
}

/** How to read a topic. */
export type MessagesOptions<G extends Guarantee = 'reliable'> = QueueOptions & {
  /** Also give what this node publishes itself. Default false. */
  readonly own?: boolean
} & (G extends 'durable' ? SinceOptions : unknown)

/** From where to read a durable topic. A reader that says so is given every message, however slow it is. */
export interface SinceOptions {
  /**
   * Also give what has been kept: from the `start`, or from where the last reader of this name stopped, which is
   * the message before the one it held when it stopped: none is skipped, some may come again. Default: only what
   * arrives from now on.
   */
  readonly since?: 'start' | 'last-seen'
  /** Names the reader whose position `last-seen` keeps. Default `default`. */
  readonly reader?: string
}

/** What to wait for until somebody is there. */
export interface ReadyOptions {
  /** Neighbours, at least. Default 1. */
  readonly peers?: number
  readonly signal?: AbortSignal
}

/** A named channel of a network: whoever publishes signs, whoever subscribes gets each message once. */
export type Topic<Value = Payload, G extends Guarantee = 'reliable', Input = Value> = PlainTopic<
  Value,
  G,
  Input
> &
  (G extends 'ephemeral' ? unknown : WatchedTopic)

/** What every topic has. */
export interface PlainTopic<Value, G extends Guarantee, Input> {
  readonly id: TopicId
  readonly name: string
  readonly delivery: G
  /** Messages that were dropped because they are not what the topic carries. */
  readonly invalid: number
  /**
   * Signs and broadcasts a value. By default waits for a first neighbour to send it to; `until` says what else to
   * wait for, `receipts` who is to confirm it. Own messages are not delivered to oneself.
   *
   * @throws CodedError `runtime/invalid-value`, `runtime/bad-payload`, `runtime/no-peers`, `runtime/closed` or a
   * `pubsub/…` refusal.
   */
  publish(
    value: Input,
    options: PublishOptions & { readonly receipts: ReceiptsWanted },
  ): Promise<Published & { readonly receipts: Receipts }>
  publish(value: Input, options?: PublishOptions): Promise<Published>
  /** The messages that arrive, in a bounded queue of this reader's own. */
  messages(options?: MessagesOptions<G>): Subscription<Message<Value, G>>
  /** Calls back for each message, without a queue. For those who keep up. */
  listen(listener: (message: Message<Value, G>) => void): Disposable
  /** Resolves when there is somebody to publish to. */
  ready(options?: ReadyOptions): Promise<void>
  /** Resolves when everything published here so far has been sent, and what is to be kept is on disk. */
  flush(options?: { readonly signal?: AbortSignal }): Promise<void>
}

/** What a topic has that knows what is missing. */
export interface WatchedTopic {
  /** Listens to what is missing until disposed or aborted. */
  on<Name extends keyof TopicEvents>(
    name: Name,
    listener: (fact: TopicEvents[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): Disposable
  /** Numbers that have not come and still may. */
  missing(): readonly StreamNumbers[]
}
