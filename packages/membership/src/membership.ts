import {
  after,
  type Effect,
  type Fired,
  type Instant,
  type Machine,
  type Rng,
} from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { MembershipConfig } from './config.ts'
import type {
  IsolationCause,
  MembershipEvent,
  MembershipOutput,
  NeighbourDownCause,
  SwimEvent,
  SwimOutput,
  ViewEvent,
  ViewOutput,
} from './events.ts'
import { HyParView, type ViewEffect } from './hyparview.ts'
import type { KnownPeer } from './known-peer.ts'
import { LinkWatch } from './link-watch.ts'
import type { MembershipMessage } from './messages.ts'
import { Swim, type SwimEffect } from './swim.ts'

/** What a `Membership` wants done. */
export type MembershipEffect = Effect<PeerId, MembershipMessage, string, MembershipOutput>

/** Who a `Membership` is, how it is set and what it draws from. */
export interface MembershipOptions {
  readonly self: PeerId
  readonly config: MembershipConfig
  readonly rng: Rng
  /** What an earlier life persisted under `incarnationKey`, through `incarnationFromBytes`. */
  readonly incarnation: number | undefined
}

const unwanted: MembershipMessage = { type: 'disconnect', cause: 'unwanted' }

const watchKey = 'watch'

/** Reserves that may be asked in vain before a peer without neighbours says so. Source: our choice. */
const graceAttempts = 2

/**
 * HyParView and SWIM as one machine. Neighbours are the members to watch; a member declared dead leaves the
 * views; a neighbour whose link broke leaves them at once and is watched until its fate is known. One that lives
 * and whose link carries nothing is a neighbour no more.
 */
export class Membership implements Machine<
  MembershipEvent,
  PeerId,
  MembershipMessage,
  string,
  MembershipOutput
