import { BoundedMap, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KeyConfig } from './config.ts'

interface Fetch<Claim> {
  readonly subject: PeerId
  /** Links that delivered something of the subject's, first the one that is charged. */
  readonly sources: PeerId[]
  readonly owner: PeerId
  readonly isAuthor: boolean
  readonly claims: Claim[]
  asked: PeerId | undefined
  askedAt: Instant
  hedged: boolean
  /** The link may have been closed from here while the answer was on its way. */
  excused: boolean
}

/** A key that a link owes. */
interface Late {
  readonly from: PeerId
  readonly subject: PeerId
  readonly at: Instant
}

/** What a fetch leads to. */
export interface FetchHost<Claim> {
  ask(from: PeerId, subject: PeerId): void
  withheld(from: PeerId, subject: PeerId, now: Instant): void
  /** Long after, it has still not been given. */
  neverGiven(from: PeerId, subject: PeerId, now: Instant): void
  failed(claims: readonly Claim[], now: Instant): void
}

/** Links remembered beside the first. Source: the trust rules' three alternatives. */
const maxSources = 4
/** Claims that one fetch may serve. Source: our choice: a link's whole budget of unverified work. */
const maxClaims = 256
/** Source: our choice; a busy event loop answers within this. */
const floorMs = 20

/**
 * Keys on their way, one request a subject at a time. Whoever delivered must have the key: after one round trip
 * somebody else who delivered is asked beside it, after two it is blamed and passed over.
 */
export class KeyFetches<Claim> {
  readonly #bySubject = new Map<PeerId, Fetch<Claim>>()
  readonly #roundTripByPeer = new Map<PeerId, number>()
  /** Keys that are late: whoever owes them, and since when, oldest first. */
  readonly #late = new BoundedMap<string, Late>(maxLate)
  readonly #config: KeyConfig
  readonly #host: FetchHost<Claim>

  constructor(config: KeyConfig, host: FetchHost<Claim>) {
    this.#config = config
    this.#host = host
  }

  get size(): number {
    return this.#bySubject.size
  }

  /** Keys that are late and may still come. */
  get late(): number {
    return this.#late.size
  }

