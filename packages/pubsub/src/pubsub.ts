import { after, type Effect, type Fired, type Instant, type Machine } from '@kithnet/kernel'
import { isEphemeral, type PeerId, type TopicId } from '@kithnet/types'
import { Acceptance } from './acceptance.ts'
import type { TrustedBatch } from './batch-book.ts'
import { Dissemination } from './dissemination.ts'
import type { TimerKey } from './effect-list.ts'
import type { PubsubEvent, PubsubOutput } from './events.ts'
import { History } from './history.ts'
import { Intake } from './intake.ts'
import type { CachedMessage } from './message-cache.ts'
import type { PubsubMessage } from './messages.ts'
import type { PubsubOptions } from './options.ts'
import { Outgoing, type SignedDrafts } from './outgoing.ts'
import { Publications } from './publications.ts'
import { SilentLinks } from './silent-links.ts'
import { State } from './state.ts'
import type { Order, StreamNumbers } from './stream-order.ts'
import { type PubsubView, pubsubViewOf } from './view.ts'

type Effects = readonly Effect<PeerId, PubsubMessage, string, PubsubOutput>[]

/**
 * Broadcast to every member of a network. Told who the neighbours are; asks for signatures and their checks,
 * and believes nothing before. Every member relays every topic and delivers those subscribed to.
 */
export class Pubsub implements Machine<PubsubEvent, PeerId, PubsubMessage, string, PubsubOutput> {
  readonly #state: State
  readonly #dissemination: Dissemination
  readonly #acceptance: Acceptance
  readonly #intake: Intake
  readonly #history: History
  readonly #silent: SilentLinks
  readonly #outgoing: Outgoing
  readonly #publications: Publications
  /** Own messages that no neighbour was there for. */
  #unsent: { readonly token: number; readonly cached: CachedMessage }[] = []

  constructor(options: PubsubOptions) {
    const { config, network, self, stream } = options
    this.#state = new State(options)
    this.#dissemination = new Dissemination(this.#state)
    this.#acceptance = new Acceptance(this.#state, this.#dissemination)
    this.#intake = new Intake(this.#state, this.#acceptance, this.#dissemination)
    this.#history = new History(this.#state, this.#dissemination)
    this.#silent = new SilentLinks(this.#state, this.#history, this.#dissemination)
    this.#outgoing = new Outgoing({ network, author: self, stream }, config)
    this.#publications = new Publications(stream, config.queuedMessages)
  }

