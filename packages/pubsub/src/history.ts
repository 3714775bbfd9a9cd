import { after, type Instant, pick } from '@kithnet/kernel'
import {
  acceptSession,
  type Answer,
  type Reconciler,
  startSession,
  type VersionFault,
} from '@kithnet/reconcile'
import type { MessageId, PeerId } from '@kithnet/types'
import type { Dissemination } from './dissemination.ts'
import { prefixOf } from './id-prefix.ts'
import type { SyncMessage } from './messages.ts'
import type { State } from './state.ts'

interface Session {
  readonly nonce: number
  readonly reconciler: Reconciler<MessageId>
  readonly at: Instant
  /** True once the other side was heard: later messages say nothing of the round trip since `at`. */
  answered: boolean
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
  /** Peers that speak the older form alone. */
  readonly #older = new Set<PeerId>()
  /** One of these that has not been compared with yet. */
  #owed: PeerId | undefined

  constructor(state: State, dissemination: Dissemination) {
    this.#state = state
    this.#dissemination = dissemination
  }

  /** Compares with a new neighbour, unless it has just begun to. */
  welcome(peer: PeerId, now: Instant): void {
    const accepted = this.#accepted.get(peer)
    if (accepted === undefined || now - accepted.at > this.#state.config.historySettleMs) {
      this.#open(peer, 0, now)
    } else {
      this.#state.answered(this.#state.links.of(peer), now)
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
    const owed = this.#owed
    this.#owed = undefined
    if (owed !== undefined) this.#open(owed, 0, now)
    else if (link !== undefined) this.#open(link.peer, config.historySettleMs, now)
    if (links.neighbours.length > 0) this.#armNext(now)
  }

  onSync(message: SyncMessage, from: PeerId, now: Instant): void {
    const link = this.#state.links.of(from)
    link.heldSince = Math.max(link.heldSince, message.heldSince)
    const session = message.fromOpener
      ? this.#acceptedSession(message.nonce, from, now)
      : this.#opened.get(from)
    if (session?.nonce !== message.nonce) return
    if (!message.fromOpener && !session.answered) link.roundTrip.sample(now - session.at)
    session.answered = true
    this.#state.answered(link, now)
    this.#take(session, session.reconciler.answer(message.value), message, from, now)
  }

  /** Compares with a neighbour that has to say something, unless that was done just now. */
  probe(peer: PeerId, now: Instant): void {
    this.#open(peer, this.#state.config.historySettleMs, now)
  }

  /** Compares with a peer that may have what no neighbour gives. */
  compare(peer: PeerId, now: Instant): void {
    this.#open(peer, 0, now)
  }

  forget(peer: PeerId): void {
    this.#opened.delete(peer)
    this.#accepted.delete(peer)
    this.#older.delete(peer)
    if (this.#owed === peer) this.#owed = undefined
  }

  #open(peer: PeerId, settleMs: number, now: Instant): void {
    const { seen, clock, config, rng } = this.#state
    const running = this.#opened.get(peer)
    if (running !== undefined && now - running.at < config.historyGapMs * 2) return
    const link = this.#state.links.of(peer)
    // The other side counts comparisons by when they arrive.
    if (link.comparedAt !== undefined && now - link.comparedAt < config.historyGapMs * 1.5) return
    const wall = clock.wall(now)
    const from = this.#oldest(peer, now)
    const to = settleMs === 0 ? wall + config.futureMs : wall - settleMs
    if (from >= to) return
    const { session, message } = startSession(seen.items, rng, {
      from,
      to,
      version: this.#older.has(peer) ? 1 : 2,
    })
    const nonce = rng.u32()
    link.comparedAt = now
    this.#opened.set(peer, { nonce, reconciler: session, at: now, answered: false })
    this.#send(peer, nonce, true, message)
  }

  #acceptedSession(nonce: number, from: PeerId, now: Instant): Session | undefined {
    const known = this.#accepted.get(from)
    if (known?.nonce === nonce) return known
    const { links, config, seen, rng } = this.#state
    const link = links.of(from)
    if (link.historyOpenedAt !== undefined && now - link.historyOpenedAt < config.historyGapMs) {
      this.#state.blame(from, { code: 'pubsub/history-too-often' }, now)
      return undefined
    }
    link.historyOpenedAt = now
    const reconciler = acceptSession(seen.items, rng)
    const session = { nonce, reconciler, at: now, answered: false }
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
    if (fault?.code === 'reconcile/version' && !message.fromOpener) this.#refused(from, fault, now)
    this.#need(answer, from, now)
    if (answer.reply !== undefined) {
      this.#send(from, session.nonce, !message.fromOpener, answer.reply)
    }
    // An accepted session stays, so that a stray message of it opens no other.
    if (answer.done && !message.fromOpener) this.#opened.delete(from)
  }

  /** A peer that refuses the form and names the older one is compared with in that, as soon as it may be. */
  #refused(peer: PeerId, { versions }: VersionFault, now: Instant): void {
    if (!versions.includes(1) || this.#older.has(peer)) return
    this.#older.add(peer)
    this.#owed = peer
    const { config, effects } = this.#state
    effects.armBy('history', after(now, 2 * config.historyGapMs))
  }

  /** Asks for what the peer has and this node has not; what is too old for the peer to give is left. */
  #need({ need }: Answer<MessageId>, from: PeerId, now: Instant): void {
    const { seen, missing } = this.#state
    const oldest = this.#oldest(from, now)
    for (const { id, time } of need) {
      if (time < oldest || seen.has(id)) continue
      missing.announced(prefixOf(id), from, true, now)
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
