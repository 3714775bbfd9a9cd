import {
  after,
  Deadlines,
  epochMs,
  type EpochMs,
  type Instant,
  instant,
  seededRng,
  utf8,
} from '@kithnet/kernel'
import {
  type Batch,
  type BatchId,
  batchIdOf,
  contentOf,
  decodeBatch,
  encodeBatch,
  hash,
  type MessageId,
  messageIdOf,
  networkId,
  type PeerId,
  peerIdFromBytes,
  signatureBytes,
  type Signed,
  type StreamId,
  streamIdFromBytes,
  type TopicId,
  topicId,
  type Verified,
} from '@kithnet/types'
import {
  defaultPubsubConfig,
  type Delivery,
  type EagerMessage,
  Pubsub,
  type PubsubConfig,
  type PubsubEvent,
  type PubsubMessage,
  type PubsubOutput,
} from '@kithnet/pubsub'

export const network = networkId('test')
export const news: TopicId = topicId(network, 'news')
export const other: TopicId = topicId(network, 'other')
/** Wall time of instant zero. */
export const epochAtZero: EpochMs = epochMs(1_800_000_000_000)

export function peer(name: string): PeerId {
  return peerIdFromBytes(hash('peer', utf8(name)))
}

/** A batch as its author made it, with the messages that it lists. */
export interface Written {
  readonly batch: Batch
  readonly id: BatchId
  readonly signed: Signed
  readonly messages: readonly EagerMessage[]
  readonly ids: readonly MessageId[]
}

/** Writes batches of one stream. Its signatures are as good as whoever verifies says. */
export class Author {
  readonly peer: PeerId
  readonly stream: StreamId
  readonly #nextByTopic = new Map<TopicId, number>()
  #prev: BatchId | undefined
  #signatures = 0

  constructor(name: string, life = 'first') {
    this.peer = peer(name)
    this.stream = streamIdFromBytes(hash('item', utf8(`${name} ${life}`)).slice(0, 16))
  }

