/** Peers that poison the views of others. */
import {
  after,
  type Effect,
  type Fired,
  instant,
  type Instant,
  type Machine,
  pick,
  type Rng,
  sample,
} from '@kithnet/kernel'
import {
  HyParView,
  type KnownPeer,
  type Priority,
  type ViewConfig,
  type ViewEvent,
  type ViewMessage,
  type ViewOutput,
} from '@kithnet/membership'
import type { PeerId } from '@kithnet/types'
import { simulatedKnownPeer } from './membership-peers.ts'

type Effects = readonly Effect<PeerId, ViewMessage, string, ViewOutput>[]

/** What hostile peers do beside answering with each other. */
export interface Attack {
  /** Share of hostile peers. */
  readonly share: number
  /** Poisoned shuffles that each of them pushes to random peers in a cycle. */
  readonly pushes: number
  /** Cycles after the last join in which they behave. Default: they attack from their start. */
  readonly behave?: number
  /** They are all there before the honest ones. */
  readonly early?: boolean
  /** Peers that do not exist and that each of them signs descriptors for, offered beside real ones. */
  readonly ghosts?: number
  /** They push only to those who joined within the last cycles. */
  readonly onlyNewcomers?: number
  /** They stay away from who seems to hold them already, judged by whom its shuffles offer. */
  readonly learn?: boolean
  /** They ask every newcomer whose walk they get with high priority. */
  readonly grabs?: boolean
  /** This many honest peers are asked by each of them, every second, to be neighbours with high priority. */
  readonly victims?: number
  /** Each of them took the one of so many ids that ranks lowest with a victim. */
  readonly triedIds?: number
}

/** Peers listed in a poisoned shuffle: as many as an honest one at most. */
const listed = 8
/** Ids offered in a poisoned exchange: as many as are read. */
const offeredIds = 32

/** What everybody hostile knows of each other and of the honest. */
export interface Plot {
  /** The honest exchange ids. */
  readonly ranked: boolean
  readonly attack: Attack
  readonly allies: KnownPeer[]
  readonly ghosts: KnownPeer[]
  readonly honest: PeerId[]
  /** Cycle in which each honest peer joined. */
  readonly joined: Map<PeerId, number>
  readonly victims: PeerId[]
  /** Honest peers that have offered somebody hostile of late. */
  readonly persuaded: Set<PeerId>
  readonly hostile: Set<PeerId>
  readonly ghostIds: ReadonlySet<PeerId>
  /** Those who behave at first stop doing so. */
  underway: boolean
  cycle: number
  ghostsTold: number
}

/** A hostile peer: accepts everybody, answers with its allies alone, forwards nothing, and pushes. */
export class Poisoner implements Machine<ViewEvent, PeerId, ViewMessage, string, ViewOutput> {
  readonly #self: KnownPeer
  readonly #plot: Plot
  readonly #rng: Rng
  readonly #cycleMs: number
  readonly #neighbours = new Set<PeerId>()
  /** As it behaves until the attack begins. */
  #honest: HyParView | undefined

  constructor(self: KnownPeer, plot: Plot, rng: Rng, config: ViewConfig) {
    this.#self = self
    this.#plot = plot
    this.#rng = rng
    this.#cycleMs = config.shuffleIntervalMs
    if (plot.attack.behave === undefined) return
    this.#honest = new HyParView({ self: idOf(self), config, rng: rng.fork('honest') })
    this.#honest.on({ type: 'described', self }, instant(0))
  }