  get claims(): number {
    let count = 0
    for (const fetch of this.#bySubject.values()) count += fetch.claims.length
    return count
  }

  /** Adds a claim on a subject's key; false when the link has too many unknown subjects under way. */
  add(subject: PeerId, from: PeerId, claim: Claim, isAuthor: boolean, now: Instant): boolean {
    const known = this.#bySubject.get(subject)
    if (known !== undefined) {
      if (known.claims.length >= maxClaims) return false
      known.claims.push(claim)
      this.addSource(subject, from, now)
      return true
    }
    const { unknownAuthorsPerLink, unknownPeersPerLink } = this.#config
    const bound = isAuthor ? unknownAuthorsPerLink : unknownPeersPerLink
    let count = 0
    for (const fetch of this.#bySubject.values()) {
      if (fetch.owner === from && fetch.isAuthor === isAuthor) count++
    }
    if (count >= bound) return false
    const fetch: Fetch<Claim> = {
      subject,
      sources: [from],
      owner: from,
      isAuthor,
      claims: [claim],
      asked: undefined,
      askedAt: now,
      hedged: false,
      excused: false,
    }
    this.#bySubject.set(subject, fetch)
    this.#ask(fetch, from, now)
    return true
  }

  addSource(subject: PeerId, from: PeerId, now: Instant): void {
    const fetch = this.#bySubject.get(subject)
    if (fetch === undefined || fetch.sources.includes(from)) return
    if (fetch.sources.length >= maxSources) return
    fetch.sources.push(from)
    if (fetch.asked === undefined) this.#ask(fetch, from, now)
    else if (!fetch.hedged && now - fetch.askedAt >= this.#roundTripOf(fetch.asked)) {
      fetch.hedged = true
      this.#host.ask(from, subject)
    }
  }

  /** Ends the fetch of a key that came; the claims that waited for it, or `undefined` when none did. */
  take(subject: PeerId, from: PeerId, now: Instant): readonly Claim[] | undefined {
    this.#late.delete(from + subject)
    const fetch = this.#bySubject.get(subject)
    if (fetch === undefined) return undefined
    this.#bySubject.delete(subject)
    if (fetch.asked === from && !fetch.hedged) this.measured(from, now - fetch.askedAt)
    return fetch.claims
  }

  measured(peer: PeerId, ms: number): void {
    const known = this.#roundTripByPeer.get(peer)
    this.#roundTripByPeer.set(peer, known === undefined ? ms : known + (ms - known) / 8)
  }

  /** The link to a peer is gone. */
  forget(peer: PeerId, now: Instant): void {
    this.#roundTripByPeer.delete(peer)
    for (const [key, late] of this.#late) if (late.from === peer) this.#late.delete(key)
    for (const fetch of [...this.#bySubject.values()]) {
      const index = fetch.sources.indexOf(peer)
      if (index < 0) continue
      fetch.sources.splice(index, 1)
      if (fetch.asked === peer) this.#askNext(fetch, now)
    }
  }

  /** The link to a peer is not needed here any more: what does not come on it now is not its fault. */
  excuse(peer: PeerId): void {
    for (const [key, late] of this.#late) if (late.from === peer) this.#late.delete(key)
    for (const fetch of this.#bySubject.values()) if (fetch.asked === peer) fetch.excused = true
  }

  tick(now: Instant): void {
    for (const [key, { from, subject, at }] of this.#late) {
      if (now - at < neverMs) break
      this.#late.delete(key)
      this.#host.neverGiven(from, subject, now)
    }
    for (const fetch of [...this.#bySubject.values()]) {
      const { asked, subject } = fetch
      if (asked === undefined) continue
      const waited = now - fetch.askedAt
      const roundTripMs = this.#roundTripOf(asked)
      if (waited >= 2 * roundTripMs) {
        if (!fetch.excused) {
          this.#host.withheld(asked, subject, now)
          this.#late.set(asked + subject, { from: asked, subject, at: now })
        }
        fetch.sources.splice(fetch.sources.indexOf(asked), 1)
        this.#askNext(fetch, now)
      } else if (waited >= roundTripMs && !fetch.hedged) {
        fetch.hedged = true
        // A lost frame looks like a withheld key: ask again, and somebody else beside.
        this.#host.ask(asked, subject)
        const other = fetch.sources.find((source) => source !== asked)
        if (other !== undefined) this.#host.ask(other, subject)
      }
    }
  }

  #askNext(fetch: Fetch<Claim>, now: Instant): void {
    const next = fetch.sources[0]
    if (next !== undefined) {
      this.#ask(fetch, next, now)
      return
    }
    this.#bySubject.delete(fetch.subject)
    this.#host.failed(fetch.claims, now)
  }

  #ask(fetch: Fetch<Claim>, from: PeerId, now: Instant): void {
    fetch.asked = from
    fetch.askedAt = now
    fetch.hedged = false
    fetch.excused = false
    this.#host.ask(from, fetch.subject)
  }

  /** How long one round trip may take: a quarter above the measured one. */
  #roundTripOf(peer: PeerId): number {
    const { initialRoundTripMs } = this.#config
    return Math.max(
      floorMs,
      1.25 * (this.#roundTripByPeer.get(peer) ?? initialRoundTripMs) + slackMs,
    )
  }
}

/** After this a key will not come: whoever takes as long to answer is dead to the failure detector. Source: our choice. */
const neverMs = 10_000
/** Source: our choice; a link's eight unknown authors, each two round trips, for ten seconds, many links over. */
const maxLate = 1_024

/** Source: our choice; queues and checks at the other side. */
const slackMs = 5
