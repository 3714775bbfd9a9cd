import {
  type Effect,
  type Fired,
  type Instant,
  type LinkDown,
  type Machine,
  type Rng,
} from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { Accusers } from './accusers.ts'
import type { SwimConfig } from './config.ts'
import { EffectList } from './effect-list.ts'
import type { MemberDown, SwimEvent, SwimOutput } from './events.ts'
import { Gossip } from './gossip.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import { LocalHealth } from './local-health.ts'
import type { SwimMessage, Update } from './messages.ts'
import { Neighbourhoods } from './neighbourhoods.ts'
import { incarnationKey, OwnIncarnation } from './own-incarnation.ts'
import { ProbeRing } from './probe-ring.ts'
import { isProbeKey, Probes } from './probes.ts'
import { isRelayKey, Relays } from './relays.ts'
import { Rumours } from './rumours.ts'
import { suspicionTimes } from './suspicion.ts'
import { Suspicions } from './suspicions.ts'
import { UpdateQueue } from './update-queue.ts'

/** What a `Swim` wants done. */
export type SwimEffect = Effect<PeerId, SwimMessage, string, SwimOutput>

/** Who a `Swim` is, how it is set and what it draws from. */
export interface SwimOptions {
  readonly self: PeerId
  readonly config: SwimConfig
  readonly rng: Rng
  /** What an earlier life persisted under `incarnationKey`, through `incarnationFromBytes`. */
  readonly incarnation: number | undefined
  /**
   * True when members know only some of each other: each then tells its members whom it watches, and a
   * silent member's own neighbours are asked to probe it. False for a full member list.
   */
  readonly partial: boolean
}

const probeKey = 'swim/probe'

/** Turns between two full tellings of whom we watch, should one be lost. Source: our choice. */
const shareEveryTurns = 16
/** Members whose end is in doubt, watched beside the living. Source: our choice, two active views of eight. */
const maxDoubted = 16

/**
 * SWIM with Lifeguard: probes members in random round-robin order, directly and through others, suspects
 * those that stay silent, and declares them dead when nobody refutes in time.
 *
 * Source: Das, Gupta and Motivala, "SWIM", DSN 2002; Dadgar, Phillips and Currey, "Lifeguard", arXiv
 * 1707.00788. Departure: what others say of a third party is a hint that hastens this peer's own probe or
 * confirms its own suspicion, and never an opinion of its own. Only a peer's own descriptor proves it alive.
 */
export class Swim implements Machine<SwimEvent, PeerId, SwimMessage, string, SwimOutput> {
  readonly #id: PeerId
  readonly #config: SwimConfig
  readonly #rng: Rng
  readonly #partial: boolean
  readonly #effects = new EffectList<SwimMessage, SwimOutput>()
  readonly #own: OwnIncarnation
  readonly #ring = new ProbeRing()
  /** Members to watch no more once it is settled whether they live. */
  readonly #doubted = new Set<PeerId>()
  readonly #health: LocalHealth
  readonly #probes: Probes
  readonly #relays: Relays
  readonly #neighbourhoods = new Neighbourhoods()
  readonly #updates: UpdateQueue
  readonly #rumours: Rumours
  readonly #suspicions: Suspicions
  readonly #gossip: Gossip
  #probing = false
  #turn = 0
  #sharePending = false

