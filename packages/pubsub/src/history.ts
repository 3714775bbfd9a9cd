import { after, type Instant, pick } from '@kithnet/kernel'
import { type Answer, acceptSession, type Reconciler, startSession } from '@kithnet/reconcile'
import type { MessageId, PeerId } from '@kithnet/types'
import type { Dissemination } from './dissemination.ts'
import type { SyncMessage } from './messages.ts'
import type { State } from './state.ts'

interface Session {
  readonly nonce: number
  readonly reconciler: Reconciler<MessageId>
  readonly at: Instant
}

/**
 * Anti-entropy: compares what was accepted here with what a neighbour has, and pulls what is missing. A new
 * neighbour is compared with at once, so whoever comes late gets what the cache still holds.
 */
export class History {
  readonly #state: State
  readonly #dissemination: Dissemination
  readonly #opened = new Map<PeerId, Session>()
  readonly #accepted = new Map<PeerId, Session>()

  constructor(state: State, dissemination: Dissemination) {
    this.#state = state
    this.#dissemination = dissemination
  }

  /** Compares with a new neighbour, unless it has just begun to. */
  welcome(peer: PeerId, now: Instant): void {
    const accepted = this.#accepted.get(peer)
    if (accepted === undefined || now - accepted.at > this.#state.config.historySettleMs) {
      this.#open(peer, 0, now)
    }
    this.#armNext(now)
  }

  /** The periodic comparison with a random neighbour. */
  onTimer(now: Instant): void {
    const { links, rng, config } = this.#state
    const link = pick(
      rng,
      links.neighbours.filter((neighbour) => !neighbour.congested),
    )
    if (link !== undefined) this.#open(link.peer, config.historySettleMs, now)
    if (links.neighbours.length > 0) this.#armNext(now)
  }

  onSync(message: SyncMessage, from: PeerId, now: Instant): void {
    const link = this.#state.links.of(from)
    link.heldSince = Math.max(link.heldSince, message.heldSince)
    const session = message.fromOpener
      ? this.#acceptedSession(message.nonce, from, now)
      : this.#opened.get(from)
    if (session?.nonce !== message.nonce) return
    if (!message.fromOpener) link.roundTrip.sample(now - session.at)
    this.#take(session, session.reconciler.answer(message.value), message, from, now)
  }

  forget(peer: PeerId): void {
    this.#opened.delete(peer)
    this.#accepted.delete(peer)
  }

  #open(peer: PeerId, settleMs: number, now: Instant): void {
    const { seen, clock, config, rng } = this.#state
    const running = this.#opened.get(peer)
    if (running !== undefined && now - running.at < config.historyGapMs * 2) return
    const wall = clock.wall(now)
    const from = this.#oldest(peer, now)
    const to = settleMs === 0 ? wall + config.futureMs : wall - settleMs
    if (from >= to) return
    const { session, message } = startSession(seen.items, rng, { from, to })
    const nonce = rng.u32()
    this.#opened.set(peer, { nonce, reconciler: session, at: now })
    this.#send(peer, nonce, true, message)
  }

  #acceptedSession(nonce: number, from: PeerId, now: Instant): Session | undefined {
    const known = this.#accepted.get(from)
    if (known?.nonce === nonce) return known
    const { links, config, seen } = this.#state
    const link = links.of(from)
    if (link.historyOpenedAt !== undefined && now - link.historyOpenedAt < config.historyGapMs) {
      this.#state.blame(from, { code: 'pubsub/history-too-often' }, now)
      return undefined
    }
    link.historyOpenedAt = now
    const session = { nonce, reconciler: acceptSession(seen.items), at: now }
    this.#accepted.set(from, session)
    return session
  }

  #take(
    session: Session,
    answer: Answer<MessageId>,
    message: SyncMessage,
    from: PeerId,
    now: Instant,
  ): void {
    const { fault } = answer
    if (fault !== undefined && !innocent.has(fault.code)) {
      this.#state.blame(from, { code: 'pubsub/bad-history', reason: fault.code }, now)
    }
    this.#need(answer, from, now)
    if (answer.reply !== undefined) {
      this.#send(from, session.nonce, !message.fromOpener, answer.reply)
    }
    // An accepted session stays, so that a stray message of it opens no other.
    if (answer.done && !message.fromOpener) this.#opened.delete(from)
  }

  /** Asks for what the peer has and this node has not; what is too old for the peer to give is left. */
  #need({ need }: Answer<MessageId>, from: PeerId, now: Instant): void {
    const { seen, missing } = this.#state
    const oldest = this.#oldest(from, now)
    for (const { id, time } of need) {
      if (time < oldest || seen.has(id)) continue
      missing.announced(id, from, true, now)
    }
    this.#dissemination.armMissing()
  }

  /** From when on a peer can give, and this node can tell what it has had. */
  #oldest(peer: PeerId, now: Instant): number {
    const { links, clock, config, seen } = this.#state
    const kept = clock.wall(now) - config.retentionMs + edgeMs
    return Math.max(kept, links.of(peer).heldSince, seen.horizon + 1)
  }

  #send(to: PeerId, nonce: number, fromOpener: boolean, value: SyncMessage['value']): void {
    const { heldSince } = this.#state.cache
    this.#state.effects.send(to, { type: 'sync', nonce, fromOpener, heldSince, value })
  }

  #armNext(now: Instant): void {
    const { rng, config, effects } = this.#state
    const pauseMs = config.historyMs * (0.75 + rng.unit() / 2)
    effects.armBy('history', after(now, pauseMs))
  }
}

/** What is about to be forgotten is not asked for any more. Source: our choice. */
const edgeMs = 10_000

/** Ends of a comparison that say nothing against the peer: bounds, and frames that were lost. */
const innocent: ReadonlySet<string> = new Set([
  'reconcile/too-many-rounds',
  'reconcile/too-different',
  'reconcile/stopped',
  'reconcile/unexpected',
  'reconcile/version',
])
