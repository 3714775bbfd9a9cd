import {
  type Effect,
  ExpiringMap,
  type Fired,
  type Instant,
  type LinkDown,
  type Machine,
  type Received,
  type Rng,
  sample,
  TokenBucket,
} from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import { EffectList } from './effect-list.ts'
import type { Contact, ViewEvent, ViewOutput } from './events.ts'
import { jittered } from './jitter.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import type { Priority, ViewMessage } from './messages.ts'
import { type Asked, Repair } from './repair.ts'
import { shuffleKey, Shuffles } from './shuffles.ts'
import { Views } from './views.ts'

/** What a `HyParView` wants done. */
export type ViewEffect = Effect<PeerId, ViewMessage, string, ViewOutput>

/** Who a `HyParView` is, how it is set and what it draws from. */
export interface ViewOptions {
  readonly self: PeerId
  readonly config: ViewConfig
  readonly rng: Rng
}

type Message<Type extends ViewMessage['type']> = Extract<ViewMessage, { readonly type: Type }>

/** Newcomers for whom room is made at once, in seconds of `joinsPerSecond`. Source: our choice. */
const joinBurstSeconds = 5

/** Newcomers remembered as such. Source: our choice. */
const maxNewcomers = 16

const contactKey = 'view/contact'

/**
 * HyParView: a small symmetric active view, kept by connections, over a larger passive view of reserves, kept
 * by shuffles of signed descriptors.
 *
 * Source: Leitão, Pereira and Rodrigues, "HyParView: a membership protocol for reliable gossip-based
 * broadcast", DSN 2007. Departures: where a newcomer's walk ends it is asked with low priority, so that its
 * first neighbours stay; `disconnect` starts a repair; who was in once rejoins with low priority; a
 * shuffle's reply walks back.
 */
export class HyParView implements Machine<ViewEvent, PeerId, ViewMessage, string, ViewOutput> {
  readonly #id: PeerId
  readonly #config: ViewConfig
  readonly #rng: Rng
  readonly #effects = new EffectList<ViewMessage, ViewOutput>()
  readonly #views: Views
  readonly #repair: Repair
  readonly #shuffles: Shuffles
  /** Who joined through this peer a moment ago. */
  readonly #newcomers: ExpiringMap<PeerId, true>
  #newcomerTokens: TokenBucket | undefined
  #self: KnownPeer | undefined
  #joined = false

  constructor({ self, config, rng }: ViewOptions) {
    this.#id = self
    this.#config = config
    this.#rng = rng
    this.#views = new Views(self, config, rng, this.#effects)
    this.#repair = new Repair(self, config, rng, this.#views, this.#effects)
    this.#newcomers = new ExpiringMap(maxNewcomers, config.neighborTimeoutMs)
    this.#shuffles = new Shuffles(self, config, rng, this.#views, this.#effects)
  }

  /** The neighbours. Valid until the next event. */
  get active(): readonly KnownPeer[] {
    return this.#views.active.values
  }

  /** The reserves. Valid until the next event. */
  get passive(): readonly KnownPeer[] {
    return this.#views.passive.values
  }

  isNeighbour(peer: PeerId): boolean {
    return this.#views.active.has(peer)
  }

  /** The descriptor held of a peer in either view. */
  known(peer: PeerId): KnownPeer | undefined {
    return this.#views.get(peer)
  }

  /** True when a link to the peer is in use or awaited here. */
  needsLink(peer: PeerId, now: Instant): boolean {
    return this.#views.active.has(peer) || this.#repair.awaits(peer, now)
  }

  on(event: ViewEvent | Fired<string>, now: Instant): readonly ViewEffect[] {
    this.#handle(event, now)
    if (this.#joined && this.#self !== undefined) this.#repair.advance(this.#self, now)
    return this.#effects.take()
  }

  #handle(event: ViewEvent | Fired<string>, now: Instant): void {
    switch (event.type) {
      case 'received':
        this.#onReceived(event, now)
        return
      case 'fired':
        if (this.#joined) this.#fire(event.key, now)
        return
      case 'linkDown':
        this.#linkDown(event, now)
        return
      case 'join':
        this.#join(event.contacts, now)
        return
      case 'leave':
        this.#leave()
        return
      case 'described':
        this.#self = event.self
        return
      case 'died':
        this.#die(event.peer, event.incarnation, now)
        return
      case 'met':
        if (this.#joined) this.#views.reserve([event.known], [], now)
        return
      case 'linkUp':
    }
  }

  #onReceived({ from, message }: Received<PeerId, ViewMessage>, now: Instant): void {
    const neighbour = this.#views.active.has(from)
    if (this.#joined && this.#self !== undefined) {
      this.#receive(this.#self, from, neighbour, message, now)
    }
    const stays = neighbour && message.type !== 'disconnect'
    if (!stays && !this.needsLink(from, now)) this.#effects.release(from)
  }

  #receive(
    self: KnownPeer,
    from: PeerId,
    neighbour: boolean,
    message: ViewMessage,
    now: Instant,
  ): void {
    switch (message.type) {
      case 'join':
        if (message.self.descriptor.peer === from) this.#onJoin(self, message, now)
        return
      case 'forwardJoin':
        if (neighbour) this.#onForwardJoin(self, from, message, now)
        return
      case 'neighbor':
        if (message.self.descriptor.peer === from) this.#onNeighbor(self, message, now)
        return
      case 'neighborReply':
        if (message.self.descriptor.peer === from) this.#onNeighborReply(message, now)
        return
      case 'disconnect':
        this.#onDisconnect(from, message, now)
        return
      case 'shuffle':
        this.#shuffles.receive(from, neighbour, message, now)
        return
      case 'shuffleReply':
        this.#shuffles.receiveReply(from, message, now)
    }
  }