  constructor({ self, config, rng, incarnation, partial }: SwimOptions) {
    this.#id = self
    this.#config = config
    this.#rng = rng
    this.#partial = partial
    this.#health = new LocalHealth(config.healthMax)
    this.#updates = new UpdateQueue(config.retransmitMultiplier)
    this.#rumours = new Rumours(config.retransmitMultiplier)
    this.#own = new OwnIncarnation(incarnation, config.probeIntervalMs, this.#effects)
    this.#suspicions = new Suspicions(self, config, this.#effects)
    const isMember = (peer: PeerId): boolean => this.watches(peer)
    this.#probes = new Probes({
      config,
      rng,
      effects: this.#effects,
      health: this.#health,
      helpers: (target) => this.#helpers(target),
      isMember,
      corroborated: (target, by) => {
        if (this.watches(target)) this.#suspicions.hint(target, by)
      },
      updatesFor: (peer) => this.#updatesFor(peer),
    })
    this.#relays = new Relays(config, rng, this.#effects, isMember)
    this.#gossip = new Gossip({
      self,
      effects: this.#effects,
      own: this.#own,
      health: this.#health,
      ring: this.#ring,
      rng,
      probes: this.#probes,
      suspicions: this.#suspicions,
      updates: this.#updates,
      accusers: new Accusers(config.probeIntervalMs),
      rumours: this.#rumours,
      watches: (accuser, accused) => !partial || this.#neighbourhoods.has(accused, accuser),
      settleAlive: (known) => this.#settleAlive(known),
      needsLink: (peer) => this.needsLink(peer),
    })
  }

  /** This peer's newest descriptor. */
  get self(): KnownPeer | undefined {
    return this.#own.self
  }

  /** Local health: 0 is well. */
  get health(): number {
    return this.#health.score
  }

  /** True for a member, and for a former one whose end is in doubt. */
  watches(peer: PeerId): boolean {
    return this.#ring.get(peer) !== undefined
  }

  isSuspected(peer: PeerId): boolean {
    return this.#suspicions.get(peer) !== undefined
  }

  /** True when a link to the peer is in use or awaited here. */
  needsLink(peer: PeerId): boolean {
    return this.watches(peer) || this.#probes.concerns(peer) || this.#relays.concerns(peer)
  }

  on(event: SwimEvent | Fired<string>, now: Instant): readonly SwimEffect[] {
    this.#handle(event, now)
    return this.#effects.take()
  }

  #handle(event: SwimEvent | Fired<string>, now: Instant): void {
    switch (event.type) {
      case 'received':
        this.#receive(event.from, event.message, now)
        return
      case 'fired':
        this.#fire(event.key, now)
        return
      case 'memberUp':
        this.#memberUp(event.known, now)
        return
      case 'memberDown':
        this.#memberDown(event, now)
        return
      case 'members':
        this.#setMembers(event.known, now)
        return
      case 'linkDown':
        this.#linkDown(event, now)
        return
      case 'shown':
        this.#gossip.shown(event)
        return
      case 'start':
      case 'moved':
        this.#own.next()
        return
      case 'persisted':
        if (event.key === incarnationKey) this.#own.persisted()
        return
      case 'described':
        this.#gossip.described(event.self, this.#partial ? this.#ring.values : [])
        return
      case 'linkUp':
    }
  }

  #receive(from: PeerId, message: SwimMessage, now: Instant): void {
    switch (message.type) {
      case 'ping': {
        const updates = this.#updatesFor(from)
        this.#effects.send(from, { type: 'ack', nonce: message.nonce, updates })
        this.#gossip.hear(from, message.updates, now)
        return
      }
      case 'ack': {
        const target = this.#probes.acked(from, message.nonce)
        if (target !== undefined) this.#reached(target)
        else if (!this.#relays.acked(from, message.nonce)) return
        this.#gossip.hear(from, message.updates, now)
        return
      }
      case 'pingRequest':
        if (idOf(message.target) === this.#id) return
        this.#relays.start(from, message.nonce, message.target, now)
        return
      case 'pingReply': {
        const target = this.#probes.answered(from, message.nonce, message.reached)
        if (target !== undefined) this.#reached(target)
        return
      }
      case 'gossip':
        this.#gossip.hear(from, message.updates, now)
        return
      case 'neighbours':
        if (this.watches(from)) this.#neighbourhoods.set(from, message.peers, message.known)
    }
  }

  #fire(key: string, now: Instant): void {
    if (key === probeKey) {
      this.#takeTurn(now)
    } else if (isProbeKey(key)) {
      const failed = this.#probes.fire(key, now)
      if (failed !== undefined) this.#suspect(idOf(failed), now)
    } else if (isRelayKey(key)) {
      this.#relays.fire(key)
    } else {
      const due = this.#suspicions.due(key, now)
      const known = due === undefined ? undefined : this.#ring.get(due)
      if (known !== undefined) this.#declareDead(known)
    }
  }

  #takeTurn(now: Instant): void {
    this.#gossip.turn()
    if (this.#partial && this.#turn++ % shareEveryTurns === 0) this.#sharePending = true
    if (this.#sharePending) this.#share()
    for (const suspect of this.#suspicions.suspects) {
      const known = this.#ring.get(suspect)
      if (known !== undefined) this.#probes.retry(known, now)
    }
    for (let count = 0; count < this.#config.probesPerInterval; count++) {
      const target = this.#ring.next(this.#rng)
      if (target !== undefined) this.#probes.start(target, now)
    }
    this.#probing = this.#ring.size > 0
    if (!this.#probing) return
    this.#effects.arm(probeKey, now, this.#health.stretch(this.#config.probeIntervalMs))
  }

  /** Tells every member whom this peer watches. */
  #share(): void {
    this.#sharePending = false
    const members = this.#ring.values.filter((known) => !this.#doubted.has(idOf(known)))
    for (const member of members) {
      const others = members.filter((known) => known !== member)
      const known = this.#neighbourhoods.unsent(idOf(member), others)
      const peers = others.map(idOf)
      this.#effects.send(idOf(member), { type: 'neighbours', peers, known })
    }
  }

  #setMembers(known: readonly KnownPeer[], now: Instant): void {
    for (const peer of this.#doubted) this.#effects.emit({ type: 'forgot', peer })
    this.#suspicions.clearAll()
    this.#probes.clear()
    this.#relays.clear()
    this.#neighbourhoods.clear()
    this.#doubted.clear()
    this.#ring.set(known, this.#rng)
    if (known.length > 0) {
      this.#startProbing(now)
    } else if (this.#probing) {
      this.#probing = false
      this.#effects.disarm(probeKey)
    }
  }

  #memberUp(known: KnownPeer, now: Instant): void {
    this.#doubted.delete(idOf(known))
    this.#gossip.lives(idOf(known))
    this.#ring.add(known, this.#rng)
    this.#sharePending = this.#partial
    this.#startProbing(now)
  }

  #memberDown({ peer, inDoubt }: MemberDown, now: Instant): void {
    const known = this.#ring.get(peer)
    if (known === undefined) return
    this.#sharePending = this.#partial
    if (inDoubt && this.#doubted.size < maxDoubted) {
      this.#doubted.add(peer)
      this.#probes.start(known, now)
    } else {
      this.#unwatch(peer)
    }
  }

  /** The first turn comes at a random moment, so that the peers of a network do not probe in step. */
  #startProbing(now: Instant): void {
    if (this.#probing) return
    this.#probing = true
    this.#effects.arm(probeKey, now, this.#rng.below(this.#config.probeIntervalMs))
  }

  #unwatch(peer: PeerId): void {
    this.#suspicions.clear(peer)
    this.#ring.delete(peer)
    this.#doubted.delete(peer)
    this.#neighbourhoods.delete(peer)
    this.#probes.cancel(peer)
  }

  #linkDown({ peer, cause }: LinkDown<PeerId>, now: Instant): void {
    this.#probes.linkDown(peer)
    this.#relays.linkDown(peer)
    const known = this.#ring.get(peer)
    if (known !== undefined && cause === 'reset') this.#probes.start(known, now)
  }

  /** A member has answered a probe, itself or to another. */
  #reached(target: KnownPeer): void {
    const known = this.#ring.get(idOf(target)) ?? target
    const suspected = this.#suspicions.clear(idOf(known))
    if (suspected || this.#doubted.has(idOf(known))) this.#settleAlive(known)
  }

  #settleAlive(known: KnownPeer): void {
    const { peer, incarnation } = known.descriptor
    this.#suspicions.clear(peer)
    if (this.#doubted.has(peer)) this.#unwatch(peer)
    this.#effects.emit({ type: 'alive', peer, incarnation, known })
  }

  /** This peer's own probe of a member has failed. */
  #suspect(peer: PeerId, now: Instant): void {
    const known = this.#ring.get(peer)
    if (known === undefined || this.#suspicions.get(peer) !== undefined) return
    const around = this.#neighbourhoods.around(peer, this.#id)
    // The group is whoever watches the suspect: its neighbours, or everybody.
    const others = this.#partial ? around.length : this.#ring.size - 1
    const times = suspicionTimes(this.#config, others + 1, others)
    this.#suspicions.start(peer, known.descriptor.incarnation, times, now)
    this.#gossip.accuse('suspect', known, around)
  }

  #declareDead(known: KnownPeer): void {
    const { peer, incarnation } = known.descriptor
    this.#unwatch(peer)
    this.#sharePending = this.#partial
    // Whoever watches it too was told when the suspicion began, and comes to its own verdict.
    this.#gossip.accuse('dead', known, [])
    this.#effects.emit({ type: 'dead', peer, cause: 'suspicion-timeout', incarnation })
    this.#effects.release(peer)
  }

  /** What rides on a probe or its answer: to a suspect first that it is one, to the dead that they are. */
  #updatesFor(peer: PeerId): readonly Update[] {
    const { piggybackUpdates } = this.#config
    const members = this.#ring.size + 1
    const accusation = this.#suspicions.accusationOf(peer) ?? this.#gossip.deathOf(peer)
    const updates: Update[] = accusation === undefined ? [] : [accusation]
    updates.push(...this.#updates.take(piggybackUpdates - updates.length, members, peer))
    updates.push(...this.#rumours.take(piggybackUpdates - updates.length, members, peer))
    return updates
  }

  #helpers(target: PeerId): readonly KnownPeer[] {
    const sound = this.#ring.values.filter((known) => {
      return !this.isSuspected(idOf(known)) && !this.#doubted.has(idOf(known))
    })
    const { indirectProbes } = this.#config
    return this.#neighbourhoods.helpers(target, this.#id, sound, indirectProbes, this.#rng)
  }
}
