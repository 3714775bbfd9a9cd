import type { Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { SwimConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { SwimOutput } from './events.ts'
import { lastCallMs } from './last-call.ts'
import type { Accusation, SwimMessage } from './messages.ts'
import { Suspicion, type SuspicionTimes } from './suspicion.ts'

/** The timer of a suspicion begins with this; the suspect follows. */
const suspectPrefix = 'swim/suspect/'

/** Who has hinted of a member, at most. Source: our choice; Lifeguard counts three. */
const maxHints = 8

/** The members under suspicion, and what others have hinted of those that are not yet. */
export class Suspicions {
  readonly #self: PeerId
  readonly #config: SwimConfig
  readonly #effects: EffectList<SwimMessage, SwimOutput>
  readonly #suspicionByPeer = new Map<PeerId, Suspicion>()
  readonly #hintsByPeer = new Map<PeerId, Set<PeerId>>()

  constructor(self: PeerId, config: SwimConfig, effects: EffectList<SwimMessage, SwimOutput>) {
    this.#self = self
    this.#config = config
    this.#effects = effects
  }

  get(peer: PeerId): Suspicion | undefined {
    return this.#suspicionByPeer.get(peer)
  }

  /** What is said of a suspect, or `undefined`. */
  accusationOf(peer: PeerId): Accusation | undefined {
    const incarnation = this.#suspicionByPeer.get(peer)?.incarnation
    return incarnation === undefined ? undefined : { state: 'suspect', peer, incarnation }
  }

  /** The members under suspicion, the longest one first. */
  get suspects(): readonly PeerId[] {
    return [...this.#suspicionByPeer.keys()]
  }

  /** Begins a suspicion after this peer's own probe has failed. Hints given before confirm it. */
  start(peer: PeerId, incarnation: number, times: SuspicionTimes, now: Instant): void {
    const suspicion = new Suspicion(incarnation, now, times)
    this.#suspicionByPeer.set(peer, suspicion)
    this.#effects.emit({ type: 'suspected', peer, by: this.#self })
    for (const by of this.#hintsByPeer.get(peer) ?? []) this.#count(peer, suspicion, by)
    this.#hintsByPeer.delete(peer)
    this.#arm(peer, suspicion, now)
  }

  /** Keeps in mind that another suspects a member; it counts once this peer's own probe has failed. */
  hint(peer: PeerId, by: PeerId): void {
    const hints = this.#hintsByPeer.get(peer) ?? new Set<PeerId>()
    if (hints.size < maxHints) hints.add(by)
    this.#hintsByPeer.set(peer, hints)
  }

  /** Another suspects a suspect too, or has declared it dead. True when that brings the end nearer. */
  confirm(peer: PeerId, by: PeerId, now: Instant): boolean {
    const suspicion = this.#suspicionByPeer.get(peer)
    if (suspicion === undefined) return false
    const before = suspicion.deadline
    this.#count(peer, suspicion, by)
    if (suspicion.deadline === before) return false
    this.#arm(peer, suspicion, now)
    return true
  }

  /** Ends the suspicion of a peer and forgets what was hinted. True when there was a suspicion. */
  clear(peer: PeerId): boolean {
    this.#hintsByPeer.delete(peer)
    if (!this.#suspicionByPeer.delete(peer)) return false
    this.#effects.disarm(suspectPrefix + peer)
    return true
  }

  clearAll(): void {
    for (const peer of [...this.#suspicionByPeer.keys()]) this.clear(peer)
    this.#hintsByPeer.clear()
  }

  /** The suspect whose time is up with this timer, or `undefined`. */
  due(key: string, now: Instant): PeerId | undefined {
    for (const [peer, suspicion] of this.#suspicionByPeer) {
      if (key !== suspectPrefix + peer) continue
      if (suspicion.lastCall) return peer
      suspicion.lastCall = true
      const waitMs = Math.max(lastCallMs(this.#config), suspicion.deadline - now)
      this.#effects.arm(key, now, waitMs)
      return undefined
    }
    return undefined
  }

  #count(peer: PeerId, suspicion: Suspicion, by: PeerId): void {
    if (suspicion.confirm(by)) this.#effects.emit({ type: 'suspected', peer, by })
  }

  #arm(peer: PeerId, suspicion: Suspicion, now: Instant): void {
    suspicion.lastCall = false
    const leftMs = suspicion.deadline - now - lastCallMs(this.#config)
    this.#effects.arm(suspectPrefix + peer, now, Math.max(0, leftMs))
  }
}
