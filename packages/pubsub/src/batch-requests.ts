import { after, type Instant } from '@kithnet/kernel'
import type { MessageId, PeerId } from '@kithnet/types'
import { type BatchDebt, BatchDebts } from './batch-debts.ts'
import type { Dissemination } from './dissemination.ts'
import type { ContentFault } from './faults.ts'
import type { Pending, PendingMessage } from './pending.ts'
import type { State } from './state.ts'

/** Asks those who brought a message for the batch that lists it, and blames who does not give it. */
export class BatchRequests {
  readonly #state: State
  readonly #dissemination: Dissemination
  readonly #pending: Pending
  readonly #debts = new BatchDebts()

  constructor(state: State, dissemination: Dissemination, pending: Pending) {
    this.#state = state
    this.#dissemination = dissemination
    this.#pending = pending
  }

  /** When somebody is to be reminded or blamed. */
  get next(): Instant | undefined {
    return this.#debts.next
  }

  /** The peer has brought a batch of these. */
  settle(peer: PeerId, messages: readonly MessageId[]): void {
    this.#debts.settle(peer, messages)
  }

  /** The link to a peer is gone. */
  forget(peer: PeerId): void {
    this.#debts.forget(peer)
  }

  /** Reminds and blames those who owe a batch. */
  tick(now: Instant): void {
    for (const { peer, message } of this.#debts.reminders(now)) {
      this.#state.effects.send(peer, { type: 'wantBatches', ids: [message] })
    }
    // What was owed together was one batch, most likely.
    const blamed = new Set<PeerId>()
    for (const debt of this.#debts.due(now)) {
      if (!blamed.has(debt.peer)) this.#blameWithheld(debt, now)
      blamed.add(debt.peer)
    }
  }

  /** Asks the next deliverer, who must have it, for the batch that lists the message. */
  askNext(waiting: PendingMessage, now: Instant): void {
    const { sources, asked } = waiting
    const peer = sources[(asked === undefined ? -1 : sources.indexOf(asked)) + 1] ?? sources[0]
    if (peer === undefined) return
    waiting.asked = peer
    waiting.askedAt = now
    const waitMs = this.roundTripOf(peer)
    const dueAt = after(now, 2 * waitMs)
    // Three questions: of ten frames one is lost on bad links, and one answer is enough.
    const remindAt = [this.hedgeAt(waiting), after(now, waitMs)]
    this.#debts.add({ peer, message: waiting.id, askedAt: now, remindAt, dueAt })
    this.#state.effects.send(peer, { type: 'wantBatches', ids: [waiting.id] })
  }

  /**
   * One message without a verified batch: hedges within a round trip, blames after two. Answers with who was tried when
   * nobody is left to be asked.
   */
  look(waiting: PendingMessage, now: Instant): readonly PeerId[] | undefined {
    if (this.#pending.isListed(waiting.id)) return undefined
    if (waiting.asked === undefined) {
      this.askNext(waiting, now)
      return undefined
    }
    const roundTripMs = this.roundTripOf(waiting.asked)
    const waited = now - waiting.askedAt
    if (waited >= 2 * roundTripMs) {
      const silent = waiting.asked
      const index = waiting.sources.indexOf(silent)
      if (index >= 0) waiting.sources.splice(index, 1)
      waiting.asked = undefined
      waiting.hedged = false
      if (waiting.sources.length === 0) return [silent]
      this.askNext(waiting, now)
      return undefined
    }
    if (waiting.hedged || now < this.hedgeAt(waiting)) return undefined
    waiting.hedged = true
    const other = waiting.sources.find((source) => source !== waiting.asked)
    if (other !== undefined) {
      this.#state.effects.send(other, { type: 'wantBatches', ids: [waiting.id] })
    } else {
      const { id, message, sources } = waiting
      this.#dissemination.pullFromOther(id, message.author, sources, now)
    }
    return undefined
  }

  /** When somebody else is asked beside: early enough for the answer to come within two round trips. */
  hedgeAt({ asked, askedAt }: PendingMessage): Instant {
    const { links, config } = this.#state
    const link = asked === undefined ? undefined : links.peek(asked)
    return after(askedAt, hedgeShare * (link?.roundTrip.smoothedMs ?? config.initialRoundTripMs))
  }

  /** When the message has to be looked at next. */
  lookAt(waiting: PendingMessage): Instant {
    const givesUpAt = after(waiting.since, this.#state.config.pendingMs)
    if (this.#pending.isListed(waiting.id)) return givesUpAt
    const blamesAt = after(waiting.askedAt, 2 * this.roundTripOf(waiting.asked))
    const next = waiting.hedged ? blamesAt : this.hedgeAt(waiting)
    return next < givesUpAt ? next : givesUpAt
  }

  /** Longest that an answer may take. */
  roundTripOf(peer: PeerId | undefined): number {
    const { links, config } = this.#state
    const link = peer === undefined ? undefined : links.peek(peer)
    return link?.roundTrip.timeoutMs ?? config.initialRoundTripMs
  }

  /**
   * Lost frames look like withheld ones, but not one after the other: each in a row costs twice the one before.
   * Who has said nothing since it can have heard the question withholds nothing: it may be gone.
   */
  #blameWithheld({ peer, message, askedAt }: BatchDebt, now: Instant): void {
    const link = this.#state.links.of(peer)
    const fault: ContentFault = { code: 'pubsub/batch-withheld', message }
    const wasRefused = link.refusedAt !== undefined && now - link.refusedAt < refusalMs
    const answersFrom = after(askedAt, link.roundTrip.smoothedMs ?? 0)
    const isSilent = link.heardAt === undefined || link.heardAt <= answersFrom
    // Messages of one batch are owed it one after the other.
    const isSame = link.withheldAt !== undefined && now - link.withheldAt < oneBatchMs
    if (wasRefused || isSilent || isSame || this.#state.isBehind(now)) {
      this.#state.broke(peer, fault, now)
      return
    }
    const points = withheldPoints * 2 ** link.withheldInARow
    link.withheldInARow++
    link.withheldAt = now
    this.#state.charge(peer, fault, now, { term: 'invalid', points })
  }
}

/** Debts due within this are one batch's, most likely. Source: our choice; less than a batch waits to be full. */
const oneBatchMs = 20

/** Points of 100 that the first batch withheld costs. Source: our choice: the third in a row ends a link. */
const withheldPoints = 16

/** A batch that was refused here explains for this long why it does not come. Source: our choice. */
const refusalMs = 10_000

/** Share of a round trip after which somebody else is asked. Source: our choice; see `hedgeAt`. */
const hedgeShare = 0.75
