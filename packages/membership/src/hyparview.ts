import {
  type Effect,
  type Fired,
  type Instant,
  type LinkDown,
  type Machine,
  type Received,
  type Rng,
  sample,
} from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import { EffectList } from './effect-list.ts'
import type { Contact, ViewEvent, ViewOutput } from './events.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import type { ViewMessage } from './messages.ts'
import { Newcomers } from './newcomers.ts'
import { Places } from './places.ts'
import { Rejoin } from './rejoin.ts'
import { Repair } from './repair.ts'
import { Reunion, reunionKey } from './reunion.ts'
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

/**
 * HyParView: a small symmetric active view, kept by connections, over a larger passive view of reserves, kept
 * by shuffles of signed descriptors.
 *
 * Source: Leitão, Pereira and Rodrigues, "HyParView: a membership protocol for reliable gossip-based
 * broadcast", DSN 2007. Departures: where a newcomer's walk ends it is asked with low priority, so that its
 * first neighbours stay; `disconnect` starts a repair; who was in once rejoins with low priority, and keeps
 * trying whom it lost; a shuffle's reply walks back.
 */
export class HyParView implements Machine<ViewEvent, PeerId, ViewMessage, string, ViewOutput> {
  readonly #rng: Rng
  readonly #effects = new EffectList<ViewMessage, ViewOutput>()
  readonly #views: Views
  readonly #rejoin: Rejoin
  readonly #repair: Repair
  readonly #shuffles: Shuffles
  readonly #reunion: Reunion
  readonly #newcomers: Newcomers
  readonly #places: Places
  #self: KnownPeer | undefined
  #joined = false

