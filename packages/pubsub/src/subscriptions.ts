import type { EpochMs, Instant } from '@kithnet/kernel'
import { isEphemeral, type PeerId, type StreamId, type TopicId } from '@kithnet/types'
import { maxConfirmers, seal, streamRef, type StreamRef, unseal } from './envelope.ts'
import type { Delivery, PubsubOutput } from './events.ts'
import { HoldBack, holdBackLimits } from './hold-back.ts'
import type { CachedMessage } from './message-cache.ts'
import type { Order, StreamNumbers, Told } from './stream-order.ts'

/** What subscriptions need of their node. */
export interface SubscriptionsOwner {
  readonly self: PeerId
  readonly stream: StreamId
  readonly retentionMs: number
  wall(now: Instant): EpochMs
  emit(output: PubsubOutput): void
  /** Something of an order is due then. */
  armBy(at: Instant): void
}

/** The topics whose messages are given to the application, each in its own order. */
export class Subscriptions {
  readonly #owner: SubscriptionsOwner
  readonly #ownRef: StreamRef
  readonly #byTopic = new Map<TopicId, HoldBack<Delivery>>()

  constructor(owner: SubscriptionsOwner) {
    this.#owner = owner
    this.#ownRef = streamRef(owner.self, owner.stream)
  }

  get topics(): readonly TopicId[] {
    return [...this.#byTopic.keys()]
  }

  /** Messages that wait for what comes before them. */
  get held(): number {
    let held = 0
    for (const { view } of this.#byTopic.values()) held += view.held
    return held
  }

  /** Streams whose numbers are followed. */
  get streams(): number {
    let streams = 0
    for (const { view } of this.#byTopic.values()) streams += view.streams
    return streams
  }

  has(topic: TopicId): boolean {
    return this.#byTopic.has(topic)
  }

  open(topic: TopicId, order: Order, now: Instant): void {
    const { retentionMs } = this.#owner
    const wall = (at: Instant): EpochMs => this.#owner.wall(at)
    const limits = { ...holdBackLimits, retentionMs }
    this.#byTopic.set(topic, new HoldBack(order, limits, this.#ownRef, wall, now))
  }

  /** What of the topic waits is not given any more. */
  close(topic: TopicId): void {
    this.#byTopic.delete(topic)
  }

  /** Numbers of a topic that have not come and still may. */
  missing(topic: TopicId): readonly StreamNumbers[] {
    return this.#byTopic.get(topic)?.missing ?? []
  }

  /** Gives a message to the application once and in its order, if it wants the topic and has not sent it itself. */
  deliver(cached: CachedMessage, now: Instant): void {
    const { message, via, batch } = cached
    const { topic, author, stream, seq, payload } = message
    const holdBack = this.#byTopic.get(topic)
    if (cached.delivered || holdBack === undefined || via === this.#owner.self) return
    cached.delivered = true
    const { causes, confirmers, body } = unseal(payload)
    const delivery = deliveryOf(cached, body, confirmers.includes(this.#owner.self))
    if (isEphemeral(topic)) {
      this.#owner.emit({ type: 'deliver', message: delivery })
      return
    }
    const bytes = payload.length + trackingBytes
    const { hlc } = delivery
    const arrival = { author, stream, seq, hlc, bytes, causes, message: delivery }
    this.#tell(topic, holdBack, holdBack.take(batch.lane.key, arrival, now))
  }

  /** Tells of a message that this node wrote. */
  own(cached: CachedMessage): void {
    if (!this.#byTopic.has(cached.message.topic)) return
    const { body } = unseal(cached.message.payload)
    this.#owner.emit({ type: 'own', message: deliveryOf(cached, body, false) })
  }

  /** The payload that travels: with its causes where the order is causal, and with who is to confirm it. */
  seal(topic: TopicId, body: Uint8Array, confirmers: readonly PeerId[]): Uint8Array {
    const causes = this.#byTopic.get(topic)?.causes ?? []
    return seal({ causes, confirmers: confirmers.slice(0, maxConfirmers), body })
  }

  /** What was sealed last has its number. */
  wrote(topic: TopicId): void {
    this.#byTopic.get(topic)?.wrote()
  }

  /** The author of a stream has signed two messages under one number. */
  fork(topic: TopicId, key: string, now: Instant): void {
    const holdBack = this.#byTopic.get(topic)
    if (holdBack !== undefined) this.#tell(topic, holdBack, holdBack.fork(key, now))
  }

  /** Gives up what is due. */
  tick(now: Instant): void {
    for (const [topic, holdBack] of this.#byTopic) this.#tell(topic, holdBack, holdBack.expire(now))
  }

  sweep(oldest: number): void {
    for (const holdBack of this.#byTopic.values()) holdBack.sweep(oldest)
  }

  #tell(topic: TopicId, holdBack: HoldBack<Delivery>, told: readonly Told<Delivery>[]): void {
    for (const one of told) {
      if (one.type !== 'deliver') this.#owner.emit({ ...one, topic })
      else if (one.unmet === 0) this.#owner.emit({ type: 'deliver', message: one.arrival.message })
      else {
        const message = { ...one.arrival.message, unmet: one.unmet }
        this.#owner.emit({ type: 'deliver', message })
      }
    }
    const { next } = holdBack
    if (next !== undefined) this.#owner.armBy(next)
  }
}

function deliveryOf(cached: CachedMessage, payload: Uint8Array, toConfirm: boolean): Delivery {
  const { id, message, via, late, batch } = cached
  const { topic, author, stream, seq, payload: carried } = message
  const { hlc } = batch.batch
  const { signed } = batch.message
  const place = { id, topic, author, stream, seq, hlc }
  return { ...place, payload, late, via, unmet: 0, toConfirm, carried, signed }
}

/** Bytes that a message that waits takes beside its payload. Source: our choice, after the cache's. */
const trackingBytes = 200
