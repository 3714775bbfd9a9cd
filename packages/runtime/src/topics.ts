import { type Clock, CodedError, type EpochMs, type Fault } from '@kithnet/kernel'
import type { Order, Overlay, OverlayEvent, OverlayOutput } from '@kithnet/overlay'
import {
  type Batch,
  type NetworkId,
  type PeerId,
  type Signed,
  type StandardSchema,
  type Store,
  type TopicId,
  topicId,
  type Verified,
} from '@kithnet/types'
import { CatchUp } from './catch-up.ts'
import { Channel } from './channel.ts'
import type { RuntimeFault } from './faults.ts'
import { defaultAgeMs, History, type KeepOptions } from './history.ts'
import { HistoryServer } from './history-server.ts'
import type { Guarantee } from './message.ts'
import type { Outbox } from './outbox.ts'
import { ReceiptBook } from './receipts.ts'
import type { ReadyOptions } from './topic.ts'

/** What the topics need of their node. */
export interface TopicsOwner {
  readonly network: NetworkId
  readonly self: PeerId
  readonly store: Store
  readonly outbox: Outbox
  readonly overlay: Overlay
  readonly clock: Clock
  readonly signal: AbortSignal
  feed(event: OverlayEvent): void
  neighbours(): readonly PeerId[]
  ask(peer: PeerId, message: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  check(signed: Signed, key: Uint8Array): Promise<Verified<Batch> | undefined>
  ready(options: ReadyOptions): Promise<void>
  onFault(author: PeerId, fault: Fault): void
  onError(error: unknown): void
}

/** How a topic is to be opened. */
interface OpenOptions {
  readonly delivery?: Guarantee
  readonly keep?: KeepOptions
}

interface Opened {
  readonly channel: Channel<unknown>
  readonly history: History | undefined
  readonly catchUp: CatchUp | undefined
  readonly schema: StandardSchema | undefined
}

const orderOf: Readonly<Partial<Record<Guarantee, Order>>> = { fifo: 'fifo', causal: 'causal' }

type Delivered = Extract<OverlayOutput, { type: 'deliver' }>

/** The topics that a node has open. */
export class Topics {
  readonly #owner: TopicsOwner
  readonly #receipts: ReceiptBook
  readonly #byName = new Map<string, Opened>()
  readonly #byId = new Map<TopicId, Opened>()
  readonly #server: HistoryServer
  /** What a topic that is being opened is given of what came before, for the readers that its opener is about to add. */
  #opening: Delivered[] | undefined

