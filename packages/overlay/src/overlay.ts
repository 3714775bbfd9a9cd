import {
  after,
  type Effect,
  type EpochMs,
  type Fired,
  type Instant,
  type Machine,
  wallAt,
} from '@kithnet/kernel'
import {
  encodeMembershipMessage,
  Membership,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipOutput,
} from '@kithnet/membership'
import { Pubsub, type PubsubEvent, type PubsubOutput } from '@kithnet/pubsub'
import { type PeerId, peerIdOf } from '@kithnet/types'
import type { OverlayEvent, OverlayOutput, SignedDomain } from './events.ts'
import { type OverlayFault, pointsOf } from './faults.ts'
import { decodeFrame } from './frame.ts'
import { LinkQuotas } from './link-quotas.ts'
import type { OverlayMessage } from './messages.ts'
import type { OverlayOptions } from './options.ts'
import { OwnDescriptor } from './own-descriptor.ts'
import { createTrust, type Trust } from './trust.ts'
import { isDescriptor } from './verified-kind.ts'
import { type OverlayView, overlayViewOf } from './view.ts'

type OverlayEffect = Effect<PeerId, OverlayMessage, string, OverlayOutput>

/** How often fetches are looked at. Source: our choice; a round trip is rarely shorter. */
const fetchTickMs = 10

/**
 * Membership, broadcast and trust as one machine: what the simulator runs is what ships. It tells the broadcast
 * who the neighbours are, and lets nothing pass whose signature has not been verified.
 */
export class Overlay implements Machine<
  OverlayEvent,
  PeerId,
  OverlayMessage,
  string,
  OverlayOutput
