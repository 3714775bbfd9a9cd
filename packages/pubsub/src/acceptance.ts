import { after, BoundedMap, type Instant, TokenBucket } from '@kithnet/kernel'
import { isEphemeral, type MessageId, type PeerId } from '@kithnet/types'
import type { TrustedBatch } from './batch-book.ts'
import type { Dissemination } from './dissemination.ts'
import { prefixOf } from './id-prefix.ts'
import type { CachedMessage } from './message-cache.ts'
import type { EagerMessage, Position } from './messages.ts'
import type { State } from './state.ts'

/** Authors whose rates are watched at once. Source: our choice; the least recently heard is forgotten. */
const watchedAuthors = 1_024

/** How a message that may have effects came. */
export interface Admission {
  /** Through history. */
  readonly late: boolean
  /** Whoever delivered it was asked for it. */
  readonly pulled: boolean
}

/** Who delivered a message, and who else pushed it. */
export interface Origin extends Admission {
  readonly via: PeerId
  readonly pushers: readonly PeerId[]
}

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
    const admitted = this.admit(id, message, trusted, via, now)
    if (admitted === undefined) return false
    const cached = this.take(id, message, trusted, { via, pushers, ...admitted }, now)
    this.#dissemination.spread(cached, pushers, admitted.pulled, now)
    return true
  }

  /** Whether a message whose batch is verified may have effects here at all; `undefined` when it may not. */
  admit(
    id: MessageId,
    position: Position,
    trusted: TrustedBatch,
    via: PeerId,
    now: Instant,
  ): Admission | undefined {
    const { missing, clock, config } = this.#state
    const { batch } = trusted
    const prefix = prefixOf(id)
    if (!fits(id, position, trusted)) {
      this.#state.blame(via, { code: 'pubsub/wrong-position', message: id }, now)
      return undefined
    }
    const wall = clock.wall(now)
    const late = missing.isLate(prefix, via)
    if (batch.hlc < wall - (late ? config.retentionMs : config.replayWindowMs)) {
      this.#state.blame(via, { code: 'pubsub/stale', batch: trusted.id }, now)
      return undefined
    }
    const pulled = missing.isAsked(prefix, via)
    // Whatever follows, it has come: nobody else need be asked.
    const silent = missing.found(prefix, via, now)
    if (silent.length > 0) this.#state.gaveNothing(silent, now)
    if (late && isEphemeral(position.topic)) return undefined
    if (this.#isForgotten(position, trusted, via, late)) return undefined
    if (!this.#withinRate(position.author, now)) return undefined
    return { late, pulled }
  }

  /** Takes in a message that was admitted. */
  take(
    id: MessageId,
    message: EagerMessage,
    trusted: TrustedBatch,
    { via, late, pushers }: Origin,
    now: Instant,
  ): CachedMessage {
    const { clock, scores, links } = this.#state
    const { batch, lane } = trusted
    lane.taken.add(message.seq)
    clock.witness(batch.hlc, now)
    if (!late) this.#state.news(now)
    const cached = this.keep(id, message, trusted, via, late, now)
    const link = links.peek(via)
    if (link !== undefined && !late) link.timelyAt = now
    scores.heard(via)
    for (const other of links.neighbours) {
      if (other.peer === via) this.#state.spoke(other)
      else if (other.missed(message.author, now)) this.#state.armIdle(now)
    }
    scores.credit(via, message.topic, now)
    this.#acknowledge(message, pushers, now)
    this.#state.subscriptions.deliver(cached, now)
    return cached
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
    seen.add(id, trusted.batch.hlc, via, !isEphemeral(message.topic))
    book.hold(trusted, id)
    effects.armBy('sweep', after(now, config.idleBatchMs))
    // The batch's text of the id, or both would be kept.
    const { ids, firstSeq } = trusted.batch
    const own = ids[message.seq - firstSeq] ?? id
    return cache.add({ id: own, message, batch: trusted, via, late, at: now, manifest: undefined })
  }

  /**
   * True for what may have been here although its id is not remembered. Numbers tell; history is told by its ids
   * alone as far back as all are remembered.
   */
  #isForgotten({ seq }: Position, trusted: TrustedBatch, via: PeerId, late: boolean): boolean {
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

  #acknowledge(message: EagerMessage, pushers: readonly PeerId[], now: Instant): void {
    if (pushers.includes(message.author)) this.#dissemination.acknowledge(message, now)
  }
}

/** True when the batch lists the id where the message says it stands. */
function fits(id: MessageId, message: Position, { batch }: TrustedBatch): boolean {
  return (
    batch.ids[message.seq - batch.firstSeq] === id &&
    message.topic === batch.topic &&
    message.author === batch.author &&
    message.stream === batch.stream
  )
}
