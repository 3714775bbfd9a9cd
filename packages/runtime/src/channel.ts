import { CodedError, type Fault } from '@kithnet/kernel'
import type { StreamNumbers } from '@kithnet/overlay'
import type { PeerId, StandardSchema, TopicId } from '@kithnet/types'
import { Arrivals } from './arrivals.ts'
import type { RuntimeFault } from './faults.ts'
import type { History } from './history.ts'
import { Listeners } from './listeners.ts'
import { type Arrived, type FullMessage, type Guarantee, messageOf } from './message.ts'
import type { Outbox, Published, PublishOptions } from './outbox.ts'
import { decodePayload, encodePayload, type Payload } from './payload.ts'
import type { ReceiptBook, Receipts, ReceiptsWanted } from './receipts.ts'
import { type Checked, checked, invalidValue } from './schema.ts'
import { Subscription } from './subscription.ts'
import type { MessagesOptions, ReadyOptions, TopicEvents } from './topic.ts'

/** What a channel needs of its node. */
export interface ChannelParts<Value> {
  readonly id: TopicId
  readonly name: string
  readonly delivery: Guarantee
  readonly schema: StandardSchema<unknown, Value> | undefined
  readonly outbox: Outbox
  readonly receipts: ReceiptBook
  /** Kept messages, when the topic is durable. */
  readonly history: History | undefined
  readonly self: PeerId
  readonly missing: () => readonly StreamNumbers[]
  readonly ready: (options: ReadyOptions) => Promise<void>
  readonly onFault: (author: PeerId, fault: Fault) => void
  readonly onError: (error: unknown) => void
}

type Reader<Value> = (message: FullMessage<Value>) => void

interface Arrival {
  readonly arrived: Arrived
  readonly toConfirm: boolean
}

/** Every topic, whatever it promises: `Topic` shows what fits its guarantee. */
export class Channel<Value> {
  readonly id: TopicId
  readonly name: string
  readonly delivery: Guarantee
  readonly #parts: ChannelParts<Value>
  readonly #arrivals: Arrivals<Arrival, Value>
  readonly #readers = new Set<Reader<Value>>()
  /** The readers that also want what is published here. */
  readonly #ownReaders = new Set<Reader<Value>>()
  readonly #open = new Set<Subscription<FullMessage<Value>>>()
  readonly #listeners: Listeners<TopicEvents>
  #invalid = 0