  constructor(owner: TopicsOwner) {
    this.#owner = owner
    this.#server = new HistoryServer(
      (topic) => this.#byId.get(topic)?.history,
      () => owner.clock.now(),
    )
    this.#receipts = new ReceiptBook({
      network: owner.network,
      self: owner.self,
      subscribe: (topic) => owner.feed({ type: 'subscribe', topic }),
      publish: (topic, payload) => {
        const message = { topic, payload, confirmers: [] }
        owner.outbox.publish(message, { until: 'queued' }, () => {}).catch(owner.onError)
      },
    })
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()]
  }

  /** @throws CodedError `runtime/bad-option` when the name is open in another way. */
  open(name: string, schema: StandardSchema | undefined, options: OpenOptions): Channel<unknown> {
    const known = this.#byName.get(name)
    if (known === undefined) return this.#create(name, schema, options)
    const { delivery } = known.channel
    if (options.delivery !== undefined && options.delivery !== delivery) {
      throw openOtherwise('delivery', `The topic "${name}" is open with delivery "${delivery}".`)
    }
    if (schema !== known.schema) {
      const how = known.schema === undefined ? 'without a schema' : 'with another schema'
      throw openOtherwise('schema', `The topic "${name}" is open ${how}.`)
    }
    return known.channel
  }

  leave(name: string): void {
    const opened = this.#byName.get(name)
    if (opened === undefined) return
    const { channel } = opened
    this.#byName.delete(name)
    this.#byId.delete(channel.id)
    channel.end()
    this.#owner.feed({ type: 'unsubscribe', topic: channel.id })
  }

  /** What the overlay tells of a topic. */
  take(
    output: Extract<OverlayOutput, { type: 'deliver' | 'own' | 'gap' | 'repaired' | 'lost' }>,
  ): void {
    if (output.type === 'deliver' || output.type === 'own') {
      const { topic, toConfirm, ...arrived } = output.message
      if (output.type === 'deliver' && this.#opening !== undefined) this.#opening.push(output)
      else if (output.type === 'own') this.#byId.get(topic)?.channel.wrote(arrived)
      else if (!this.#receipts.take(topic, arrived.author, arrived.payload)) {
        this.#byId.get(topic)?.channel.accept(arrived, toConfirm)
      }
      return
    }
    const { topic, author, stream, first, count } = output
    const numbers = { author, stream, first, count }
    const channel = this.#byId.get(topic)?.channel
    if (output.type === 'lost') channel?.told('lost', { ...numbers, cause: output.cause })
    else channel?.told(output.type, numbers)
  }

  /** There is a neighbour, whose histories may have what is lacking here. */
  meet(peer: PeerId): void {
    for (const { catchUp } of this.#byName.values()) catchUp?.meet(peer)
  }

  /** Answers a peer that asks for a history. */
  answer(message: Uint8Array, from: PeerId): Promise<Uint8Array> {
    return this.#server.answer(message, from)
  }

  /** Ends every reader after what waits. */
  close(): void {
    this.#receipts.close()
    for (const { channel } of this.#byName.values()) channel.end()
  }

  #create(
    name: string,
    schema: StandardSchema | undefined,
    { delivery = 'reliable', keep = {} }: OpenOptions,
  ): Channel<unknown> {
    const { network, self, store, outbox, overlay, clock, ready, onFault, onError } = this.#owner
    const id = topicId(network, name, delivery === 'ephemeral')
    const keyOf = (author: PeerId): Uint8Array | undefined => overlay.keyOf(author)
    const wall = (): EpochMs => clock.wall()
    const history =
      delivery === 'durable'
        ? new History({ store, topic: id, keep, keyOf, wall, onError })
        : undefined
    const channel = new Channel<unknown>({
      id,
      name,
      delivery,
      schema,
      outbox,
      receipts: this.#receipts,
      history,
      self,
      missing: () => overlay.missing(id),
      ready,
      onFault,
      onError,
    })
    const catchUp = history === undefined ? undefined : this.#catchUp(channel, history, keep)
    const opened = { channel, schema, history, catchUp }
    this.#byName.set(name, opened)
    this.#byId.set(id, opened)
    const order = orderOf[delivery]
    const before: Delivered[] = []
    this.#opening = before
    this.#owner.feed({ type: 'subscribe', topic: id, ...(order === undefined ? {} : { order }) })
    this.#opening = undefined
    if (before.length > 0) {
      queueMicrotask(() => {
        for (const output of before) this.take(output)
      })
    }
    for (const peer of this.#owner.neighbours()) catchUp?.meet(peer)
    return channel
  }

  #catchUp(channel: Channel<unknown>, history: History, { ageMs }: KeepOptions): CatchUp {
    const { network, store, clock, signal, ask, check, onFault } = this.#owner
    return new CatchUp({
      network,
      topic: channel.id,
      history,
      store,
      ageMs: ageMs ?? defaultAgeMs,
      signal,
      ask,
      check,
      wall: () => clock.wall(),
      accept: (arrived) => channel.accept(arrived, false),
      settled: () => channel.settled(),
      onFault,
    })
  }
}

/** Under this name peers ask for histories. */
export const historyProtocol = 'kithnet/topic-history/1'

function openOtherwise(option: string, how: string): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/bad-option', option },
    `${how} Ask for it the same way, leave it first, or use another name.`,
  )
}
