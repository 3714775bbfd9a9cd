import { after, Deadlines, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { maxAlternatives } from './config.ts'
import type { IdPrefix } from './id-prefix.ts'
import type { Links, LinkState } from './links.ts'
import { RoundTrip } from './round-trip.ts'

interface MissingMessage {
  readonly id: IdPrefix
  /** Who has it, and has not been asked yet. */
  readonly announcers: PeerId[]
  /** Who announced it first, and is charged. */
  readonly owner: PeerId
  /** Found by comparing histories: may be old, and comes late. */
  history: boolean
  readonly announcedAt: Instant
  asked: PeerId | undefined
  askedAt: Instant
  /** Who was asked has given it, and it is not verified yet. */
  isGiven: boolean
}

/** What is due: whom to ask for what, and who did not answer. */
export interface DueWants {
  readonly asks: ReadonlyMap<PeerId, readonly IdPrefix[]>
  readonly unanswered: readonly { readonly peer: PeerId; readonly id: IdPrefix }[]
}

/**
 * Messages that others have and this node has not, by the first bytes of their ids. Each is asked of one announcer at a time; one that does not
 * answer in time is passed over for the next.
 */
export class Missing {
  /** How much later than its announcement a push comes, where it comes later: on a busy host nearly all do. */
  readonly lateness: RoundTrip = new RoundTrip(0)
  readonly #byId = new Map<IdPrefix, MissingMessage>()
  readonly #deadlines = new Deadlines<IdPrefix>()
  readonly #links: Links
  readonly #perLink: number
  readonly #wantsPerLink: number
  readonly #rankOf: (link: LinkState) => number

  constructor(
    links: Links,
    perLink: number,
    wantsPerLink: number,
    rankOf: (link: LinkState) => number,
  ) {
    this.#rankOf = rankOf
    this.#links = links
    this.#perLink = perLink
    this.#wantsPerLink = wantsPerLink
  }

  get size(): number {
    return this.#byId.size
  }

  /** When something is due. */
  get next(): Instant | undefined {
    return this.#deadlines.next
  }

  /** True when the peer was asked for the id because of its history. */
  isLate(id: IdPrefix, from: PeerId): boolean {
    const entry = this.#byId.get(id)
    return entry !== undefined && entry.history && entry.asked === from
  }

  isAsked(id: IdPrefix, from: PeerId): boolean {
    return this.#byId.get(id)?.asked === from
  }

  has(id: IdPrefix): boolean {
    return this.#byId.has(id)
  }

  /** The peer has the message. It is asked for at `at` unless it comes before. False beyond the link's bound. */
  announced(id: IdPrefix, peer: PeerId, history: boolean, at: Instant, now: Instant = at): boolean {
    const entry = this.#byId.get(id)
    if (entry !== undefined) {
      entry.history ||= history
      if (entry.asked === peer || entry.announcers.includes(peer)) return true
      if (entry.announcers.length <= maxAlternatives) entry.announcers.push(peer)
      return true
    }
    const link = this.#links.of(peer)
    if (link.missing >= this.#perLink) return false
    link.missing++
    this.#byId.set(id, {
      id,
      announcers: [peer],
      owner: peer,
      history,
      announcedAt: now,
      asked: undefined,
      askedAt: at,
      isGiven: false,
    })
    this.#deadlines.arm(id, at)
    return true
  }

  /** The peer should have the message: it is asked first when it is sure to, else after those who announced it. */
  preferred(id: IdPrefix, peer: PeerId, isSure: boolean, now: Instant): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) {
      this.announced(id, peer, false, now)
      return
    }
    if (entry.asked === peer || (!isSure && entry.announcers.length > 0)) return
    const index = entry.announcers.indexOf(peer)
    if (index >= 0) entry.announcers.splice(index, 1)
    entry.announcers.unshift(peer)
  }

  /** What was to be waited for is asked for at once. */
  hurryAll(now: Instant): void {
    for (const entry of this.#byId.values()) {
      if (entry.asked === undefined) this.#deadlines.arm(entry.id, now)
    }
  }

  /** Ask the next announcer at once: what was thought to be on its way is not. */
  hurry(id: IdPrefix, now: Instant): boolean {
    const entry = this.#byId.get(id)
    if (entry === undefined) return false
    if (entry.asked === undefined) this.#deadlines.arm(id, now)
    return true
  }

  /** The peer has sent what may be it. True when it was asked. Whether it is verified in time is not its promise. */
  given(id: IdPrefix, peer: PeerId): boolean {
    const entry = this.#byId.get(id)
    if (entry?.asked !== peer) return false
    entry.isGiven = true
    return true
  }

  /** The peer has it no more: the next announcer is asked. */
  gone(id: IdPrefix, peer: PeerId, now: Instant): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    const index = entry.announcers.indexOf(peer)
    if (index >= 0) entry.announcers.splice(index, 1)
    if (entry.asked === peer) this.#settle(entry)
    if (entry.asked !== undefined) return
    if (entry.announcers.length === 0) this.#delete(entry)
    else this.#deadlines.arm(id, now)
  }

  /** It is here. How long the one who was asked took says how long the next may take. */
  found(id: IdPrefix, via: PeerId, now: Instant): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    if (entry.asked === via) this.#links.peek(via)?.roundTrip.sample(now - entry.askedAt)
    else if (!entry.history) this.lateness.sample(now - entry.announcedAt)
    this.#delete(entry)
  }

  /** The peer's link is gone. */
  forget(peer: PeerId, now: Instant): void {
    const affected: IdPrefix[] = []
    for (const entry of this.#byId.values()) {
      if (entry.asked === peer || entry.announcers.includes(peer)) affected.push(entry.id)
    }
    for (const id of affected) this.gone(id, peer, now)
  }

  /** Takes what is due at `now`. */
  due(now: Instant): DueWants {
    const asks = new Map<PeerId, IdPrefix[]>()
    const unanswered: { peer: PeerId; id: IdPrefix }[] = []
    for (
      let id = this.#deadlines.takeDue(now);
      id !== undefined;
      id = this.#deadlines.takeDue(now)
    ) {
      const entry = this.#byId.get(id)
      if (entry === undefined) continue
      if (entry.asked !== undefined) {
        if (!entry.isGiven) unanswered.push({ peer: entry.asked, id })
        this.#settle(entry)
      }
      this.#ask(entry, asks, now)
    }
    return { asks, unanswered }
  }

  #ask(entry: MissingMessage, asks: Map<PeerId, IdPrefix[]>, now: Instant): void {
    const { announcers, id } = entry
    const link = this.#whomToAsk(announcers)
    if (link !== undefined) {
      const { peer } = link
      announcers.splice(announcers.indexOf(peer), 1)
      link.wants++
      entry.asked = peer
      entry.askedAt = now
      entry.isGiven = false
      const list = asks.get(peer)
      if (list === undefined) asks.set(peer, [id])
      else list.push(id)
      // A long list takes a while to serve.
      this.#deadlines.arm(id, after(now, 2 * link.roundTrip.timeoutMs + link.wants))
      return
    }
    if (announcers.length === 0) this.#delete(entry)
    else this.#deadlines.arm(id, after(now, busyMs))
  }

  /** The first announcer that may be asked, unless a later one ranks clearly better. */
  #whomToAsk(announcers: readonly PeerId[]): LinkState | undefined {
    let best: LinkState | undefined
    let bestRank = 0
    for (const peer of announcers) {
      const link = this.#links.peek(peer)
      if (link === undefined || link.wants >= this.#wantsPerLink) continue
      const rank = this.#rankOf(link)
      if (best !== undefined && rank < bestRank + clearlyBetter) continue
      best = link
      bestRank = rank
    }
    return best
  }

  #settle(entry: MissingMessage): void {
    const link = entry.asked === undefined ? undefined : this.#links.peek(entry.asked)
    if (link !== undefined && link.wants > 0) link.wants--
    entry.asked = undefined
  }

  #delete(entry: MissingMessage): void {
    this.#settle(entry)
    this.#byId.delete(entry.id)
    this.#deadlines.disarm(entry.id)
    const owner = this.#links.peek(entry.owner)
    if (owner !== undefined && owner.missing > 0) owner.missing--
  }
}

/** Points of rank. Source: our choice; the distance between two steps of the ladder. */
const clearlyBetter = 25

/** Pause when every announcer has as many requests as it may. Source: our choice; about a round trip. */
const busyMs = 20