  constructor({ self, config, rng }: ViewOptions) {
    this.#rng = rng
    this.#views = new Views(self, config, rng, this.#effects)
    this.#rejoin = new Rejoin(self, config)
    this.#repair = new Repair(config, rng, this.#views, this.#effects, this.#rejoin)
    this.#places = new Places(self, rng, this.#views, this.#effects, {
      rejoin: this.#rejoin,
      repair: this.#repair,
    })
    this.#shuffles = new Shuffles(self, config, rng, this.#views, this.#effects)
    this.#newcomers = new Newcomers(self, config, rng, this.#views, this.#effects, {
      repair: this.#repair,
      shuffles: this.#shuffles,
    })
    this.#reunion = new Reunion(config, rng, this.#views, this.#effects, {
      rejoin: this.#rejoin,
      repair: this.#repair,
      shuffles: this.#shuffles,
    })
  }

  /** The neighbours. Valid until the next event. */
  get active(): readonly KnownPeer[] {
    return this.#views.active.values
  }

  /** The reserves. Valid until the next event. */
  get passive(): readonly KnownPeer[] {
    return this.#views.passive.values
  }

  /** The neighbours that this peer chose from its reserves itself. */
  get chosen(): readonly PeerId[] {
    return this.#views.choices.own
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
    if (this.#views.active.has(peer) || this.#repair.awaits(peer, now)) return true
    return this.#shuffles.exchanges.awaits(peer, now)
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
      case 'unheard':
        this.#places.part(event.peer)
        return
      case 'barred':
        this.#views.bar(event.peer, event.until)
        return
      case 'useful':
        this.#views.prize(event.peer)
        return
      case 'idle':
        if (!this.#views.active.has(event.peer)) return
        this.#places.evict(event.peer)
        this.#views.barIdle(event.peer, now)
        return
      case 'starved':
        if (this.#joined) this.#rescue(now)
        return
      case 'met':
        this.#rejoin.find(idOf(event.known))
        if (this.#joined) this.#views.reserve([event.known], [], now)
        return
      case 'linkUp':
        // Its session proves that it lives, whatever was said of it before.
        this.#views.lives(event.peer)
        if (event.dialled !== undefined) this.#views.reached(event.peer, event.dialled)
    }
  }

  #onReceived({ from, message }: Received<PeerId, ViewMessage>, now: Instant): void {
    const neighbour = this.#views.active.has(from)
    this.#views.lives(from)
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
        if (neighbour) this.#newcomers.receiveWalk(self, from, message, now)
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
        return
      case 'exchange':
        this.#shuffles.exchanges.receive(from, message, now)
        return
      case 'exchangeReply':
        this.#shuffles.exchanges.receiveReply(from, message, now)
        return
      case 'introduce':
        this.#shuffles.exchanges.receiveIntroduction(from, message, now)
    }
  }

  #fire(key: string, now: Instant): void {
    if (key === shuffleKey) this.#shuffles.fire(this.#self, now)
    else if (key === reunionKey) this.#reunion.fire(this.#self, now)
    else this.#repair.fire(key, now)
  }

  #join(contacts: readonly Contact[], now: Instant): void {
    this.#rejoin.addContacts(contacts)
    if (this.#joined) return
    this.#joined = true
    this.#shuffles.start(now)
    this.#reunion.start(now)
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
    this.#reunion.stop()
  }

  #onJoin(self: KnownPeer, message: Message<'join'>, now: Instant): void {
    const joiner = message.self
    const peer = joiner.descriptor.peer
    const spare = message.priority === 'spare'
    const affordable = this.#newcomers.afford(message.priority, now)
    const priority = affordable || spare ? message.priority : 'low'
    const accepted = this.#places.grant(joiner, priority, 'none', now)
    const peers = accepted && !this.#views.isRanked ? [] : this.#newcomers.sampleFor(peer)
    this.#effects.send(peer, { type: 'neighborReply', accepted, self, peers })
    // Who needs no neighbour has its way across with one.
    if (!affordable || (spare && accepted)) return
    this.#newcomers.sendWalks(joiner, priority, now)
  }

  #onNeighbor(self: KnownPeer, message: Message<'neighbor'>, now: Instant): void {
    const { priority } = message
    const excessive = priority === 'high' && !this.#newcomers.afford(priority, now)
    const granted = excessive ? 'low' : priority
    const choice = granted === 'high' ? 'theirs' : 'none'
    const accepted = this.#places.grant(message.self, granted, choice, now)
    if (!accepted) this.#views.reserve([message.self], [], now)
    const reply = { type: 'neighborReply', accepted, self, peers: [] } as const
    this.#effects.send(message.self.descriptor.peer, reply)
  }

  #onNeighborReply(message: Message<'neighborReply'>, now: Instant): void {
    const peer = message.self.descriptor.peer
    const asked = this.#repair.settle(peer, now)
    if (message.accepted) {
      this.#places.take(message.self, asked, now)
    } else if (asked !== undefined) {
      this.#rejoin.find(peer)
      this.#views.reserve([message.self], [], now)
      if (asked === 'promotion') this.#views.refuse(peer)
    }
    if (asked !== 'contact' && asked !== 'reunion') return
    this.#views.reserve(message.peers, [], now)
    if (message.accepted && asked === 'contact') this.#repair.awaitWalks(now)
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
    if (cause !== 'closed') this.#lose(peer, now)
    this.#views.dismiss(peer, cause)
    if (cause === 'unreachable') this.#views.miss(peer, now)
    else if (cause === 'reset') this.#views.drop(peer)
    else if (asked !== undefined) this.#views.refuse(peer)
  }

  #die(peer: PeerId, incarnation: number, now: Instant): void {
    this.#repair.settle(peer, now)
    this.#lose(peer, now)
    if (this.#views.active.has(peer)) {
      // Should it live after all, it learns at once that it is no neighbour here any more.
      this.#effects.send(peer, { type: 'disconnect', cause: 'dead' })
      this.#views.dismiss(peer, 'died')
      this.#effects.release(peer)
    }
    this.#views.bury(peer, incarnation, now)
  }

  /** Names reserves to what runs above, those that were reached before first. Whoever asks cannot choose whom. */
  #rescue(now: Instant): void {
    const rescuers: KnownPeer[] = []
    const { offerable, values } = this.#views.passive
    offerable.sampleInto(rescuers, this.#rng, 1)
    // A young peer has reached few, and those may be the ones that give nothing.
    const others = values.filter((known) => !rescuers.includes(known))
    rescuers.push(...sample(this.#rng, others, rescuersAtOnce - rescuers.length))
    for (const known of rescuers) {
      const peer = idOf(known)
      if (this.#repair.awaitRescue(peer, known, now)) this.#effects.emit({ type: 'rescuer', peer })
    }
  }

  /** A neighbour goes without a goodbye. */
  #lose(peer: PeerId, now: Instant): void {
    const known = this.#views.active.get(peer)
    if (known !== undefined) this.#reunion.lose(known, now)
  }
}

/** Reserves named at a time to whoever gets nothing from its neighbours. Source: our choice; where two fifths are hostile, one of three is honest fifteen times in sixteen. */
const rescuersAtOnce = 3