  #fire(key: string, now: Instant): void {
    if (key === shuffleKey) this.#shuffles.fire(this.#self, now)
    else if (key === contactKey) this.#mixWithContact(now)
    else this.#repair.fire(key, now)
  }

  #join(contacts: readonly Contact[], now: Instant): void {
    this.#repair.addContacts(contacts)
    if (this.#joined) return
    this.#joined = true
    this.#shuffles.start(now)
    this.#armContact(now)
  }

  #leave(): void {
    if (!this.#joined) return
    this.#joined = false
    for (const { descriptor } of [...this.#views.active.values]) {
      this.#effects.send(descriptor.peer, { type: 'disconnect', cause: 'leaving' })
      this.#views.dismiss(descriptor.peer, 'left')
      this.#effects.release(descriptor.peer)
    }
    this.#views.clear()
    this.#repair.stop()
    this.#shuffles.stop()
    this.#effects.disarm(contactKey)
  }

  #onJoin(self: KnownPeer, message: Message<'join'>, now: Instant): void {
    const joiner = message.self
    const peer = joiner.descriptor.peer
    const affordable = this.#takeNewcomerToken(now)
    const accepted = this.#grant(joiner, affordable ? message.priority : 'low', now)
    const peers = accepted ? [] : this.#sampleFor(peer)
    this.#effects.send(peer, { type: 'neighborReply', accepted, self, peers })
    if (!affordable) return
    this.#shuffles.hurry(now)
    const ttl = this.#config.activeWalkHops
    const walk = { type: 'forwardJoin', joiner, priority: message.priority, ttl } as const
    for (const { descriptor } of this.#walkStarts(peer, now)) {
      this.#effects.send(descriptor.peer, walk)
    }
    this.#newcomers.set(peer, true, now)
  }

  /**
   * The neighbours at which a newcomer's walks begin, as many as it will look for. One that came just before knows nobody else yet, so a
   * walk would end there and make a triangle: those are spared where there are others.
   */
  #walkStarts(newcomer: PeerId, now: Instant): readonly KnownPeer[] {
    const others = this.#views.active.values.filter((known) => idOf(known) !== newcomer)
    const settled = others.filter((known) => !this.#newcomers.has(idOf(known), now))
    const walks = this.#config.activeTarget - 1
    const starts = settled.length > 0 ? settled : others
    return starts.length > walks ? sample(this.#rng, starts, walks) : starts
  }

  /**
   * Some reserves for a newcomer that is not let in here. One that is gets none: it and its contact would
   * promote from the same few peers and make triangles. Neighbours only where reserves are few.
   */
  #sampleFor(newcomer: PeerId): readonly KnownPeer[] {
    const count = this.#config.shuffleActive + this.#config.shufflePassive
    const peers: KnownPeer[] = []
    this.#views.passive.sampleInto(peers, this.#rng, count, newcomer)
    this.#views.active.sampleInto(peers, this.#rng, count - peers.length, newcomer)
    return peers
  }

  #onForwardJoin(
    self: KnownPeer,
    from: PeerId,
    message: Message<'forwardJoin'>,
    now: Instant,
  ): void {
    const { joiner, priority } = message
    const peer = joiner.descriptor.peer
    if (peer === this.#id) return
    const ttl = Math.min(message.ttl, this.#config.activeWalkHops)
    const next = ttl > 0 ? this.#views.active.pick(this.#rng, from, peer) : undefined
    if (next !== undefined) {
      if (ttl === this.#config.passiveWalkHops) this.#views.reserve([joiner], [], now)
      const onward = { type: 'forwardJoin', joiner, priority, ttl: ttl - 1 } as const
      this.#effects.send(next.descriptor.peer, onward)
      return
    }
    if (this.needsLink(peer, now)) return
    this.#shuffles.hurry(now)
    if (priority === 'low' && this.#views.active.full) this.#views.reserve([joiner], [], now)
    else this.#repair.askNewcomer(self, joiner, priority, now)
  }

  #onNeighbor(self: KnownPeer, message: Message<'neighbor'>, now: Instant): void {
    const high = message.priority === 'high' && this.#takeNewcomerToken(now)
    const accepted = this.#grant(message.self, high ? 'high' : 'low', now)
    if (!accepted) this.#views.reserve([message.self], [], now)
    const reply = { type: 'neighborReply', accepted, self, peers: [] } as const
    this.#effects.send(message.self.descriptor.peer, reply)
  }

  /** Makes the asking peer a neighbour if its priority and the room here allow it. */
  #grant(asking: KnownPeer, priority: Priority, now: Instant): boolean {
    const peer = asking.descriptor.peer
    if (peer === this.#id) return false
    if (this.#views.active.has(peer)) {
      this.#views.renew(asking)
      return true
    }
    if (this.#views.active.full) {
      if (priority === 'low') return false
      this.#makeRoom()
    }
    this.#activate(asking, now)
    return true
  }

  #onNeighborReply(message: Message<'neighborReply'>, now: Instant): void {
    const peer = message.self.descriptor.peer
    const asked = this.#repair.settle(peer, now)
    if (message.accepted) {
      this.#accepted(message.self, asked, now)
    } else if (asked !== undefined) {
      this.#views.reserve([message.self], [], now)
      if (asked === 'promotion') this.#views.refuse(peer)
    }
    if (asked !== 'contact') return
    this.#views.reserve(message.peers, [], now)
    if (message.accepted) this.#repair.awaitWalks(now)
  }

  #accepted(accepting: KnownPeer, asked: Asked | undefined, now: Instant): void {
    const peer = accepting.descriptor.peer
    if (peer === this.#id) return
    if (this.#views.active.has(peer)) {
      this.#views.renew(accepting)
      return
    }
    if (this.#views.active.full) {
      if (asked !== 'walkHigh') {
        this.#effects.send(peer, { type: 'disconnect', cause: 'full' })
        return
      }
      this.#makeRoom()
    }
    this.#activate(accepting, now)
  }

  #onDisconnect(from: PeerId, { cause }: Message<'disconnect'>, now: Instant): void {
    this.#repair.settle(from, now)
    if (cause === 'leaving') {
      this.#views.dismiss(from, cause)
      this.#views.drop(from)
      return
    }
    this.#views.demote(from, cause)
    this.#views.refuse(from)
  }

  #linkDown({ peer, cause }: LinkDown<PeerId>, now: Instant): void {
    const asked = this.#repair.settle(peer, now)
    this.#views.dismiss(peer, cause)
    if (cause !== 'closed') this.#views.drop(peer)
    else if (asked !== undefined) this.#views.refuse(peer)
  }

  #die(peer: PeerId, incarnation: number, now: Instant): void {
    this.#repair.settle(peer, now)
    if (this.#views.active.has(peer)) {
      // Should it live after all, it learns at once that it is no neighbour here any more.
      this.#effects.send(peer, { type: 'disconnect', cause: 'dead' })
      this.#views.dismiss(peer, 'died')
      this.#effects.release(peer)
    }
    this.#views.bury(peer, incarnation, now)
  }

  /** One hop to a contact outside the active view: after a split the reserves of both sides mix again. */
  #mixWithContact(now: Instant): void {
    const contact = this.#repair.anyContact()
    if (contact !== undefined && this.#self !== undefined) {
      this.#shuffles.offer(this.#self, contact, 1)
    }
    this.#armContact(now)
  }

  #activate(known: KnownPeer, now: Instant): void {
    this.#repair.settle(known.descriptor.peer, now)
    this.#views.activate(known)
    this.#repair.succeed()
  }

  #makeRoom(): void {
    const peer = this.#views.active.pick(this.#rng)!.descriptor.peer
    this.#effects.send(peer, { type: 'disconnect', cause: 'evicted' })
    this.#views.demote(peer, 'replaced')
    this.#effects.release(peer)
  }

  #takeNewcomerToken(now: Instant): boolean {
    const rate = this.#config.joinsPerSecond
    this.#newcomerTokens ??= new TokenBucket(rate, rate * joinBurstSeconds, now)
    return this.#newcomerTokens.take(1, now)
  }

  #armContact(now: Instant): void {
    this.#effects.arm(contactKey, now, jittered(this.#rng, this.#config.contactIntervalMs))
  }
}