  on(event: ViewEvent | Fired<string>, now: Instant): Effects {
    if (this.#honest === undefined) return this.#handle(event, now)
    if (!this.#plot.underway) return this.#honest.on(event, now)
    return [...this.#turn(now), ...this.#handle(event, now)]
  }

  #handle(event: ViewEvent | Fired<string>, now: Instant): Effects {
    switch (event.type) {
      case 'join':
        return [
          ...event.contacts.map(({ peer }) => this.#send(peer, this.#ask('join'))),
          ...this.#turn(now),
        ]
      case 'fired':
        if (event.key === 'push') return this.#push(now)
        return event.key === 'flood' ? this.#flood(now) : []
      case 'received':
        return this.#receive(event.from, event.message)
      case 'linkDown':
        this.#neighbours.delete(event.peer)
        return []
      default:
        return []
    }
  }

  /** The attack begins. */
  #turn(now: Instant): Effects {
    for (const known of this.#honest?.active ?? []) this.#neighbours.add(idOf(known))
    this.#honest = undefined
    return [
      arm('push', after(now, this.#rng.below(this.#cycleMs))),
      ...(this.#plot.victims.length === 0 ? [] : [arm('flood', after(now, 1))]),
    ]
  }

  #push(now: Instant): Effects {
    const effects: Effects[number][] = [arm('push', after(now, this.#cycleMs))]
    for (let count = 0; count < this.#plot.attack.pushes; count++) {
      const target = this.#target()
      if (target !== undefined) effects.push(this.#send(target, this.#poison()))
    }
    return effects
  }

  #target(): PeerId | undefined {
    const { attack, honest, joined, persuaded, cycle } = this.#plot
    const { onlyNewcomers, learn } = attack
    // A few tries: who finds nobody to its taste pushes nothing.
    for (let tries = 0; tries < 20; tries++) {
      const target = pick(this.#rng, honest)
      if (target === undefined) return undefined
      if (onlyNewcomers !== undefined && cycle - joined.get(target)! > onlyNewcomers) continue
      if (learn === true && persuaded.has(target)) continue
      return target
    }
    return undefined
  }

  #flood(now: Instant): Effects {
    const asks = this.#plot.victims.flatMap((victim) =>
      this.#neighbours.has(victim)
        ? []
        : [this.#send(victim, this.#ask('neighbor')), this.#send(victim, this.#ask('join'))],
    )
    return [arm('flood', after(now, 1_000)), ...asks]
  }

  #receive(from: PeerId, message: ViewMessage): Effects {
    switch (message.type) {
      case 'join':
      case 'neighbor':
        this.#neighbours.add(from)
        return [
          this.#send(from, {
            type: 'neighborReply',
            accepted: true,
            self: this.#self,
            peers: this.#list(),
          }),
        ]
      case 'forwardJoin':
        // An honest peer would send most walks on.
        return [
          this.#send(
            message.joiner.descriptor.peer,
            this.#ask('neighbor', this.#plot.attack.grabs === true ? 'high' : 'low'),
          ),
        ]
      case 'neighborReply':
        if (message.accepted) this.#neighbours.add(from)
        return message.accepted ? [] : [{ type: 'release', peer: from }]
      case 'shuffle': {
        this.#learn(idOf(message.origin), message.peers.map(idOf))
        const { nonce } = message
        return [this.#send(from, { type: 'shuffleReply', nonce, peers: this.#list() })]
      }
      case 'shuffleReply':
        this.#learn(from, message.peers.map(idOf))
        return this.#neighbours.has(from) ? [] : [{ type: 'release', peer: from }]
      case 'exchange':
        this.#learn(from, message.peers)
        return [this.#send(from, { type: 'exchangeReply', peers: this.#ids(), wanted: [] })]
      case 'exchangeReply':
        this.#learn(from, message.peers)
        return this.#introduce(from, message.wanted)
      case 'introduce':
        return this.#introduce(from, message.wanted)
      case 'disconnect':
        this.#neighbours.delete(from)
        return [{ type: 'release', peer: from }]
    }
  }

  #introduce(to: PeerId, wanted: readonly PeerId[]): Effects {
    const peers = wanted.map((peer) => simulatedKnownPeer(peer))
    const leave: Effects = this.#neighbours.has(to) ? [] : [{ type: 'release', peer: to }]
    if (wanted.length === 0) return leave
    return [this.#send(to, { type: 'introduce', peers, wanted: [] }), ...leave]
  }

  #learn(who: PeerId, offered: readonly PeerId[]): void {
    if (offered.length === 0) return
    if (offered.some((peer) => this.#plot.ghostIds.has(peer))) this.#plot.ghostsTold++
    const isPersuaded = offered.some((peer) => this.#plot.hostile.has(peer))
    if (isPersuaded) this.#plot.persuaded.add(who)
    else this.#plot.persuaded.delete(who)
  }

  #ask(type: 'join' | 'neighbor', priority: Priority = 'high'): ViewMessage {
    return { type, self: this.#self, priority }
  }

  #poison(): ViewMessage {
    if (this.#plot.ranked) return { type: 'exchange', origin: this.#self, peers: this.#ids() }
    const nonce = this.#rng.u32()
    return { type: 'shuffle', origin: this.#self, nonce, ttl: 1, peers: this.#list() }
  }

  #list(): readonly KnownPeer[] {
    const { allies, ghosts } = this.#plot
    const made = ghosts.length > 0 ? sample(this.#rng, ghosts, listed - 1) : []
    return [...made, ...sample(this.#rng, allies, listed - made.length)]
  }

  #ids(): readonly PeerId[] {
    const { allies, ghosts } = this.#plot
    const made = sample(this.#rng, ghosts, offeredIds - 1)
    return [...made, ...sample(this.#rng, allies, offeredIds - made.length)].map(idOf)
  }

  #send(to: PeerId, message: ViewMessage): Effects[number] {
    return { type: 'send', to, message }
  }
}

function idOf(known: KnownPeer): PeerId {
  return known.descriptor.peer
}

function arm(key: string, at: Instant): Effects[number] {
  return { type: 'arm', key, at }
}
