import type { Instant, Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { SwimConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { SwimOutput } from './events.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import type { SwimMessage } from './messages.ts'

/** The timer of a relayed probe begins with this; its nonce follows. */
const relayPrefix = 'swim/relay/'

/** Most probes for others at a time. Source: our choice, two suspects with eight neighbours each. */
const maxRelays = 16

/**
 * Share of the probe timeout after which a failure is reported, in tenths, so that the report comes before
 * the asking peer's period ends. Source: hashicorp/memberlist, state.go, the nack timeout.
 */
const reportTenths = 8

interface Relay {
  readonly requester: PeerId
  readonly theirNonce: number
  readonly target: KnownPeer
}

/** Probes for others, who could not reach a member themselves. */
export class Relays {
  readonly #config: SwimConfig
  readonly #rng: Rng
  readonly #effects: EffectList<SwimMessage, SwimOutput>
  readonly #isMember: (peer: PeerId) => boolean
  readonly #relayByNonce = new Map<number, Relay>()

  constructor(
    config: SwimConfig,
    rng: Rng,
    effects: EffectList<SwimMessage, SwimOutput>,
    isMember: (peer: PeerId) => boolean,
  ) {
    this.#config = config
    this.#rng = rng
    this.#effects = effects
    this.#isMember = isMember
  }

  /** True while a probe of the peer, or for it, is on its way. */
  concerns(peer: PeerId): boolean {
    for (const { requester, target } of this.#relayByNonce.values()) {
      if (requester === peer || idOf(target) === peer) return true
    }
    return false
  }

  /**
   * Probes for another. Members may have anybody probed; strangers only a member, to which a link stands
   * already, or they could have anybody dialled.
   */
  start(requester: PeerId, theirNonce: number, target: KnownPeer, now: Instant): void {
    const peer = idOf(target)
    const linked = this.#isMember(peer)
    const willing = linked || this.#isMember(requester)
    if (!willing || peer === requester || this.#relayByNonce.size >= maxRelays) {
      this.#effects.send(requester, { type: 'pingReply', nonce: theirNonce, reached: false })
      return
    }
    const nonce = this.#rng.u32()
    this.#relayByNonce.set(nonce, { requester, theirNonce, target })
    if (!linked) this.#effects.emit({ type: 'learned', known: target })
    this.#effects.send(peer, { type: 'ping', nonce, updates: [] })
    const timeoutMs = Math.floor((this.#config.probeTimeoutMs * reportTenths) / 10)
    this.#effects.arm(relayPrefix + nonce, now, timeoutMs)
  }

  /** An answer has come; false when it is to no relayed probe. */
  acked(from: PeerId, nonce: number): boolean {
    const relay = this.#relayByNonce.get(nonce)
    if (relay === undefined || idOf(relay.target) !== from) return false
    this.#effects.disarm(relayPrefix + nonce)
    this.#end(nonce, relay, true)
    return true
  }

  fire(key: string): void {
    const nonce = Number(key.slice(relayPrefix.length))
    const relay = this.#relayByNonce.get(nonce)
    if (relay !== undefined) this.#end(nonce, relay, false)
  }

  /** The target cannot be reached, which is an answer too. */
  linkDown(peer: PeerId): void {
    for (const [nonce, relay] of [...this.#relayByNonce]) {
      if (idOf(relay.target) !== peer) continue
      this.#effects.disarm(relayPrefix + nonce)
      this.#end(nonce, relay, false)
    }
  }

  clear(): void {
    for (const [nonce, { requester, target }] of this.#relayByNonce) {
      this.#effects.disarm(relayPrefix + nonce)
      this.#part(requester, target)
    }
    this.#relayByNonce.clear()
  }

  #end(nonce: number, relay: Relay, reached: boolean): void {
    this.#relayByNonce.delete(nonce)
    const { requester, theirNonce: theirs, target } = relay
    this.#effects.send(requester, { type: 'pingReply', nonce: theirs, reached })
    this.#part(requester, target)
  }

  /** Ends the business with those who are no members. */
  #part(requester: PeerId, target: KnownPeer): void {
    if (!this.#isMember(requester)) this.#effects.release(requester)
    if (this.#isMember(idOf(target))) return
    this.#effects.release(idOf(target))
    this.#effects.emit({ type: 'forgot', peer: idOf(target) })
  }
}

/** True for the timer of a relayed probe. */
export function isRelayKey(key: string): boolean {
  return key.startsWith(relayPrefix)
}
