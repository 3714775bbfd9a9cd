import type { Instant } from '@kithnet/kernel'
import {
  type Batch,
  type Descriptor,
  type PeerId,
  peerIdOf,
  type Signed,
  type Verified,
} from '@kithnet/types'
import { type KeyConfig, maxKeysListed } from './config.ts'
import type { OverlayEvent, OverlayOutput, SignedDomain } from './events.ts'
import type { KeyFault } from './faults.ts'
import type { KeyDirectory } from './key-directory.ts'
import { KeyFetches } from './key-fetches.ts'
import type { OverlayMessage } from './messages.ts'

/** Why a signature could not be confirmed. */
export type Unconfirmed = 'forged' | 'no-key'

/** A signature to check. */
export interface Claim {
  readonly domain: SignedDomain
  readonly signed: Signed
  /** Whose signature it must be. */
  readonly subject: PeerId
  /** Who delivered it, so must have the key. */
  readonly from: PeerId
  readonly settled: (
    value: Verified<Batch> | Verified<Descriptor> | undefined,
    cause: Unconfirmed,
    now: Instant,
  ) => void
}

/**
 * Checks under way above which no batch is taken on: those that were given up for their age still wait for a core.
 * Source: our choice; 30 ms of native checks, a third of a second in JavaScript.
 */
const maxChecking = 256
/** How often fetches are looked at. Source: our choice; a round trip is rarely shorter. */
const fetchTickMs = 10
/** The same while nothing but late keys is waited for. Source: our choice. */
const lateTickMs = 1_000

/** What an authenticator needs of its overlay. */
export interface AuthenticatorHost {
  send(to: PeerId, message: OverlayMessage): void
  emit(output: OverlayOutput): void
  blame(peer: PeerId, fault: KeyFault, now: Instant): void
}

/**
 * Has signatures checked: finds the subject's key, fetching it from the link that delivered when it is unknown,
 * asks the driver to verify, and enters a key once it has verified something.
 */
export class Authenticator {
  readonly #directory: KeyDirectory
  readonly #fetches: KeyFetches<Claim>
  readonly #host: AuthenticatorHost
  readonly #checking = new Map<number, { readonly claim: Claim; readonly key: Uint8Array }>()
  /** Keys to ask for when the event is done, so that one frame names them all. */
  readonly #asks = new Map<PeerId, PeerId[]>()
  #token = 0

  constructor(directory: KeyDirectory, config: KeyConfig, host: AuthenticatorHost) {
    this.#directory = directory
    this.#host = host
    this.#fetches = new KeyFetches(config, {
      ask: (from, subject) => this.#askFor(from, subject),
      withheld: (from, subject, now) =>
        host.blame(from, { code: 'overlay/key-withheld', peer: subject }, now),
      neverGiven: (from, subject, now) =>
        host.blame(from, { code: 'overlay/key-never-given', peer: subject }, now),
      failed: (claims, now) => {
        for (const claim of claims) claim.settled(undefined, 'no-key', now)
      },
    })
  }

  /** Claims that wait for a key or a check. */
  get pending(): number {
    return this.#checking.size + this.#fetches.claims
  }

  /** How soon `tick` is to be called: often while a key is fetched, rarely while one is late. */
  get tickMs(): number | undefined {
    if (this.#fetches.size > 0) return fetchTickMs
    return this.#fetches.late > 0 ? lateTickMs : undefined
  }

  check(claim: Claim, now: Instant): void {
    if (claim.domain === 'batch' && this.#checking.size >= maxChecking) {
      // Checks take so long here that this one would come too late. That is nobody's fault.
      claim.settled(undefined, 'no-key', now)
      return
    }
    const key = this.#directory.get(claim.subject)
    if (key !== undefined) {
      this.#verify(claim, key)
      return
    }
    const isAuthor = claim.domain === 'batch'
    if (this.#fetches.add(claim.subject, claim.from, claim, isAuthor, now)) return
    this.#host.blame(claim.from, { code: 'overlay/too-many-unknown', peer: claim.subject }, now)
    claim.settled(undefined, 'no-key', now)
  }

  /** Another link delivered something of the subject's: it can be asked for the key, too. */
  addSource(subject: PeerId, from: PeerId, now: Instant): void {
    this.#fetches.addSource(subject, from, now)
  }

  /** Gives whoever asks the keys that are here. */
  give(peers: readonly PeerId[], to: PeerId): void {
    const keys: Uint8Array[] = []
    for (const peer of peers) {
      const key = this.#directory.get(peer)
      if (key !== undefined) keys.push(key)
    }
    if (keys.length > 0) this.#host.send(to, { type: 'keys', keys })
  }

  onKeys(keys: readonly Uint8Array[], from: PeerId, now: Instant): void {
    // Unasked keys cost nothing: only as long as some are missing are they looked at.
    if (this.#fetches.size + this.#fetches.late === 0) return
    for (const key of keys) {
      const subject = peerIdOf(key)
      const claims = this.#fetches.take(subject, from, now)
      if (claims === undefined) continue
      const own = key.slice()
      for (const claim of claims) this.#verify(claim, own)
    }
  }

  onChecked({ token, value }: Extract<OverlayEvent, { type: 'checked' }>, now: Instant): void {
    const checking = this.#checking.get(token)
    if (checking === undefined) return
    this.#checking.delete(token)
    const { claim, key } = checking
    if (value !== undefined) this.#directory.add(claim.subject, key)
    claim.settled(value, 'forged', now)
  }

  /** A session has proven the key. */
  proven(subject: PeerId, key: Uint8Array, now: Instant): void {
    this.#directory.add(subject, key)
    const claims = this.#fetches.take(subject, subject, now)
    for (const claim of claims ?? []) this.#verify(claim, key)
  }

  measured(peer: PeerId, ms: number): void {
    this.#fetches.measured(peer, ms)
  }

  forget(peer: PeerId, now: Instant): void {
    this.#fetches.forget(peer, now)
  }

  /** This node needs the link to the peer no more. */
  excuse(peer: PeerId): void {
    this.#fetches.excuse(peer)
  }

  tick(now: Instant): void {
    this.#fetches.tick(now)
  }

  /** Sends what was asked for during this event. */
  flush(): void {
    if (this.#asks.size === 0) return
    for (const [from, peers] of this.#asks) {
      for (let at = 0; at < peers.length; at += maxKeysListed) {
        this.#host.send(from, { type: 'wantKeys', peers: peers.slice(at, at + maxKeysListed) })
      }
    }
    this.#asks.clear()
  }

  #askFor(from: PeerId, subject: PeerId): void {
    const list = this.#asks.get(from)
    if (list === undefined) this.#asks.set(from, [subject])
    else list.push(subject)
  }

  #verify(claim: Claim, key: Uint8Array): void {
    const token = ++this.#token
    this.#checking.set(token, { claim, key })
    const { domain, signed } = claim
    this.#host.emit({ type: 'verify', token, domain, signed, publicKey: key })
  }
}
