import type { Instant, Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { SwimConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { SwimOutput } from './events.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import { lastCallMs } from './last-call.ts'
import type { LocalHealth } from './local-health.ts'
import type { SwimMessage, Update } from './messages.ts'

/** The timers of a probe begin with these; its nonce follows. */
const directPrefix = 'swim/direct/'
const endPrefix = 'swim/end/'

/** A probe on its way. */
interface Probe {
  readonly nonce: number
  readonly target: KnownPeer
  /**
   * Who was asked to probe for us and has not answered, and whether it was linked already and so owes an
   * answer even when it fails. Empty while the probe is direct.
   */
  readonly awaited: Map<PeerId, boolean>
  /** One who was asked could not reach the target either: the silence is not ours. */
  corroborated: boolean
  indirect: boolean
  /** The time is up but for the last call. */
  lastCall: boolean
}

/** What the probes of a detector share with it. */
export interface ProbeContext {
  readonly config: SwimConfig
  readonly rng: Rng
  readonly effects: EffectList<SwimMessage, SwimOutput>
  readonly health: LocalHealth
  /** Whom to ask to probe a target. */
  helpers(target: PeerId): readonly KnownPeer[]
  /** True for a member, whose link stands. */
  isMember(peer: PeerId): boolean
  /** Another was asked to probe a target and did not reach it either. */
  corroborated(target: PeerId, by: PeerId): void
  /** What to tell a probed peer. */
  updatesFor(peer: PeerId): readonly Update[]
}

/**
 * Probes of members: a ping, and when it is late pings by others, until the period ends. Every probe has its
 * own random nonce, so an answer can only be to it.
 */
export class Probes {
  readonly #context: ProbeContext
  readonly #probeByNonce = new Map<number, Probe>()
  readonly #nonceByTarget = new Map<PeerId, number>()

  constructor(context: ProbeContext) {
    this.#context = context
  }

  /** True while a probe of the peer, or a request to it to probe for us, is on its way. */
  concerns(peer: PeerId): boolean {
    if (this.#nonceByTarget.has(peer)) return true
    for (const probe of this.#probeByNonce.values()) if (probe.awaited.has(peer)) return true
    return false
  }

  /** Probes a member unless that is under way. */
  start(target: KnownPeer, now: Instant): void {
    this.#start(target, now, false)
  }

  /** Asks a suspect once more whether it lives. Others have been asked already, and nobody is to blame. */
  retry(suspect: KnownPeer, now: Instant): void {
    this.#start(suspect, now, true)
  }

  /** The member that answered its probe itself, or `undefined` for an answer to nothing. */
  acked(from: PeerId, nonce: number): KnownPeer | undefined {
    const probe = this.#probeByNonce.get(nonce)
    if (probe === undefined || idOf(probe.target) !== from) return undefined
    this.#end(probe)
    this.#context.health.change(-1)
    return probe.target
  }

  /** The member that another has reached for us; `undefined` when it has not, or was not asked. */
  answered(from: PeerId, nonce: number, reached: boolean): KnownPeer | undefined {
    const probe = this.#probeByNonce.get(nonce)
    if (probe === undefined || !probe.awaited.has(from)) return undefined
    if (!reached) {
      probe.awaited.delete(from)
      probe.corroborated = true
      this.#context.corroborated(idOf(probe.target), from)
      if (!this.#context.isMember(from)) this.#part(from)
      return undefined
    }
    this.#end(probe)
    return probe.target
  }

  /** A timer has fired: goes on, or returns the member whose probe has failed. */
  fire(key: string, now: Instant): KnownPeer | undefined {
    if (key.startsWith(directPrefix)) {
      const probe = this.#probeByNonce.get(Number(key.slice(directPrefix.length)))
      if (probe !== undefined) this.#askOthers(probe)
      return undefined
    }
    const probe = this.#probeByNonce.get(Number(key.slice(endPrefix.length)))
    if (probe === undefined) return undefined
    if (!probe.lastCall) {
      probe.lastCall = true
      this.#context.effects.arm(key, now, lastCallMs(this.#context.config))
      return undefined
    }
    this.#end(probe)
    this.#context.health.change(blame(probe))
    return probe.target
  }

  /** There is no link to the peer: its probe need not wait, and it will not answer for another. */
  linkDown(peer: PeerId): void {
    const nonce = this.#nonceByTarget.get(peer)
    const probe = nonce === undefined ? undefined : this.#probeByNonce.get(nonce)
    if (probe !== undefined) {
      this.#context.effects.disarm(directPrefix + probe.nonce)
      this.#askOthers(probe)
    }
    for (const other of this.#probeByNonce.values()) {
      if (other.awaited.delete(peer) && !this.#context.isMember(peer)) {
        this.#context.effects.emit({ type: 'forgot', peer })
      }
    }
  }

  /** Ends the probe of a peer that is watched no more. */
  cancel(peer: PeerId): void {
    const nonce = this.#nonceByTarget.get(peer)
    const probe = nonce === undefined ? undefined : this.#probeByNonce.get(nonce)
    if (probe !== undefined) this.#end(probe)
  }

  clear(): void {
    for (const probe of [...this.#probeByNonce.values()]) this.#end(probe)
  }

  #start(target: KnownPeer, now: Instant, again: boolean): void {
    const peer = idOf(target)
    if (this.#nonceByTarget.has(peer)) return
    const { config, effects, health, rng } = this.#context
    const nonce = rng.u32()
    const probe: Probe = {
      nonce,
      target,
      awaited: new Map(),
      corroborated: again,
      indirect: again,
      lastCall: false,
    }
    this.#probeByNonce.set(nonce, probe)
    this.#nonceByTarget.set(peer, nonce)
    effects.send(peer, { type: 'ping', nonce, updates: this.#context.updatesFor(peer) })
    if (!again) effects.arm(directPrefix + nonce, now, health.stretch(config.probeTimeoutMs))
    // A retry is over before the next turn begins the next one.
    const earlyMs = lastCallMs(config) * (again ? 2 : 1)
    effects.arm(endPrefix + nonce, now, health.stretch(config.probeIntervalMs) - earlyMs)
  }

  #askOthers(probe: Probe): void {
    if (probe.indirect) return
    probe.indirect = true
    const { effects } = this.#context
    for (const helper of this.#context.helpers(idOf(probe.target))) {
      const peer = idOf(helper)
      const linked = this.#context.isMember(peer)
      probe.awaited.set(peer, linked)
      if (!linked) effects.emit({ type: 'learned', known: helper })
      effects.send(peer, { type: 'pingRequest', nonce: probe.nonce, target: probe.target })
    }
  }

  #end(probe: Probe): void {
    this.#probeByNonce.delete(probe.nonce)
    this.#nonceByTarget.delete(idOf(probe.target))
    this.#context.effects.disarm(directPrefix + probe.nonce)
    this.#context.effects.disarm(endPrefix + probe.nonce)
    for (const peer of probe.awaited.keys()) if (!this.#context.isMember(peer)) this.#part(peer)
  }

  /** Ends the business with a peer that is no member. */
  #part(peer: PeerId): void {
    this.#context.effects.release(peer)
    this.#context.effects.emit({ type: 'forgot', peer })
  }
}

/**
 * How much a failed probe speaks for this peer's own slowness: one for each answer that is owed and missing;
 * nothing where others could not reach the target either; else one.
 */
function blame(probe: Probe): number {
  let missing = 0
  for (const linked of probe.awaited.values()) if (linked) missing++
  return missing > 0 || probe.corroborated ? missing : 1
}

/** True for the timer of a probe. */
export function isProbeKey(key: string): boolean {
  return key.startsWith(directPrefix) || key.startsWith(endPrefix)
}