  constructor(parts: ChannelParts<Value>) {
    this.id = parts.id
    this.name = parts.name
    this.delivery = parts.delivery
    this.#parts = parts
    this.#listeners = new Listeners(parts.onError)
    this.#arrivals = new Arrivals(parts.schema, (arrival, verdict) =>
      this.#settled(arrival, verdict),
    )
  }

  get invalid(): number {
    return this.#invalid
  }

  async publish(
    value: unknown,
    options: PublishOptions & { readonly receipts?: ReceiptsWanted } = {},
  ): Promise<Published & { readonly receipts?: Receipts }> {
    const { outbox, receipts } = this.#parts
    const checking = checked(this.#parts.schema, value)
    const verdict = checking instanceof Promise ? await checking : checking
    if (!verdict.ok) throw invalidValue(this.name, verdict.why)
    const payload = encodePayload(value as Payload)
    const wanted = options.receipts
    if (wanted !== undefined) receipts.listen(this.id, wanted)
    let confirming: Promise<Receipts> | undefined
    const message = { topic: this.id, payload, confirmers: wanted?.from ?? [] }
    const published = await outbox.publish(message, options, (id) => {
      if (wanted !== undefined) confirming = receipts.expect(id, wanted, options.signal)
      // Whoever gives up waiting for a neighbour hears of that alone.
      confirming?.catch(() => {})
    })
    return confirming === undefined ? published : { ...published, receipts: await confirming }
  }

  messages(options: MessagesOptions<'durable'> = {}): Subscription<FullMessage<Value>> {
    const subscription = new Subscription<FullMessage<Value>>(options, () => {
      this.#readers.delete(push)
      this.#ownReaders.delete(push)
      this.#open.delete(subscription)
    })
    const push = (message: FullMessage<Value>): void => subscription.push(message)
    this.#open.add(subscription)
    const { since } = options
    const { history } = this.#parts
    if (since === undefined) {
      if (options.own === true) this.#ownReaders.add(push)
      this.#readers.add(push)
    } else if (history === undefined) throw notDurable(this.name)
    else {
      this.#replay(history, options, subscription).catch((error: unknown) => {
        this.#parts.onError(error)
        subscription.end()
      })
    }
    return subscription
  }

  listen(listener: (message: FullMessage<Value>) => void): Disposable {
    const reader = (message: FullMessage<Value>): void => {
      try {
        listener(message)
      } catch (error) {
        this.#parts.onError(error)
      }
    }
    this.#readers.add(reader)
    return { [Symbol.dispose]: () => void this.#readers.delete(reader) }
  }

  on<Name extends keyof TopicEvents>(
    name: Name,
    listener: (fact: TopicEvents[Name]) => void,
    options: { readonly signal?: AbortSignal } = {},
  ): Disposable {
    return this.#listeners.on(name, listener, options)
  }

  missing(): readonly StreamNumbers[] {
    return this.#parts.missing()
  }

  ready(options: ReadyOptions = {}): Promise<void> {
    return this.#parts.ready(options)
  }

  async flush(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#parts.outbox.flush(this.id, options.signal)
    await this.settled()
  }

  /** Takes what the overlay delivers: when it is what the topic carries, every reader gets it. */
  accept(arrived: Arrived, toConfirm: boolean): void {
    const decoded = decodePayload(arrived.payload.slice())
    if (!decoded.ok)
      this.#refuse(arrived, { code: 'runtime/malformed-payload', message: arrived.id })
    else if (!this.#arrivals.take({ arrived, toConfirm }, decoded.value)) {
      this.#parts.onFault(arrived.author, { code: 'runtime/validator-busy' })
    }
  }

  /** Resolves when everything taken so far has been given, or is on disk. */
  async settled(): Promise<void> {
    await this.#arrivals.settled()
    await this.#parts.history?.settled()
  }

  /** A message of this node's own was signed. */
  wrote(own: Arrived): void {
    const { history } = this.#parts
    if (history === undefined) {
      if (this.#ownReaders.size > 0) this.#tellOwn(own, undefined)
    } else history.keep(own, (position) => this.#tellOwn(own, position))
  }

  /** Something is missing, or is not any more. */
  told<Name extends keyof TopicEvents>(name: Name, fact: TopicEvents[Name]): void {
    this.#listeners.emit(name, fact)
  }

  /** Ends every reader after what waits. */
  end(): void {
    for (const subscription of this.#open) subscription.end()
    this.#readers.clear()
    this.#listeners.clear()
  }

  #settled({ arrived, toConfirm }: Arrival, verdict: Checked<Value>): void {
    const { history, receipts } = this.#parts
    if (!verdict.ok) {
      this.#refuse(arrived, {
        code: 'runtime/invalid-message',
        message: arrived.id,
        why: verdict.why,
      })
      return
    }
    const give = (position?: number): void => {
      if (toConfirm) receipts.confirm(this.id, arrived.id)
      tell(this.#readers, messageOf(arrived, verdict.value), position)
    }
    if (history === undefined) give()
    else history.keep(arrived, give)
  }

  #refuse({ author }: Arrived, fault: RuntimeFault): void {
    this.#invalid++
    this.#parts.onFault(author, fault)
  }

  #tellOwn(own: Arrived, position: number | undefined): void {
    void this.#valueOf(own.payload).then((verdict) => {
      if (verdict?.ok === true) tell(this.#ownReaders, messageOf(own, verdict.value), position)
    })
  }

  async #valueOf(payload: Uint8Array): Promise<Checked<Value> | undefined> {
    const decoded = decodePayload(payload.slice())
    return decoded.ok ? checked(this.#parts.schema, decoded.value) : undefined
  }

  /** Gives what was kept and then what comes. A reader whose queue is full goes back to what was kept. */
  async #replay(
    history: History,
    options: MessagesOptions<'durable'>,
    subscription: Subscription<FullMessage<Value>>,
  ): Promise<void> {
    const { self } = this.#parts
    const seen =
      options.since === 'last-seen'
        ? await history.lastSeen(options.reader ?? 'default')
        : undefined
    if (seen !== undefined) {
      subscription.onTaken = ({ position }) => {
        if (position !== undefined) seen.mark(position).catch(this.#parts.onError)
      }
    }
    let from = (seen?.position ?? 0) + 1
    while (!subscription.ended) {
      let behind = (): void => {}
      const fellBehind = new Promise<void>((resolve) => {
        behind = resolve
      })
      const push = (message: FullMessage<Value>): void => {
        const position = message.position ?? from
        if (position < from) return
        if (options.whenFull === undefined && subscription.isFull) {
          this.#readers.delete(push)
          this.#ownReaders.delete(push)
          behind()
          return
        }
        from = position + 1
        subscription.push(message)
      }
      await history.replay(
        from,
        async ({ position, arrived }) => {
          from = position + 1
          if (arrived.author === self && options.own !== true) return
          const verdict = await this.#valueOf(arrived.payload)
          if (verdict?.ok !== true) return
          subscription.push({ ...messageOf(arrived, verdict.value), position })
        },
        () => {
          if (subscription.ended) return
          this.#readers.add(push)
          if (options.own === true) this.#ownReaders.add(push)
        },
        subscription,
      )
      await Promise.race([fellBehind, subscription.whenEnded])
      this.#readers.delete(push)
      this.#ownReaders.delete(push)
    }
  }
}

function tell<Value>(
  readers: ReadonlySet<Reader<Value>>,
  plain: FullMessage<Value>,
  position: number | undefined,
): void {
  const message = position === undefined ? plain : { ...plain, position }
  for (const reader of readers) reader(message)
}

function notDurable(name: string): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/bad-option', option: 'since' },
    `The topic "${name}" keeps nothing: open it with { delivery: 'durable' } to read what came before.`,
  )
}