> {
  readonly #views: HyParView
  readonly #swim: Swim
  readonly #config: MembershipConfig
  readonly #watch: LinkWatch
  #watching = false
  #isolated: IsolationCause | undefined
  #joined = false
  #started = false
  #effects: MembershipEffect[] = []

  constructor({ self, config, rng, incarnation }: MembershipOptions) {
    this.#config = config
    this.#watch = new LinkWatch(config)
    this.#views = new HyParView({ self, config: config.views, rng: rng.fork('views') })
    this.#swim = new Swim({
      self,
      config: config.swim,
      rng: rng.fork('swim'),
      incarnation,
      partial: true,
    })
  }

  /** The neighbours. Valid until the next event. */
  get active(): readonly KnownPeer[] {
    return this.#views.active
  }

  /** The reserves. Valid until the next event. */
  get passive(): readonly KnownPeer[] {
    return this.#views.passive
  }

  /** This peer's newest descriptor, or `undefined` before the first `described`. */
  get self(): KnownPeer | undefined {
    return this.#swim.self
  }

  /** Why this peer takes itself for cut off, or `undefined`. */
  get isolation(): IsolationCause | undefined {
    return this.#isolated
  }

  isNeighbour(peer: PeerId): boolean {
    return this.#views.isNeighbour(peer)
  }

  /** True for a neighbour whose probes have failed. */
  isSuspected(peer: PeerId): boolean {
    return this.#swim.isSuspected(peer)
  }

  on(event: MembershipEvent | Fired<string>, now: Instant): readonly MembershipEffect[] {
    this.#effects = []
    this.#handle(event, now)
    return this.#effects
  }

  #handle(event: MembershipEvent | Fired<string>, now: Instant): void {
    switch (event.type) {
      case 'received':
        if (this.#joined) this.#receive(event.from, event.message, now)
        else this.#releaseUnneeded(event.from, now)
        return
      case 'fired':
        if (event.key === watchKey) this.#takeTurn(now)
        else if (event.key.startsWith('swim/')) this.#toSwim(event, now)
        else this.#toViews(event, now)
        return
      case 'join':
        this.#join(now)
        this.#toViews(event, now)
        return
      case 'barred':
      case 'idle':
      case 'useful':
      case 'starved':
        this.#toViews(event, now)
        return
      case 'leave':
        this.#joined = false
        this.#isolated = undefined
        this.#toViews(event, now)
        this.#toSwim({ type: 'members', known: [] }, now)
        if (this.#watching) this.#effects.push({ type: 'disarm', key: watchKey })
        this.#watching = false
        return
      case 'described':
        this.#toSwim(event, now)
        this.#toViews(event, now)
        return
      case 'moved':
        if (this.#started) this.#toSwim(event, now)
        return
      case 'persisted':
        this.#toSwim(event, now)
        return
      case 'linkDown':
        this.#toViews(event, now)
        this.#toSwim(event, now)
        return
      case 'linkUp':
        this.#toViews(event, now)
    }
  }

  #join(now: Instant): void {
    this.#joined = true
    if (this.#started) return
    this.#started = true
    this.#toSwim({ type: 'start' }, now)
  }

  #receive(from: PeerId, message: MembershipMessage, now: Instant): void {
    if (this.#watch.hear(from) && this.#isolated === 'silence') this.#tellHealed()
    switch (message.type) {
      case 'ping':
      case 'ack':
      case 'pingRequest':
      case 'pingReply':
      case 'gossip':
        this.#toSwim({ type: 'received', from, message }, now)
        this.#releaseUnneeded(from, now)
        return
      case 'neighbours':
        if (this.#views.isNeighbour(from)) this.#toSwim({ type: 'received', from, message }, now)
        // It takes me for a neighbour and I do not: views are symmetric, so it must look for another.
        else this.#effects.push({ type: 'send', to: from, message: unwanted })
        this.#releaseUnneeded(from, now)
        return
      case 'join':
      case 'neighbor':
      case 'neighborReply':
        this.#shown(from, message.self, now)
        this.#toViews({ type: 'received', from, message }, now)
        return
      case 'forwardJoin':
      case 'disconnect':
      case 'shuffle':
      case 'shuffleReply':
      case 'exchange':
      case 'exchangeReply':
      case 'introduce':
        this.#toViews({ type: 'received', from, message }, now)
    }
  }

  #shown(from: PeerId, known: KnownPeer, now: Instant): void {
    if (known.descriptor.peer !== from) return
    this.#toSwim({ type: 'shown', known, later: this.#views.known(from) }, now)
  }

  #toViews(event: ViewEvent | Fired<string>, now: Instant): void {
    for (const effect of this.#views.on(event, now)) this.#performView(effect, now)
  }

  #toSwim(event: SwimEvent | Fired<string>, now: Instant): void {
    for (const effect of this.#swim.on(event, now)) this.#performSwim(effect, now)
  }

  #performView(effect: ViewEffect, now: Instant): void {
    if (effect.type === 'emit') this.#onViewOutput(effect.output, now)
    else if (effect.type === 'release') this.#releaseUnneeded(effect.peer, now)
    else this.#effects.push(effect)
  }

  #performSwim(effect: SwimEffect, now: Instant): void {
    if (effect.type === 'emit') this.#onSwimOutput(effect.output, now)
    else if (effect.type === 'release') this.#releaseUnneeded(effect.peer, now)
    else this.#effects.push(effect)
  }

  #onViewOutput(output: ViewOutput, now: Instant): void {
    // Whoever is watched must stay within reach; `forgot` follows when that ends.
    if (output.type === 'forgot' && this.#swim.watches(output.peer) && this.#joined) return
    if (output.type !== 'isolated') this.#emit(output)
    else this.#tellIsolated(output.cause)
    if (output.type === 'neighbourUp') {
      this.#watchFor(output.peer, now)
      const known = this.#views.known(output.peer)
      if (known !== undefined) this.#toSwim({ type: 'memberUp', known }, now)
    } else if (output.type === 'neighbourDown') {
      this.#stopWatching(output.peer, now)
      const inDoubt = isDoubtful(output.cause)
      this.#toSwim({ type: 'memberDown', peer: output.peer, inDoubt }, now)
    }
  }

  #onSwimOutput(output: SwimOutput, now: Instant): void {
    switch (output.type) {
      case 'learned':
        if (this.#views.known(output.known.descriptor.peer) === undefined) this.#emit(output)
        else this.#toViews({ type: 'met', known: output.known }, now)
        return
      case 'forgot':
        this.#forgetUnheld(output.peer)
        return
      case 'dead': {
        this.#emit(output)
        const { peer, incarnation } = output
        const held = this.#views.known(peer) !== undefined
        this.#toViews({ type: 'died', peer, incarnation }, now)
        if (!held) this.#emit({ type: 'forgot', peer })
        return
      }
      case 'alive': {
        this.#emit(output)
        const held = this.#views.known(output.peer) !== undefined
        this.#toViews({ type: 'met', known: output.known }, now)
        if (!held) this.#forgetUnheld(output.peer)
        this.#releaseUnneeded(output.peer, now)
        return
      }
      case 'suspected':
      case 'describe':
        this.#emit(output)
    }
  }

  #watchFor(peer: PeerId, now: Instant): void {
    this.#watch.add(peer)
    if (this.#isolated !== undefined) this.#tellHealed()
    if (this.#watch.size === 1) this.#armWatch(now, this.#config.swim.probeIntervalMs)
  }

  #stopWatching(peer: PeerId, now: Instant): void {
    this.#watch.delete(peer)
    if (this.#watch.size === 0 && this.#joined) {
      this.#armWatch(now, graceAttempts * this.#config.views.neighborTimeoutMs)
    }
  }

  #takeTurn(now: Instant): void {
    this.#watching = false
    const alone = this.#watch.size === 0
    const stretch = 1 + this.#swim.health
    for (const peer of this.#watch.turn(stretch)) this.#toViews({ type: 'unheard', peer }, now)
    if (this.#watch.isDeaf) this.#tellIsolated('silence')
    if (this.#watch.size > 0) this.#armWatch(now, this.#config.swim.probeIntervalMs)
    else if (alone && this.#joined) this.#tellIsolated('alone')
  }

  #armWatch(now: Instant, ms: number): void {
    this.#watching = true
    this.#effects.push({ type: 'arm', key: watchKey, at: after(now, ms) })
  }

  #tellIsolated(cause: IsolationCause): void {
    if (this.#isolated === cause) return
    this.#isolated = cause
    this.#emit({ type: 'isolated', cause })
  }

  #tellHealed(): void {
    this.#isolated = undefined
    this.#emit({ type: 'healed' })
  }

  #forgetUnheld(peer: PeerId): void {
    if (this.#views.known(peer) !== undefined || this.#swim.watches(peer)) return
    this.#emit({ type: 'forgot', peer })
  }

  #releaseUnneeded(peer: PeerId, now: Instant): void {
    if (this.#views.needsLink(peer, now) || this.#swim.needsLink(peer)) return
    this.#effects.push({ type: 'release', peer })
  }

  #emit(output: MembershipOutput): void {
    this.#effects.push({ type: 'emit', output })
  }
}

/** True when a link broke and nobody said goodbye: the peer may be gone. */
function isDoubtful(cause: NeighbourDownCause): boolean {
  return cause === 'reset' || cause === 'unreachable'
}