  on(event: PubsubEvent | Fired<string>, now: Instant): Effects {
    switch (event.type) {
      case 'received':
        if (!this.#state.isUnheard(event.from)) this.#received(event.from, event.message, now)
        break
      case 'fired':
        this.#fired(event.key as TimerKey, now)
        break
      case 'verified':
        this.#intake.onVerified(event.token, event.batch, now)
        break
      case 'unverified':
        this.#intake.onUnverified(event.token, event.cause, now)
        break
      case 'publish':
        this.#publish(event, now)
        break
      case 'signed': {
        const done = this.#outgoing.signed(event.token, event.signature)
        if (done !== undefined) this.#send(done, now)
        this.#sign(now)
        break
      }
      case 'subscribe':
        this.#subscribe(event.topic, event.order ?? 'none', now)
        break
      case 'unsubscribe':
        this.#state.subscriptions.close(event.topic)
        break
      default:
        this.#linkEvent(event, now)
    }
    for (const peer of this.#state.takeRelegated()) this.#dissemination.mend(peer, false, now)
    for (const peer of this.#state.takeSuspects()) this.#silent.suspect(peer, now)
    for (const peer of this.#state.takeUseless()) {
      this.#dissemination.bypass(peer, now)
      this.#state.effects.emit({ type: 'idle', peer })
    }
    return this.#state.effects.take()
  }

  /** What is held now. */
  view(): PubsubView {
    return pubsubViewOf(this.#state, this.#intake.pending, this.#outgoing.waiting)
  }

  /** Numbers of a topic that have not come and still may. */
  missing(topic: TopicId): readonly StreamNumbers[] {
    return this.#state.subscriptions.missing(topic)
  }

  #linkEvent(
    event: Exclude<
      PubsubEvent,
      {
        type:
          | 'received'
          | 'verified'
          | 'unverified'
          | 'publish'
          | 'signed'
          | 'subscribe'
          | 'unsubscribe'
      }
    >,
    now: Instant,
  ): void {
    const { links, clock, eager } = this.#state
    switch (event.type) {
      case 'neighbourUp':
        if (!links.setNeighbour(event.peer, true)) return
        eager.welcome(event.peer)
        links.of(event.peer).neighbourSince = now
        this.#state.judge(event.peer, now)
        this.#release(now)
        this.#history.welcome(event.peer, now)
        this.#state.armIdle(now)
        return
      case 'neighbourDown': {
        const link = links.peek(event.peer)
        if (link !== undefined) {
          link.heardAt = undefined
          link.isUseful = false
          link.isMute = false
          link.unkept = 0
        }
        this.#silent.forget(event.peer)
        if (links.setNeighbour(event.peer, false)) {
          this.#dissemination.mend(event.peer, event.lives === true, now)
        }
        return
      }
      case 'gone':
        this.#gone(event.peer, now)
        return
      case 'rescuer':
        this.#history.compare(event.peer, now)
        this.#state.missing.rescued(event.peer, now)
        this.#dissemination.armMissing()
        return
      case 'misbehaved':
        this.#state.charge(event.peer, event.fault, now, event.price)
        return
      case 'clock':
        clock.set(event.epochAtZero)
        return
      case 'roundTrip':
        links.peek(event.peer)?.roundTrip.sample(event.ms)
        return
      case 'congested':
        links.of(event.peer).congested = true
        return
      case 'drained': {
        const link = links.peek(event.peer)
        if (link === undefined) return
        link.congested = false
        this.#dissemination.flushAnnouncements()
        this.#release(now)
      }
    }
  }

  #received(from: PeerId, message: PubsubMessage, now: Instant): void {
    const link = this.#state.links.peek(from)
    if (link !== undefined) {
      link.heardAt = now
      link.isMute = false
      this.#silent.heard(from)
    }
    const { eager, effects } = this.#state
    switch (message.type) {
      case 'eager':
        return this.#intake.onEager(message, from, now)
      case 'batch':
        return this.#intake.onBatch(message, from, now)
      case 'manifest':
        return this.#intake.onManifest(message, from, now)
      case 'fragment':
        return this.#intake.large.onFragment(message, from, now)
      case 'ihave':
        return this.#dissemination.onIhave(message.prefixes, from, now)
      case 'iwant':
        return this.#dissemination.onIwant(message.prefixes, from, now)
      case 'gone':
        this.#dissemination.onGone(message.prefixes, from, now)
        return this.#intake.large.onGone(message.prefixes, from, now)
      case 'wantFragments':
        return this.#intake.large.onWantFragments(message, from, now)
      case 'wantBatches':
        return this.#dissemination.onWantBatches(message.ids, from)
      case 'prune':
        return eager.pruned(message.source, from, now)
      case 'graft':
        this.#dissemination.onGraft(message.source, from)
        return this.#intake.large.onGraft(message.source, from)
      case 'sync':
        return this.#history.onSync(message, from, now)
      case 'ack': {
        for (const range of message.ranges) {
          for (const output of this.#publications.acknowledged(range, from)) effects.emit(output)
        }
      }
    }
  }

  #fired(key: TimerKey, now: Instant): void {
    this.#state.woke(this.#state.effects.fired(key, now), now)
    switch (key) {
      case 'announce':
        return this.#dissemination.flushAnnouncements()
      case 'ack':
        return this.#dissemination.flushAcks()
      case 'missing':
        return this.#dissemination.pull(now)
      case 'pending':
        return this.#intake.tick(now)
      case 'flush':
        return this.#sign(now)
      case 'idle':
        return this.#state.tellIdle(now)
      case 'silence':
        return this.#silent.tick(now)
      case 'history':
        this.#state.tellIdle(now)
        return this.#history.onTimer(now)
      case 'order':
        return this.#state.subscriptions.tick(now)
      case 'sweep':
        return this.#sweep(now)
      case 'standing':
        return this.#state.reviewStandings(now)
    }
  }

  #publish(
    { token, topic, payload, confirmers }: Extract<PubsubEvent, { type: 'publish' }>,
    now: Instant,
  ): void {
    const { effects, subscriptions } = this.#state
    const sealed = subscriptions.seal(topic, payload, confirmers ?? [])
    const draft = this.#outgoing.publish(token, topic, sealed, now)
    if (!draft.ok) {
      effects.emit({ type: 'refused', token, fault: draft.fault })
      return
    }
    subscriptions.wrote(topic)
    effects.emit({ type: 'published', token, id: draft.value.id, status: 'queued', peers: 0 })
    this.#sign(now)
  }

  /** Has every batch signed that is due, unless there is nobody to send it to. */
  #sign(now: Instant): void {
    const { links, effects, clock, eager } = this.#state
    if (!links.neighbours.some((link) => !link.congested)) return
    const due = this.#outgoing.close(
      now,
      () => clock.stamp(now),
      () => eager.heardLately(now),
    )
    for (const { token, body } of due) effects.emit({ type: 'sign', token, body })
    const { next } = this.#outgoing
    if (next !== undefined) effects.armBy('flush', next)
  }

  /** Sends a batch that was signed just now. */
  #send({ batch, id, signed, drafts }: SignedDrafts, now: Instant): void {
    const { lanes, book, self, subscriptions } = this.#state
    const lane = lanes.open(batch, self)
    const trusted: TrustedBatch = {
      id,
      batch,
      message: { type: 'batch', signed },
      lane,
      owner: self,
      held: 0,
    }
    book.add(trusted, now, () => true)
    for (const draft of drafts) {
      const { message } = draft
      lane.taken.add(message.seq)
      const cached = this.#acceptance.keep(draft.id, message, trusted, self, false, now)
      this.#publications.sent(draft.token, draft.id, message.topic, message.seq)
      subscriptions.own(cached)
      this.#sendOwn(draft.token, cached, now)
    }
  }

  #sendOwn(token: number, cached: CachedMessage, now: Instant): void {
    const peers = this.#dissemination.sendOwn(cached, now)
    if (peers === 0) this.#unsent.push({ token, cached })
    else {
      const { id } = cached
      this.#state.effects.emit({ type: 'published', token, id, status: 'sent', peers })
    }
  }

  /** There is somebody to send to again. */
  #release(now: Instant): void {
    const unsent = this.#unsent
    this.#unsent = []
    for (const { token, cached } of unsent) this.#sendOwn(token, cached, now)
    this.#sign(now)
  }

  /** Also delivers what the cache has of the topic, as late. */
  #subscribe(topic: TopicId, order: Order, now: Instant): void {
    const { subscriptions, cache } = this.#state
    if (subscriptions.has(topic)) return
    subscriptions.open(topic, order, now)
    if (isEphemeral(topic)) return
    for (const cached of cache.ofTopic(topic)) {
      subscriptions.deliver(cached.late ? cached : { ...cached, late: true }, now)
      cached.delivered = true
    }
  }

  #gone(peer: PeerId, now: Instant): void {
    const { links, missing } = this.#state
    missing.forget(peer, now)
    // Links that are no neighbours' come and go, and no tree has them.
    if (links.setNeighbour(peer, false)) this.#dissemination.mend(peer, false, now)
    this.#intake.forget(peer, now)
    this.#history.forget(peer)
    this.#silent.forget(peer)
    links.delete(peer)
    this.#state.forget(peer)
  }

  #sweep(now: Instant): void {
    const { config, cache, book, seen, lanes, clock, effects, subscriptions } = this.#state
    cache.sweep(after(now, -config.cacheMs), after(now, -config.ephemeralMs))
    book.sweep(after(now, -config.idleBatchMs))
    const oldest = clock.wall(now) - config.retentionMs
    seen.sweep(oldest)
    lanes.sweep(oldest)
    subscriptions.sweep(oldest)
    if (seen.size + lanes.size + cache.size + book.size + subscriptions.streams > 0) {
      effects.armBy('sweep', after(now, config.idleBatchMs))
    }
  }
}
