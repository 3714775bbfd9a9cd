import { after, BoundedMap, type Instant, TokenBucket } from '@kithnet/kernel'
import type { MessageId, PeerId } from '@kithnet/types'
import type { TrustedBatch } from './batch-book.ts'
import type { Dissemination } from './dissemination.ts'
import type { CachedMessage } from './message-cache.ts'
import type { EagerMessage } from './messages.ts'
import type { State } from './state.ts'

/** Authors whose rates are watched at once. Source: our choice; the least recently heard is forgotten. */
const watchedAuthors = 1_024

/**
 * The one gate behind which side effects begin: a message comes here once its batch is verified, and leaves
 * cached, acknowledged, delivered and forwarded, or not at all.
 */
export class Acceptance {
  readonly #state: State
  readonly #dissemination: Dissemination
  readonly #buckets = new BoundedMap<PeerId, TokenBucket>(watchedAuthors)

  constructor(state: State, dissemination: Dissemination) {
    this.#state = state
    this.#dissemination = dissemination
  }

  /**
   * `via` delivered it; `pushers` are all who pushed a copy, `via` among them when it did so unasked.
   * False when the message does not fit its batch or its time: `via` has been blamed.
   */
  accept(
    id: MessageId,
    message: EagerMessage,
    trusted: TrustedBatch,
    via: PeerId,
    pushers: readonly PeerId[],
    now: Instant,
  ): boolean {
    const { missing, clock, config } = this.#state
    const { batch, lane } = trusted
    if (!fits(id, message, trusted)) {
      this.#state.blame(via, { code: 'pubsub/wrong-position', message: id }, now)
      return false
    }
    const wall = clock.wall(now)
    const late = missing.isLate(id, via)
    if (batch.hlc < wall - (late ? config.retentionMs : config.replayWindowMs)) {
      this.#state.blame(via, { code: 'pubsub/stale', batch: trusted.id }, now)
      return false
    }
    const pulled = missing.isAsked(id, via)
    // Whatever follows, it has come: nobody else need be asked.
    missing.found(id, via, now)
    if (this.#isForgotten(message, trusted, via, late)) return false
    if (!this.#withinRate(message.author, now)) return false
    this.#gap(message, trusted, late)
    lane.taken.add(message.seq)
    clock.witness(batch.hlc, now)
    const cached = this.keep(id, message, trusted, via, late, now)
    this.#state.scores.credit(via)
    this.#acknowledge(message, pushers, now)
    this.deliver(cached)
    this.#dissemination.spread(cached, pushers, pulled, now)
    return true
  }

  /** Remembers and caches a verified message. */
  keep(
    id: MessageId,
    message: EagerMessage,
    trusted: TrustedBatch,
    via: PeerId,
    late: boolean,
    now: Instant,
  ): CachedMessage {
    const { seen, book, cache, effects, config } = this.#state
    seen.add(id, trusted.batch.hlc, via)
    book.hold(trusted, id)
    effects.armBy('sweep', after(now, config.idleBatchMs))
    return cache.add({ id, message, batch: trusted, via, late, at: now })
  }

  /** Gives a message to the application once, if it wants the topic and has not sent it itself. */
  deliver(cached: CachedMessage): void {
    const { subscribed, self, effects } = this.#state
    const { id, message, via, late, batch } = cached
    const { topic, author, stream, seq, payload } = message
    if (cached.delivered || !subscribed.has(topic) || via === self) return
    cached.delivered = true
    const { hlc } = batch.batch
    effects.emit({
      type: 'deliver',
      message: { id, topic, author, stream, seq, hlc, payload, late, via },
    })
  }

  /**
   * True for what may have been here although its id is not remembered. Numbers tell; history is told by its ids
   * alone as far back as all are remembered.
   */
  #isForgotten({ seq }: EagerMessage, trusted: TrustedBatch, via: PeerId, late: boolean): boolean {
    const { seen } = this.#state
    const { lane, batch } = trusted
    if (late && batch.hlc > seen.horizon) return false
    if (lane.taken.next === 0) return late || seen.mayHaveForgotten(via, batch.hlc)
    return !lane.forked && lane.taken.has(seq)
  }

  /** The author pays only for what is its own for certain, or a forger would spend for it. */
  #withinRate(author: PeerId, now: Instant): boolean {
    const { authorMessagesPerSecond, authorBurstMessages } = this.#state.config
    let bucket = this.#buckets.get(author)
    if (bucket === undefined) {
      bucket = new TokenBucket(authorMessagesPerSecond, authorBurstMessages, now)
      this.#buckets.set(author, bucket)
    }
    return bucket.take(1, now)
  }

  /** Tells a jump in an author's numbers before the message behind it is delivered. */
  #gap({ author, stream, topic, seq }: EagerMessage, { lane }: TrustedBatch, late: boolean): void {
    const { next } = lane.taken
    if (late || lane.forked || next === 0 || seq <= next) return
    if (!this.#state.subscribed.has(topic)) return
    this.#state.effects.emit({ type: 'gap', author, stream, topic, first: next, count: seq - next })
  }

  #acknowledge(message: EagerMessage, pushers: readonly PeerId[], now: Instant): void {
    if (pushers.includes(message.author)) this.#dissemination.acknowledge(message, now)
  }
}

/** True when the batch lists the id where the message says it stands. */
function fits(id: MessageId, message: EagerMessage, { batch }: TrustedBatch): boolean {
  return (
    batch.ids[message.seq - batch.firstSeq] === id &&
    message.topic === batch.topic &&
    message.author === batch.author &&
    message.stream === batch.stream
  )
}
