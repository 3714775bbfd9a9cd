import { BoundedMap, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { Accusers } from './accusers.ts'
import type { EffectList } from './effect-list.ts'
import type { Shown, SwimOutput } from './events.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import type { LocalHealth } from './local-health.ts'
import type { Accusation, SwimMessage, Update } from './messages.ts'
import type { OwnIncarnation } from './own-incarnation.ts'
import { isNewer } from './partial-view.ts'
import type { ProbeRing } from './probe-ring.ts'
import type { Probes } from './probes.ts'
import type { Rumours } from './rumours.ts'
import type { Suspicions } from './suspicions.ts'
import type { UpdateQueue } from './update-queue.ts'

/** Dead peers remembered with their last descriptor, to answer them when they come back. Our choice. */
const maxDead = 256
/** Probes per turn that others' hints may cause. Source: our choice. */
const maxHintedProbes = 4

/** What gossip shares with the detector it belongs to. */
export interface GossipContext {
  readonly self: PeerId
  readonly rng: Rng
  readonly effects: EffectList<SwimMessage, SwimOutput>
  readonly own: OwnIncarnation
  readonly health: LocalHealth
  readonly ring: ProbeRing
  readonly probes: Probes
  readonly suspicions: Suspicions
  readonly updates: UpdateQueue
  readonly accusers: Accusers
  readonly rumours: Rumours
  /** True when one watches the other, so that its accusations are its own findings and no rumour. */
  watches(accuser: PeerId, accused: PeerId): boolean
  /** A member has proved that it lives. */
  settleAlive(known: KnownPeer): void
  needsLink(peer: PeerId): boolean
}

/**
 * What peers say of peers. A subject's own descriptor is proof; an accusation of this peer is refuted; an
 * accusation of another is a hint.
 */
export class Gossip {
  readonly #context: GossipContext
  readonly #dead = new BoundedMap<PeerId, KnownPeer>(maxDead)
  #hintedProbes = 0

  constructor(context: GossipContext) {
    this.#context = context
  }

  /** A new turn: hints may cause probes again. */
  turn(): void {
    this.#hintedProbes = 0
  }

  /** A dead peer is a member again. */
  lives(peer: PeerId): void {
    this.#dead.delete(peer)
    this.#context.rumours.settle(peer)
  }

  /** What is held against a peer that was declared dead here, or `undefined`. */
  deathOf(peer: PeerId): Accusation | undefined {
    const incarnation = this.#dead.peek(peer)?.descriptor.incarnation
    return incarnation === undefined ? undefined : { state: 'dead', peer, incarnation }
  }

  /** Tells the accused first, then those who watch it too, then everybody with the probes. */
  accuse(state: 'suspect' | 'dead', known: KnownPeer, around: readonly KnownPeer[]): void {
    const { peer, incarnation } = known.descriptor
    if (state === 'dead') this.#dead.set(peer, known)
    const update: Update = { state, peer, incarnation }
    this.#tell(peer, [update])
    for (const other of around) {
      const to = idOf(other)
      const stranger = !this.#context.needsLink(to)
      if (stranger) this.#context.effects.emit({ type: 'learned', known: other })
      this.#tell(to, [update])
      if (!stranger) continue
      this.#context.effects.release(to)
      this.#context.effects.emit({ type: 'forgot', peer: to })
    }
    this.#context.updates.put(update)
  }

  /** Takes in updates from a peer. */
  hear(from: PeerId, updates: readonly Update[], now: Instant): void {
    for (const update of updates) {
      if (update.state === 'alive') this.#onAlive(from, update.known, now)
      else if (!this.#context.accusers.allows(from, now)) continue
      else if (update.peer !== this.#context.self) this.#onHint(from, update, now)
      else this.#onAccused(from, update.incarnation, now)
    }
  }

  /** This peer itself is said to be suspect or dead: perhaps it is slow. */
  #onAccused(from: PeerId, incarnation: number, now: Instant): void {
    const { health, own } = this.#context
    if (own.accused(from, incarnation, now)) health.change(1)
  }

  /** Proof, signed by its subject. */
  #onAlive(from: PeerId, known: KnownPeer, now: Instant): void {
    const { peer, incarnation } = known.descriptor
    if (peer === this.#context.self) {
      this.#context.own.proven(from, known, now)
      return
    }
    const held = this.#context.ring.get(peer)
    if (held === undefined) {
      this.#onAliveAgain(from, known)
      return
    }
    if (!isNewer(known, held)) {
      const outlived = from === peer && incarnation < held.descriptor.incarnation
      if (outlived) this.#tell(peer, [{ state: 'alive', known: held }])
      return
    }
    const { effects, ring, rng, suspicions, updates } = this.#context
    ring.add(known, rng)
    effects.emit({ type: 'learned', known })
    updates.put({ state: 'alive', known })
    const suspectedIn = suspicions.get(peer)?.incarnation
    if (suspectedIn !== undefined && suspectedIn < incarnation) this.#context.settleAlive(known)
  }

  /** One who was dead here: a later incarnation is believed, an older one is told what is held against it. */
  #onAliveAgain(from: PeerId, known: KnownPeer): void {
    const { peer, incarnation } = known.descriptor
    const dead = this.#dead.peek(peer)
    if (dead === undefined) {
      this.#context.rumours.refute(known)
      return
    }
    if (incarnation <= dead.descriptor.incarnation) {
      this.#tell(from, accusationOf(dead))
      return
    }
    this.#dead.delete(peer)
    this.#context.updates.put({ state: 'alive', known })
    this.#context.effects.emit({ type: 'alive', peer, incarnation, known })
  }

  /** A peer is here with a descriptor that is outlived already: it must take a later incarnation. */
  shown({ known, later }: Shown): void {
    const { peer, incarnation } = known.descriptor
    const dead = this.#dead.peek(peer)
    if (dead !== undefined && incarnation > dead.descriptor.incarnation) {
      this.#dead.delete(peer)
    } else if (dead !== undefined) {
      this.#tell(peer, accusationOf(dead))
    } else if (later !== undefined && incarnation < later.descriptor.incarnation) {
      this.#tell(peer, [{ state: 'alive', known: later }])
    }
  }

  /** A third party is said to be suspect or dead. */
  #onHint(from: PeerId, accusation: Accusation, now: Instant): void {
    const { peer, incarnation } = accusation
    if (from === peer) return
    const held = this.#context.ring.get(peer)
    if (held === undefined) {
      if (this.#dead.peek(peer) === undefined) this.#context.rumours.accuse(accusation)
      return
    }
    if (incarnation < held.descriptor.incarnation) {
      this.#tell(from, [{ state: 'alive', known: held }])
      return
    }
    const { probes, suspicions, updates } = this.#context
    const watched = this.#context.watches(from, peer)
    if (suspicions.get(peer) === undefined) {
      if (watched) suspicions.hint(peer, from)
      if (this.#hintedProbes++ < maxHintedProbes) probes.start(held, now)
      return
    }
    if (!watched || !suspicions.confirm(peer, from, now)) return
    updates.put({ state: 'suspect', peer, incarnation: held.descriptor.incarnation })
  }

  /** This peer has a new descriptor: refutes with it, to those who accused it and these. */
  described(self: KnownPeer, others: readonly KnownPeer[]): void {
    const waiting = this.#context.own.described(self)
    if (waiting === undefined) return
    const alive: Update = { state: 'alive', known: self }
    const told = new Set(waiting)
    for (const known of others) told.add(idOf(known))
    for (const peer of told) {
      this.#tell(peer, [alive])
      if (!this.#context.needsLink(peer)) this.#context.effects.release(peer)
    }
    this.#context.updates.put(alive)
  }

  #tell(to: PeerId, updates: readonly Update[]): void {
    this.#context.effects.send(to, { type: 'gossip', updates })
  }
}

function accusationOf(dead: KnownPeer): readonly Update[] {
  const { peer, incarnation } = dead.descriptor
  return [
    { state: 'alive', known: dead },
    { state: 'dead', peer, incarnation },
  ]
}
