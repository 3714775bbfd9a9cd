import { after, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { Dissemination } from './dissemination.ts'
import type { History } from './history.ts'
import type { LinkState } from './links.ts'
import type { State } from './state.ts'

/** A neighbour that was asked for a word. */
interface Probe {
  readonly since: Instant
  tries: number
  dueAt: Instant
}

/**
 * Neighbours that have to show that they pass anything on: parents that were passed over, and all of them when nothing
 * comes any more. An honest one answers a comparison of histories. One that says nothing is no parent any more, and is
 * exchanged when it stays silent; when all are silent, peers beyond them are asked.
 */
export class SilentLinks {
  readonly #state: State
  readonly #history: History
  readonly #dissemination: Dissemination
  readonly #probes = new Map<PeerId, Probe>()
  /** The silence since the last message has been looked into. */
  #lookedInto = false

  constructor(state: State, history: History, dissemination: Dissemination) {
    this.#state = state
    this.#history = history
    this.#dissemination = dissemination
  }

  /** Asks a neighbour for a word. False when it has just said one or has been asked. */
  suspect(peer: PeerId, now: Instant): boolean {
    const link = this.#state.links.peek(peer)
    if (link === undefined || !link.neighbour || link.congested) return false
    if (link.isMute || this.#probes.has(peer) || this.#state.isBehind(now)) return false
    const waitMs = waitMsOf(link)
    if (link.heardAt !== undefined && now - link.heardAt < waitMs) return false
    this.#history.probe(peer, now)
    this.#probes.set(peer, { since: now, tries: 1, dueAt: after(now, waitMs) })
    this.#arm(now)
    return true
  }

  /** Something of broadcast came from the peer. */
  heard(peer: PeerId): void {
    this.#probes.delete(peer)
  }

  forget(peer: PeerId): void {
    this.#probes.delete(peer)
  }

  tick(now: Instant): void {
    this.#lookIntoSilence(now)
    for (const [peer, probe] of [...this.#probes]) {
      if (probe.dueAt <= now) this.#unanswered(peer, probe, now)
    }
    this.#arm(now)
  }

  #arm(now: Instant): void {
    const { effects, silentAt } = this.#state
    let next = this.#lookedInto && silentAt !== undefined && silentAt <= now ? undefined : silentAt
    for (const { dueAt } of this.#probes.values()) {
      if (next === undefined || dueAt < next) next = dueAt
    }
    if (next !== undefined) effects.armBy('silence', next > now ? next : after(now, 1))
  }

  #lookIntoSilence(now: Instant): void {
    const { silentAt, links } = this.#state
    const isSilent = silentAt !== undefined && silentAt <= now
    if (isSilent && !this.#lookedInto) {
      // Those that spoke last first: something was to be expected of them.
      const byLastWord = links.neighbours.toSorted(
        (one, other) => (other.heardAt ?? 0) - (one.heardAt ?? 0),
      )
      let asked = 0
      for (const { peer } of byLastWord) {
        if (asked < askedInSilence && this.suspect(peer, now)) asked++
      }
    }
    this.#lookedInto = isSilent
  }

  #unanswered(peer: PeerId, probe: Probe, now: Instant): void {
    const { links, effects } = this.#state
    const link = links.peek(peer)
    if (link === undefined || !link.neighbour || link.congested || this.#state.isBehind(now)) {
      this.#probes.delete(peer)
      return
    }
    if (now - probe.since >= exchangedAfterMs) {
      this.#probes.delete(peer)
      effects.emit({ type: 'idle', peer })
      return
    }
    if (probe.tries++ > 1 && !link.isMute) {
      link.isMute = true
      this.#dissemination.bypass(peer, now)
      if (this.#lookedInto) for (const other of links.neighbours) this.suspect(other.peer, now)
      if (links.neighbours.every(({ isMute }) => isMute)) this.#state.starve(now)
    }
    this.#history.probe(peer, now)
    probe.dueAt = after(now, waitMsOf(link))
  }
}

/** How long a word may take. */
function waitMsOf({ roundTrip }: LinkState): number {
  return Math.max(leastWaitMs, 2 * roundTrip.timeoutMs)
}

/** Neighbours asked when nothing comes; the others once one of these says nothing. Source: our choice; silence is common where traffic is rare. */
const askedInSilence = 3
/** Source: our choice; a pause of a busy host is shorter. */
const leastWaitMs = 200
/** Source: our choice; longer than hosts stall, shorter than the six seconds in which all is to be delivered. */
const exchangedAfterMs = 3_000