> {
  readonly #membership: Membership
  readonly #pubsub: Pubsub
  readonly #trust: Trust
  readonly #descriptor: OwnDescriptor
  readonly #quotas: LinkQuotas
  /** Sign requests by token: of pubsub with its own token, or of the own descriptor. */
  readonly #signing = new Map<number, number | 'descriptor'>()
  #epochAtZero: EpochMs
  #token = 0
  #joined = false
  #fetchTimerArmed = false
  #effects: OverlayEffect[] = []
  /** What follows from the event, when its own effects are done. */
  #next: (MembershipEvent | Extract<PubsubEvent, { type: 'gone' }>)[] = []

  constructor(options: OverlayOptions) {
    const { network, self, publicKey, incarnation, config } = options
    this.#epochAtZero = options.epochAtZero
    const rng = options.rng.fork('membership')
    this.#membership = new Membership({ self, config: config.membership, rng, incarnation })
    this.#pubsub = new Pubsub({
      ...options,
      config: config.pubsub,
      rng: options.rng.fork('pubsub'),
    })
    this.#trust = createTrust(options, {
      send: (to, message) => this.#send(to, message),
      emit: (output) => this.#emit(output),
      blame: (peer, fault, now) => this.#blame(peer, fault, now),
      membership: (from, message, now) =>
        this.#toMembership({ type: 'received', from, message }, now),
      checked: (event, now) => this.#toPubsub(event, now),
    })
    this.#descriptor = new OwnDescriptor(network, self, options.addresses, {
      sign: (body) => this.#sign('descriptor', body, 'descriptor'),
      verify: (signed) => {
        const token = ownDescriptorToken
        this.#emit({ type: 'verify', token, domain: 'descriptor', signed, publicKey })
      },
      described: (known) => this.#next.push({ type: 'described', self: known }),
    })
    this.#quotas = new LinkQuotas(config.link, config.keys)
  }

  on(event: OverlayEvent, now: Instant): readonly OverlayEffect[] {
    this.#effects = []
    this.#handle(event, now)
    for (let next = this.#next.shift(); next !== undefined; next = this.#next.shift()) {
      if (next.type !== 'gone') this.#toMembership(next, now)
      else {
        this.#toPubsub(next, now)
        this.#trust.authenticator.forget(next.peer, now)
      }
    }
    this.#trust.authenticator.flush()
    this.#armFetches(now)
    return this.#effects
  }

  /** What the node looks like now. */
  snapshot(): OverlayView {
    return overlayViewOf(this.#membership, this.#pubsub.view(), {
      knownKeys: this.#trust.directory.size,
      unverified: this.#trust.authenticator.pending,
      heldMessages: this.#trust.inbox.held,
      links: this.#trust.acquaintances.links,
    })
  }

  #handle(event: OverlayEvent, now: Instant): void {
    switch (event.type) {
      case 'frame':
        this.#frame(event.from, event.bytes, now)
        return
      case 'received':
        if (this.#admits(event.from, event.sizeBytes ?? 0, now)) {
          this.#received(event.from, event.message, now)
        }
        return
      case 'linkUp':
        this.#linkUp(event.peer, event.publicKey, now)
        return
      case 'linkDown':
        this.#linkDown(event.peer)
        this.#toMembership(event, now)
        this.#toPubsub({ type: 'gone', peer: event.peer }, now)
        this.#trust.authenticator.forget(event.peer, now)
        return
      case 'fired':
        this.#fired(event.key, now)
        return
      case 'persisted':
      case 'leave':
        this.#toMembership(event, now)
        return
      case 'join':
        this.#joined = true
        this.#toMembership(event, now)
        return
      case 'addresses':
        this.#descriptor.moved(event.addresses, this.#wall(now))
        // Whoever only listens takes part from now on.
        if (!this.#joined) this.#handle({ type: 'join', contacts: [] }, now)
        return
      case 'signed':
        this.#signed(event.token, event.signature, now)
        return
      case 'checked':
        this.#checked(event, now)
        return
      case 'clock':
        this.#epochAtZero = event.epochAtZero
        this.#toPubsub(event, now)
        return
      case 'roundTrip':
        this.#trust.authenticator.measured(event.peer, event.ms)
        this.#toPubsub(event, now)
        return
      case 'subscribe':
      case 'unsubscribe':
      case 'publish':
      case 'congested':
      case 'drained':
        this.#toPubsub(event, now)
    }
  }

  #frame(from: PeerId, bytes: Uint8Array, now: Instant): void {
    if (!this.#admits(from, bytes.length, now)) return
    const decoded = decodeFrame(bytes)
    if (decoded.ok) this.#received(from, decoded.value, now)
    else this.#blame(from, decoded.fault, now)
  }

  /** The link's bucket, and whether anything of this peer is heard at all. */
  #admits(from: PeerId, bytes: number, now: Instant): boolean {
    if (this.#trust.acquaintances.isBanned(from, now)) return false
    const verdict = this.#quotas.take(from, bytes, now)
    if (verdict === 'blame') this.#blame(from, { code: 'overlay/over-rate' }, now)
    return verdict === 'ok'
  }

  #received(from: PeerId, message: OverlayMessage, now: Instant): void {
    switch (message.type) {
      case 'membership':
        this.#trust.inbox.receive(message.value, from, now)
        return
      case 'pubsub':
        this.#toPubsub({ type: 'received', from, message: message.message }, now)
        return
      case 'wantKeys':
        if (this.#quotas.takeKeys(from, message.peers.length, now)) {
          this.#trust.authenticator.give(message.peers, from)
        }
        return
      case 'keys':
        this.#trust.authenticator.onKeys(message.keys, from, now)
    }
  }

  #linkUp(peer: PeerId, publicKey: Uint8Array | undefined, now: Instant): void {
    this.#trust.acquaintances.linked(peer, true)
    if (this.#trust.acquaintances.isBanned(peer, now)) {
      this.#emit({ type: 'shed', peer, fault: { code: 'overlay/banned' } })
      return
    }
    if (publicKey !== undefined && peerIdOf(publicKey) === peer) {
      this.#trust.authenticator.proven(peer, publicKey.slice(), now)
    }
    this.#toMembership({ type: 'linkUp', peer }, now)
  }

  #linkDown(peer: PeerId): void {
    this.#trust.acquaintances.linked(peer, false)
    this.#quotas.forget(peer)
    this.#trust.inbox.forget(peer)
  }

  #fired(key: string, now: Instant): void {
    if (key === fetchTimer) {
      this.#fetchTimerArmed = false
      this.#trust.authenticator.tick(now)
      return
    }
    const fired: Fired<string> = { type: 'fired', key: key.slice(1) }
    if (key.startsWith(membershipPrefix)) this.#toMembership(fired, now)
    else this.#toPubsub(fired, now)
  }

  #signed(token: number, signature: Uint8Array, now: Instant): void {
    const request = this.#signing.get(token)
    if (request === undefined) return
    this.#signing.delete(token)
    if (request === 'descriptor') this.#descriptor.signed(signature)
    else this.#toPubsub({ type: 'signed', token: request, signature }, now)
  }

  /** Tokens of the authenticator count up, those of the own descriptor down. */
  #checked(event: Extract<OverlayEvent, { type: 'checked' }>, now: Instant): void {
    if (event.token >= 0) {
      this.#trust.authenticator.onChecked(event, now)
      return
    }
    const { value } = event
    const descriptor = value !== undefined && isDescriptor(value) ? value : undefined
    this.#descriptor.checked(descriptor, this.#wall(now))
  }

  #toMembership(event: MembershipEvent | Fired<string>, now: Instant): void {
    for (const effect of this.#membership.on(event, now)) this.#performMembership(effect, now)
  }

  #performMembership(effect: MembershipEffect, now: Instant): void {
    switch (effect.type) {
      case 'send':
        if (this.#trust.acquaintances.isBanned(effect.to, now)) {
          this.#next.push({ type: 'linkDown', peer: effect.to, cause: 'unreachable' })
          return
        }
        this.#send(effect.to, {
          type: 'membership',
          value: encodeMembershipMessage(effect.message),
        })
        return
      case 'emit':
        this.#onMembership(effect.output, now)
        return
      default:
        this.#pass(membershipPrefix, effect)
    }
  }

  #onMembership(output: MembershipOutput, now: Instant): void {
    switch (output.type) {
      case 'neighbourUp':
      case 'neighbourDown':
        this.#emit(output)
        this.#toPubsub({ type: output.type, peer: output.peer }, now)
        return
      case 'learned': {
        const { peer, addresses } = output.known.descriptor
        this.#trust.acquaintances.described(peer, true)
        this.#emit({ type: 'learned', peer, addresses, known: output.known })
        return
      }
      case 'forgot':
        this.#trust.acquaintances.described(output.peer, false)
        this.#emit(output)
        return
      case 'suspected':
      case 'dead':
      case 'alive':
        this.#emit({ type: output.type, peer: output.peer })
        return
      case 'isolated':
        this.#emit(output)
        return
      case 'describe':
        this.#descriptor.describe(output.incarnation, this.#wall(now))
    }
  }

  #toPubsub(event: PubsubEvent | Fired<string>, now: Instant): void {
    for (const effect of this.#pubsub.on(event, now)) {
      switch (effect.type) {
        case 'send':
          if (this.#trust.acquaintances.isBanned(effect.to, now)) break
          this.#send(effect.to, { type: 'pubsub', message: effect.message })
          break
        case 'emit':
          this.#onPubsub(effect.output, now)
          break
        default:
          this.#pass(pubsubPrefix, effect)
      }
    }
  }

  /** The parts' timers share one table, under prefixes. */
  #pass(prefix: string, effect: Exclude<OverlayEffect, { type: 'send' | 'emit' }>): void {
    if (effect.type !== 'arm' && effect.type !== 'disarm') this.#effects.push(effect)
    else this.#effects.push({ ...effect, key: prefix + effect.key })
  }

  #onPubsub(output: PubsubOutput, now: Instant): void {
    switch (output.type) {
      case 'sign':
        this.#sign('batch', output.body, output.token)
        return
      case 'verify':
        this.#trust.claims.verify(output, now)
        return
      case 'source':
        this.#trust.claims.addSource(output, now)
        return
      case 'holds':
        this.#trust.directory.pin(output.author)
        return
      case 'releases':
        this.#trust.directory.unpin(output.author)
        return
      case 'penalised':
        this.#emit(output)
        return
      case 'shed':
        this.#trust.acquaintances.ban(output.peer, now)
        this.#emit(output)
        // Its trees are mended now, and not when the link is down at last.
        this.#next.push({ type: 'gone', peer: output.peer })
        return
      case 'deliver':
      case 'published':
      case 'refused':
      case 'gap':
      case 'equivocation':
        this.#emit(output)
    }
  }

  #sign(domain: SignedDomain, body: Uint8Array, request: number | 'descriptor'): void {
    const token = ++this.#token
    this.#signing.set(token, request)
    this.#emit({ type: 'sign', token, domain, body })
  }

  #blame(peer: PeerId, fault: OverlayFault, now: Instant): void {
    this.#toPubsub({ type: 'misbehaved', peer, fault, points: pointsOf(fault) }, now)
  }

  #armFetches(now: Instant): void {
    if (this.#fetchTimerArmed || !this.#trust.authenticator.isFetching) return
    this.#fetchTimerArmed = true
    this.#effects.push({ type: 'arm', key: fetchTimer, at: after(now, fetchTickMs) })
  }

  #send(to: PeerId, message: OverlayMessage): void {
    this.#effects.push({ type: 'send', to, message })
  }

  #emit(output: OverlayOutput): void {
    this.#effects.push({ type: 'emit', output })
  }

  #wall(now: Instant): EpochMs {
    return wallAt(this.#epochAtZero, now)
  }
}

const membershipPrefix = 'm'
const pubsubPrefix = 'p'
const fetchTimer = 'keys'
const ownDescriptorToken = -1
