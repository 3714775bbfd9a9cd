import {
  type EpochMs,
  type Fault,
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
import { Pubsub, type PubsubEvent, type PubsubOutput, type StreamNumbers } from '@kithnet/pubsub'
import { type PeerId, peerIdOf, type TopicId } from '@kithnet/types'
import { type Admission, admissionOfFrame, admissionOfMessage } from './admission.ts'
import { EffectList, type OverlayEffect, type PassedEffect } from './effect-list.ts'
import type { OverlayEvent, OverlayOutput } from './events.ts'
import { type OverlayFault, priceOf } from './faults.ts'
import { decodeFrame } from './frame.ts'
import { LinkQuotas } from './link-quotas.ts'
import type { OverlayMessage } from './messages.ts'
import type { OverlayOptions } from './options.ts'
import { OwnDescriptor } from './own-descriptor.ts'
import { SignRequests } from './sign-requests.ts'
import { createTrust, serve, type Trust } from './trust.ts'
import { type OverlayView, overlayViewOf } from './view.ts'

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
  readonly #effects = new EffectList()
  readonly #signing = new SignRequests((output) => this.#effects.emit(output))
  #epochAtZero: EpochMs
  #joined = false
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
      send: (to, message) => this.#effects.send(to, message),
      emit: (output) => this.#effects.emit(output),
      blame: (peer, fault, now) => this.#blame(peer, fault, now),
      forked: (peer, evidence, now) => {
        this.#effects.emit({ type: 'descriptorFork', peer, evidence })
        const fault: OverlayFault = { code: 'overlay/descriptor-fork', peer }
        this.#shed(peer, fault, now)
      },
      membership: (from, message, now) =>
        this.#toMembership({ type: 'received', from, message }, now),
      checked: (event, now) => this.#toPubsub(event, now),
    })
    this.#descriptor = new OwnDescriptor(network, self, options.addresses, {
      sign: (body) => this.#signing.ask('descriptor', body, 'descriptor'),
      verify: (signed) => {
        const token = ownDescriptorToken
        this.#effects.emit({ type: 'verify', token, domain: 'descriptor', signed, publicKey })
      },
      described: (known) => this.#next.push({ type: 'described', self: known }),
    })
    this.#quotas = new LinkQuotas(config.lanes, config.keys)
  }

  on(event: OverlayEvent, now: Instant): readonly OverlayEffect[] {
    this.#handle(event, now)
    for (let next = this.#next.shift(); next !== undefined; next = this.#next.shift()) {
      if (next.type !== 'gone') this.#toMembership(next, now)
      else {
        this.#toPubsub(next, now)
        this.#trust.authenticator.forget(next.peer, now)
      }
    }
    this.#trust.authenticator.flush()
    this.#effects.armFetches(this.#trust.authenticator.tickMs, now)
    return this.#effects.take()
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

  /** Numbers of a topic that have not come and still may. */
  missing(topic: TopicId): readonly StreamNumbers[] {
    return this.#pubsub.missing(topic)
  }

  /** The public key of a peer, when it is known. */
  keyOf(peer: PeerId): Uint8Array | undefined {
    return this.#trust.directory.get(peer)
  }

  #handle(event: OverlayEvent, now: Instant): void {
    switch (event.type) {
      case 'frame':
        this.#frame(event.from, event.bytes, now)
        return
      case 'received':
        if (
          this.#admits(event.from, admissionOfMessage(event.message), event.sizeBytes ?? 0, now)
        ) {
          this.#received(event.from, event.message, now)
        }
        return
      case 'linkUp':
        this.#linkUp(event, now)
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
    if (!this.#admits(from, admissionOfFrame(bytes), bytes.length, now)) return
    const decoded = decodeFrame(bytes)
    if (decoded.ok) this.#received(from, decoded.value, now)
    else this.#blame(from, decoded.fault, now)
  }

  /** The bucket of the link's lane, and whether anything of this peer is heard at all. */
  #admits(from: PeerId, admission: Admission, bytes: number, now: Instant): boolean {
    const { lane, isProofOfLife } = admission
    if (!this.#trust.acquaintances.hears(from, isProofOfLife, now)) return false
    const verdict = this.#quotas.take(from, lane, bytes, now)
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

  #linkUp(event: Extract<OverlayEvent, { type: 'linkUp' }>, now: Instant): void {
    const { peer, publicKey, dialled } = event
    this.#trust.acquaintances.linked(peer, true)
    if (this.#trust.acquaintances.isBanned(peer, now)) {
      this.#effects.emit({ type: 'shed', peer, fault: { code: 'overlay/banned' } })
      return
    }
    if (publicKey !== undefined && peerIdOf(publicKey) === peer) {
      this.#trust.authenticator.proven(peer, publicKey.slice(), now)
    }
    const where = dialled === undefined ? {} : { dialled }
    this.#toMembership({ type: 'linkUp', peer, ...where }, now)
  }

  #linkDown(peer: PeerId): void {
    this.#trust.acquaintances.linked(peer, false)
    this.#quotas.forget(peer)
    this.#trust.inbox.forget(peer)
  }

  #fired(key: string, now: Instant): void {
    const { part, fired } = this.#effects.fired(key)
    if (part === 'keys') this.#trust.authenticator.tick(now)
    else if (part === 'membership') this.#toMembership(fired, now)
    else this.#toPubsub(fired, now)
  }

  #signed(token: number, signature: Uint8Array, now: Instant): void {
    const request = this.#signing.take(token)
    if (request === undefined) return
    if (request === 'descriptor') this.#descriptor.signed(signature)
    else this.#toPubsub({ type: 'signed', token: request, signature }, now)
  }

  /** Tokens of the authenticator count up, those of the own descriptor down. */
  #checked(event: Extract<OverlayEvent, { type: 'checked' }>, now: Instant): void {
    if (event.token >= 0) this.#trust.authenticator.onChecked(event, now)
    else this.#descriptor.checked(event.value, this.#wall(now))
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
        this.#effects.send(effect.to, {
          type: 'membership',
          value: encodeMembershipMessage(effect.message),
        })
        return
      case 'emit':
        this.#onMembership(effect.output, now)
        return
      default:
        this.#pass('membership', effect)
    }
  }

  #onMembership(output: MembershipOutput, now: Instant): void {
    switch (output.type) {
      case 'neighbourUp':
        this.#effects.emit(output)
        this.#toPubsub(output, now)
        return
      case 'neighbourDown': {
        this.#effects.emit(output)
        const { peer, cause } = output
        const isExchanged = cause === 'evicted' || cause === 'replaced'
        const lives = isExchanged && !this.#trust.acquaintances.isBanned(peer, now)
        this.#toPubsub({ type: 'neighbourDown', peer, lives }, now)
        return
      }
      case 'learned': {
        const { peer, addresses } = output.known.descriptor
        this.#trust.acquaintances.described(peer, true)
        this.#effects.emit({ type: 'learned', peer, addresses, known: output.known })
        return
      }
      case 'forgot':
        this.#trust.acquaintances.described(output.peer, false)
        this.#effects.emit(output)
        return
      case 'suspected':
      case 'dead':
      case 'alive':
        this.#effects.emit({ type: output.type, peer: output.peer })
        return
      case 'rescuer':
        if (!this.#trust.acquaintances.isBanned(output.peer, now)) this.#toPubsub(output, now)
        return
      case 'isolated':
      case 'healed':
        this.#effects.emit(output)
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
          this.#effects.send(effect.to, { type: 'pubsub', message: effect.message })
          break
        case 'emit':
          this.#onPubsub(effect.output, now)
          break
        default:
          this.#pass('pubsub', effect)
      }
    }
  }

  #pass(part: 'membership' | 'pubsub', effect: PassedEffect): void {
    if (effect.type === 'release') this.#trust.authenticator.excuse(effect.peer)
    this.#effects.pass(part, effect)
  }

  #onPubsub(output: PubsubOutput, now: Instant): void {
    switch (output.type) {
      case 'sign':
        this.#signing.ask('batch', output.body, output.token)
        return
      case 'verify':
      case 'source':
      case 'holds':
      case 'releases':
        serve(this.#trust, output, now)
        return
      case 'idle':
      case 'useful':
      case 'starved':
        this.#next.push(output)
        return
      case 'standing':
        this.#trust.acquaintances.graylist(output.peer, output.standing === 'graylisted')
        this.#effects.emit(output)
        return
      case 'shed':
        this.#shed(output.peer, output.fault, now)
        return
      case 'penalised':
      case 'deliver':
      case 'published':
      case 'refused':
      case 'gap':
      case 'own':
      case 'repaired':
      case 'lost':
      case 'equivocation':
        this.#effects.emit(output)
    }
  }

  /** Not talked to for a while; nor does membership choose it, or its place would stay empty. */
  #shed(peer: PeerId, fault: Fault, now: Instant): void {
    const until = this.#trust.acquaintances.ban(peer, now)
    this.#next.push({ type: 'barred', peer, until })
    this.#effects.emit({ type: 'shed', peer, fault })
    // Its trees are mended now, and not when the link is down at last.
    this.#next.push({ type: 'gone', peer })
  }

  #blame(peer: PeerId, fault: OverlayFault, now: Instant): void {
    this.#toPubsub({ type: 'misbehaved', peer, fault, price: priceOf(fault) }, now)
  }

  #wall(now: Instant): EpochMs {
    return wallAt(this.#epochAtZero, now)
  }
}

const ownDescriptorToken = -1
