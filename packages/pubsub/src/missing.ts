import { after, Deadlines, type Instant, instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { IdPrefix } from './id-prefix.ts'
import type { Links, LinkState } from './links.ts'
import { RoundTrip } from './round-trip.ts'

/** One announcer that was asked and has time left. */
interface Ask {
  readonly peer: PeerId
  readonly at: Instant
  readonly dueAt: Instant
  /** It has given what may be it, and that is not verified yet. */
  isGiven: boolean
}

interface MissingMessage {
  readonly id: IdPrefix
  /** Who has it, and has not been asked yet. */
  readonly announcers: PeerId[]
  /** Who announced it first, and is charged. */
  readonly owner: PeerId
  /** Found by comparing histories: may be old, and comes late. */
  history: boolean
  readonly announcedAt: Instant
  /** Whoever was asked and may still answer. */
  asks: Ask[]
  /** When more are asked, should nobody have answered by then. */
  nextAt: Instant
  /** How often announcers were asked. */
  rounds: number
  /** Who was asked and did not answer in time. */
  readonly silent: PeerId[]
  isStarved: boolean
  /** How often peers beyond the neighbours were waited for. */
  rescues: number
}

/** What is due: whom to ask for what, and who did not answer. */
export interface DueWants {
  readonly asks: ReadonlyMap<PeerId, readonly IdPrefix[]>
  readonly unanswered: readonly { readonly peer: PeerId; readonly id: IdPrefix }[]
  /** Something was announced by several neighbours, and none of them gives it. */
  readonly starves: boolean
}

/**
 * Messages that others have and this node has not, by the first bytes of their ids. Each is asked of one announcer; when that
 * one is late, of the next beside it, and then of more at a time, so that silence costs round trips and not their number.
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
    return entry !== undefined && entry.history && askOf(entry, from) !== undefined
  }

  isAsked(id: IdPrefix, from: PeerId): boolean {
    const entry = this.#byId.get(id)
    return entry !== undefined && askOf(entry, from) !== undefined
  }

  has(id: IdPrefix): boolean {
    return this.#byId.has(id)
  }

  /** The peer has the message. It is asked for at `at` unless it comes before. False beyond the link's bound. */
  announced(id: IdPrefix, peer: PeerId, history: boolean, at: Instant, now: Instant = at): boolean {
    const entry = this.#byId.get(id)
    if (entry !== undefined) {
      entry.history ||= history
      if (askOf(entry, peer) !== undefined || entry.announcers.includes(peer)) return true
      if (entry.announcers.length >= maxAnnouncers) return true
      entry.announcers.push(peer)
      // Nobody else had it: whoever turns up late need not wait.
      if (entry.isStarved && entry.asks.length === 0) this.#hurry(entry, now)
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
      asks: [],
      nextAt: at,
      rounds: 0,
      silent: [],
      isStarved: false,
      rescues: 0,
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
    if (askOf(entry, peer) !== undefined || (!isSure && entry.announcers.length > 0)) return
    const index = entry.announcers.indexOf(peer)
    if (index >= 0) entry.announcers.splice(index, 1)
    entry.announcers.unshift(peer)
  }

  /** A peer that is no neighbour may have what no neighbour gives: it is asked at once. */
  rescued(peer: PeerId, now: Instant): void {
    for (const entry of this.#byId.values()) {
      if (!entry.isStarved || askOf(entry, peer) !== undefined) continue
      entry.announcers.unshift(peer)
      this.#hurry(entry, now)
    }
  }

  /** What was to be waited for is asked for at once. */
  hurryAll(now: Instant): void {
    for (const entry of this.#byId.values()) {
      if (entry.asks.length === 0) this.#hurry(entry, now)
    }
  }

  /** Ask the next announcer at once: what was thought to be on its way is not. */
  hurry(id: IdPrefix, now: Instant): boolean {
    const entry = this.#byId.get(id)
    if (entry === undefined) return false
    if (entry.asks.length === 0) this.#hurry(entry, now)
    return true
  }

  /** The peer has sent what may be it. True when it was asked. Whether it is verified in time is not its promise. */
  given(id: IdPrefix, peer: PeerId): boolean {
    const entry = this.#byId.get(id)
    const ask = entry === undefined ? undefined : askOf(entry, peer)
    if (ask === undefined) return false
    ask.isGiven = true
    return true
  }

  /** The peer has it no more: the next announcer is asked. */
  gone(id: IdPrefix, peer: PeerId, now: Instant): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    const index = entry.announcers.indexOf(peer)
    if (index >= 0) entry.announcers.splice(index, 1)
    const ask = askOf(entry, peer)
    if (ask !== undefined) this.#settle(entry, ask)
    if (entry.asks.length > 0) return
    if (entry.announcers.length === 0 && !entry.isStarved) this.#delete(entry)
    else if (entry.announcers.length > 0) this.#hurry(entry, now)
  }

  /**
   * It is here. How long the one who was asked took says how long the next may take. Answers with those who announced
   * it and gave nothing.
   */
  found(id: IdPrefix, via: PeerId, now: Instant): readonly PeerId[] {
    const entry = this.#byId.get(id)
    if (entry === undefined) return nobody
    const ask = askOf(entry, via)
    if (ask !== undefined) this.#links.peek(via)?.roundTrip.sample(now - ask.at)
    else if (!entry.history) this.lateness.sample(now - entry.announcedAt)
    this.#delete(entry)
    return entry.silent
  }

  /** The peer's link is gone. */
  forget(peer: PeerId, now: Instant): void {
    const affected: IdPrefix[] = []
    for (const entry of this.#byId.values()) {
      if (askOf(entry, peer) !== undefined || entry.announcers.includes(peer)) {
        affected.push(entry.id)
      }
    }
    for (const id of affected) this.gone(id, peer, now)
  }

  /** Takes what is due at `now`. A node that is behind does not ask others beside one that may have answered. */
  due(now: Instant, isBehind = false): DueWants {
    const asks = new Map<PeerId, IdPrefix[]>()
    const unanswered: { peer: PeerId; id: IdPrefix }[] = []
    let starves = false
    for (
      let id = this.#deadlines.takeDue(now);
      id !== undefined;
      id = this.#deadlines.takeDue(now)
    ) {
      const entry = this.#byId.get(id)
      if (entry === undefined) continue
      for (const ask of [...entry.asks]) {
        if (ask.dueAt > now) continue
        this.#settle(entry, ask)
        if (ask.isGiven) continue
        unanswered.push({ peer: ask.peer, id })
        entry.silent.push(ask.peer)
      }
      const mayHedge = !isBehind && !entry.asks.some(({ isGiven }) => isGiven)
      if (entry.asks.length === 0 || (entry.nextAt <= now && mayHedge)) {
        this.#askMore(entry, asks, now)
      }
      if (this.#isStarving(entry)) {
        entry.isStarved = true
        starves = true
      } else if (entry.isStarved && entry.asks.length === 0) starves = true
      this.#rearm(entry, isBehind, now)
    }
    return { asks, unanswered, starves }
  }

  #hurry(entry: MissingMessage, now: Instant): void {
    entry.nextAt = now
    this.#deadlines.arm(entry.id, now)
  }

  /** One announcer, then one more, then two and four, as long as nobody answers. */
  #askMore(entry: MissingMessage, asks: Map<PeerId, IdPrefix[]>, now: Instant): void {
    const width = widths[Math.min(entry.rounds, widths.length - 1)]!
    let nextMs: number | undefined
    for (let count = 0; count < width; count++) {
      const link = this.#whomToAsk(entry.announcers)
      if (link === undefined) break
      const { peer, roundTrip } = link
      entry.announcers.splice(entry.announcers.indexOf(peer), 1)
      link.wants++
      // A long list takes a while to serve.
      const waitMs = roundTrip.timeoutMs + link.wants
      nextMs = Math.max(nextMs ?? 0, waitMs)
      entry.asks.push({ peer, at: now, dueAt: after(now, 2 * waitMs), isGiven: false })
      const list = asks.get(peer)
      if (list === undefined) asks.set(peer, [entry.id])
      else list.push(entry.id)
    }
    if (nextMs !== undefined) entry.rounds++
    entry.nextAt = after(now, nextMs ?? busyMs)
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

  /** Several have announced it, and whoever was asked says nothing. Told once for each message. */
  #isStarving({ isStarved, silent }: MissingMessage): boolean {
    if (isStarved) return false
    const neighbours = Math.max(1, this.#links.neighbours.length)
    return silent.length >= Math.min(starvingFrom, neighbours)
  }

  #rearm(entry: MissingMessage, isBehind: boolean, now: Instant): void {
    if (entry.asks.length > 0) {
      const mayHedge = !isBehind && entry.announcers.length > 0 && entry.nextAt > now
      let at = mayHedge ? entry.nextAt : instant(Number.MAX_SAFE_INTEGER)
      for (const { dueAt } of entry.asks) if (dueAt < at) at = dueAt
      this.#deadlines.arm(entry.id, at)
    } else if (entry.announcers.length > 0) this.#deadlines.arm(entry.id, entry.nextAt)
    else if (entry.isStarved && entry.rescues < maxRescues) {
      entry.rescues++
      this.#deadlines.arm(entry.id, after(now, rescueMs))
    } else this.#delete(entry)
  }

  #settle(entry: MissingMessage, ask: Ask): void {
    const link = this.#links.peek(ask.peer)
    if (link !== undefined && link.wants > 0) link.wants--
    entry.asks = entry.asks.filter((other) => other !== ask)
  }

  #delete(entry: MissingMessage): void {
    for (const ask of entry.asks) this.#settle(entry, ask)
    this.#byId.delete(entry.id)
    this.#deadlines.disarm(entry.id)
    const owner = this.#links.peek(entry.owner)
    if (owner !== undefined && owner.missing > 0) owner.missing--
  }
}

function askOf({ asks }: MissingMessage, peer: PeerId): Ask | undefined {
  return asks.find((ask) => ask.peer === peer)
}

const nobody: readonly PeerId[] = []

/** How many announcers of a message are remembered. Source: our choice; a whole active view. */
const maxAnnouncers = 10

/** How many are asked at the first, second, … time. Source: our choice; eight in the time of three answers. */
const widths: readonly number[] = [1, 1, 2, 4]

/** Silent announcers of one message that make a node look beyond its neighbours. Source: our choice; at 5 % loss each way once in a thousand. */
const starvingFrom = 3

/** How long somebody beyond the neighbours is waited for, and how often. Source: our choice; a dial and two round trips. */
const rescueMs = 1_000
const maxRescues = 5

/** Points of rank. Source: our choice; the distance between two steps of the ladder. */
const clearlyBetter = 25

/** Pause when every announcer has as many requests as it may. Source: our choice; about a round trip. */
const busyMs = 20
