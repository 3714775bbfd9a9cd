import type { Instant } from '@kithnet/kernel'
import {
  decodeMembershipMessage,
  descriptorsOf,
  type KnownPeer,
  type MembershipMessage,
  type UncheckedMembershipMessage,
  withVerified,
} from '@kithnet/membership'
import { type CborValue, decodeDescriptor, type PeerId, type Signed } from '@kithnet/types'
import type { Authenticator } from './authenticator.ts'
import type { DescriptorBook, DescriptorFork } from './descriptor-book.ts'
import type { OverlayFault } from './faults.ts'
import { isDescriptor } from './verified-kind.ts'

/** What an inbox needs of its overlay. */
export interface InboxHost {
  deliver(from: PeerId, message: MembershipMessage, now: Instant): void
  blame(peer: PeerId, fault: OverlayFault, now: Instant): void
  /** A peer has signed two descriptors for one life and epoch. */
  forked(peer: PeerId, evidence: DescriptorFork, now: Instant): void
}

/** A message whose descriptors are being checked, in its place in the link's order. */
interface Held {
  readonly from: PeerId
  readonly unchecked: UncheckedMembershipMessage
  readonly known: (KnownPeer | undefined)[]
  open: number
}

/**
 * Messages of membership on their way to the machine: every descriptor in them is verified first. What waits
 * for a check keeps its place before later messages of its link; probes and their answers do not wait, because a
 * late answer looks like a dead peer: what they say of others follows them.
 */
export class MembershipInbox {
  readonly #authenticator: Authenticator
  readonly #descriptors: DescriptorBook
  readonly #host: InboxHost
  readonly #heldPerLink: number
  readonly #heldByLink = new Map<PeerId, Held[]>()

  constructor(
    authenticator: Authenticator,
    descriptors: DescriptorBook,
    heldPerLink: number,
    host: InboxHost,
  ) {
    this.#authenticator = authenticator
    this.#descriptors = descriptors
    this.#heldPerLink = heldPerLink
    this.#host = host
  }

  /** Messages that wait. */
  get held(): number {
    let count = 0
    for (const queue of this.#heldByLink.values()) count += queue.length
    return count
  }

  receive(value: CborValue, from: PeerId, now: Instant): void {
    const decoded = decodeMembershipMessage(value)
    if (!decoded.ok) {
      this.#host.blame(from, decoded.fault, now)
      return
    }
    const unchecked = decoded.value
    if (unchecked.type === 'ping' || unchecked.type === 'ack' || unchecked.type === 'gossip') {
      this.#receiveProbe(unchecked, from, now)
      return
    }
    const waits = this.#heldByLink.has(from) && unchecked.type !== 'pingReply'
    this.#take(unchecked, from, waits, now)
  }

  /** The link to a peer is gone: what waited is nobody's word any more. */
  forget(peer: PeerId): void {
    this.#heldByLink.delete(peer)
  }

  #receiveProbe(
    probe: Extract<UncheckedMembershipMessage, { type: 'ping' | 'ack' | 'gossip' }>,
    from: PeerId,
    now: Instant,
  ): void {
    const ready = probe.updates.filter(
      (update) => update.state !== 'alive' || this.#descriptors.find(update.known) !== undefined,
    )
    const later = probe.updates.filter((update) => !ready.includes(update))
    this.#take({ ...probe, updates: ready }, from, false, now)
    if (later.length > 0) this.#take({ type: 'gossip', updates: later }, from, true, now)
  }

  #take(unchecked: UncheckedMembershipMessage, from: PeerId, waits: boolean, now: Instant): void {
    const descriptors = descriptorsOf(unchecked)
    const known = descriptors.map((signed) => this.#descriptors.find(signed))
    const missing = known.filter((one) => one === undefined).length
    if (missing === 0 && !waits) {
      this.#deliver({ from, unchecked, known, open: 0 }, now)
      return
    }
    const queue = this.#heldByLink.get(from) ?? []
    if (queue.length >= this.#heldPerLink) {
      this.#host.blame(from, { code: 'overlay/too-much-held' }, now)
      return
    }
    const held: Held = { from, unchecked, known, open: missing }
    queue.push(held)
    this.#heldByLink.set(from, queue)
    for (const [index, signed] of descriptors.entries()) {
      if (known[index] === undefined) this.#check(signed, held, index, now)
    }
    this.#advance(from, now)
  }

  #check(signed: Signed, held: Held, index: number, now: Instant): void {
    const { from } = held
    const body = decodeDescriptor(signed.body)
    if (!body.ok) {
      this.#host.blame(from, body.fault, now)
      held.open--
      return
    }
    const { peer, network } = body.value
    if (network !== this.#descriptors.network) {
      this.#host.blame(from, { code: 'overlay/wrong-network', peer }, now)
      held.open--
      return
    }
    // Whoever tells of it may not know yet, and is not to blame.
    if (this.#descriptors.fork(peer) !== undefined) {
      held.open--
      return
    }
    // The check may take a while, and the frame is not ours.
    const own = { body: signed.body.slice(), signature: signed.signature.slice() }
    this.#authenticator.check(
      {
        domain: 'descriptor',
        signed: own,
        subject: peer,
        from,
        settled: (value, cause, at) => {
          held.open--
          if (value !== undefined && isDescriptor(value)) {
            held.known[index] = this.#add({ descriptor: value, signed: own }, at)
          } else if (cause === 'forged') {
            this.#host.blame(from, { code: 'overlay/forged-descriptor', peer }, at)
          }
          this.#advance(from, at)
        },
      },
      now,
    )
  }

  #add(known: KnownPeer, now: Instant): KnownPeer | undefined {
    const { peer } = known.descriptor
    const wasForked = this.#descriptors.fork(peer) !== undefined
    const added = this.#descriptors.add(known)
    const evidence = this.#descriptors.fork(peer)
    if (evidence !== undefined && !wasForked) this.#host.forked(peer, evidence, now)
    return added
  }

  /** Delivers from the front of a link's queue what waits for nothing. */
  #advance(from: PeerId, now: Instant): void {
    const queue = this.#heldByLink.get(from)
    if (queue === undefined) return
    for (let first = queue[0]; first !== undefined && first.open === 0; first = queue[0]) {
      queue.shift()
      this.#deliver(first, now)
    }
    if (queue.length === 0 && this.#heldByLink.get(from) === queue) this.#heldByLink.delete(from)
  }

  #deliver({ from, unchecked, known }: Held, now: Instant): void {
    const message = withVerified(unchecked, known)
    if (message !== undefined) this.#host.deliver(from, message, now)
  }
}