  write(
    payloads: readonly (string | Uint8Array)[],
    options: { topic?: TopicId; hlc?: number; firstSeq?: number } = {},
  ): Written {
    const topic = options.topic ?? news
    const firstSeq = options.firstSeq ?? this.#nextByTopic.get(topic) ?? 0
    if (options.firstSeq === undefined) this.#nextByTopic.set(topic, firstSeq + payloads.length)
    const header = { network, author: this.peer, stream: this.stream, topic }
    const messages = payloads.map((payload, index): EagerMessage => {
      const bytes = typeof payload === 'string' ? utf8(payload) : payload
      const { author, stream } = header
      return { type: 'eager', topic, author, stream, seq: firstSeq + index, payload: bytes }
    })
    const ids = messages.map(idOf)
    const hlc = epochMs(options.hlc ?? epochAtZero)
    const batch: Batch = { ...header, firstSeq, ids, hlc, prev: this.#prev }
    const signature = new Uint8Array(signatureBytes).fill(++this.#signatures)
    const signed = { body: encodeBatch(batch), signature }
    this.#prev = batchIdOf(signed.body, signed.signature)
    return { batch, id: this.#prev, signed, messages, ids }
  }
}

export function idOf(message: EagerMessage): MessageId {
  return messageIdOf({ network, ...message }, contentOf(message.payload))
}

/** The same batch under a signature that is not the author's. */
export function forged(written: Written, mark = 255): Signed {
  return { body: written.signed.body, signature: new Uint8Array(signatureBytes).fill(mark) }
}

/** One `Pubsub` and everything that it wants done, with time in the test's hands. */
export class Subject {
  readonly self: PeerId
  readonly pubsub: Pubsub
  now: Instant = instant(0)
  sent: { readonly to: PeerId; readonly message: PubsubMessage }[] = []
  outputs: PubsubOutput[] = []
  readonly #timers = new Deadlines<string>()

  constructor(
    config: Partial<PubsubConfig> = {},
    neighbours: readonly string[] = [],
    as = 'subject',
  ) {
    this.self = peer(as)
    this.pubsub = new Pubsub({
      network,
      self: this.self,
      stream: streamIdFromBytes(new Uint8Array(16).fill(7)),
      epochAtZero,
      config: { ...defaultPubsubConfig, initialRoundTripMs: 40, historyMs: 1e9, ...config },
      rng: seededRng(1),
    })
    for (const name of neighbours) this.feed({ type: 'neighbourUp', peer: peer(name) })
    this.feed({ type: 'subscribe', topic: news })
    this.clear()
  }

  feed(event: PubsubEvent): void {
    this.#perform(this.pubsub.on(event, this.now))
  }

  /** A message from a named peer. */
  from(name: string, ...messages: readonly PubsubMessage[]): void {
    for (const message of messages) this.feed({ type: 'received', from: peer(name), message })
  }

  /** A batch and its messages from a named peer. */
  push(name: string, written: Written): void {
    this.from(name, { type: 'batch', signed: written.signed }, ...written.messages)
  }

  /** Lets time pass, with its timers. */
  pass(ms: number): void {
    const until = after(this.now, ms)
    for (
      let next = this.#timers.next;
      next !== undefined && next <= until;
      next = this.#timers.next
    ) {
      this.now = next > this.now ? next : this.now
      const key = this.#timers.takeDue(this.now)
      if (key !== undefined) this.#perform(this.pubsub.on({ type: 'fired', key }, this.now))
    }
    this.now = until
  }

  /** Answers every open `verify`: those of `bad` do not hold. */
  verify(bad: readonly Signed[] = []): void {
    for (const output of this.take('verify')) {
      const { token, signed } = output
      if (bad.includes(signed)) {
        this.feed({ type: 'unverified', token, cause: 'forged' })
        continue
      }
      const decoded = decodeBatch(signed.body)
      if (!decoded.ok) throw new Error('not a batch')
      this.feed({ type: 'verified', token, batch: decoded.value as Verified<Batch> })
    }
  }

  /** Answers every open `sign`. */
  sign(): void {
    for (const { token } of this.take('sign')) {
      this.feed({ type: 'signed', token, signature: new Uint8Array(signatureBytes).fill(token) })
    }
  }

  publish(token: number, payload: string | Uint8Array, topic: TopicId = news): void {
    const bytes = typeof payload === 'string' ? utf8(payload) : payload
    this.feed({ type: 'publish', token, topic, payload: bytes })
  }

  /** Removes and returns the outputs of a kind. */
  take<Type extends PubsubOutput['type']>(type: Type): (PubsubOutput & { type: Type })[] {
    const taken = this.outputs.filter((output) => output.type === type)
    this.outputs = this.outputs.filter((output) => output.type !== type)
    return taken as (PubsubOutput & { type: Type })[]
  }

  get delivered(): readonly Delivery[] {
    return this.outputs.flatMap((output) => (output.type === 'deliver' ? [output.message] : []))
  }

  /** Codes of the faults that a peer was blamed for, in order. */
  blames(name: string): string[] {
    return this.outputs.flatMap((output) =>
      output.type === 'penalised' && output.peer === peer(name) ? [output.fault.code] : [],
    )
  }

  /** Types of the messages sent to a peer, in order. */
  sentTo(name: string): string[] {
    return this.sent.filter(({ to }) => to === peer(name)).map(({ message }) => message.type)
  }

  messagesTo<Type extends PubsubMessage['type']>(
    name: string,
    type: Type,
  ): (PubsubMessage & { type: Type })[] {
    const found = this.sent.filter(({ to, message }) => to === peer(name) && message.type === type)
    return found.map(({ message }) => message as PubsubMessage & { type: Type })
  }

  clear(): void {
    this.sent = []
    this.outputs = []
  }

  #perform(effects: ReturnType<Pubsub['on']>): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.sent.push(effect)
      else if (effect.type === 'emit') this.outputs.push(effect.output)
      else if (effect.type === 'arm') this.#timers.arm(effect.key, effect.at)
      else if (effect.type === 'disarm') this.#timers.disarm(effect.key)
    }
  }
}
