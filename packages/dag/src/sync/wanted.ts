import { after, BoundedMap, type Instant, pick, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { maxWanted } from './sync-messages.ts'

/** Keys or names to be asked of one peer. */
export interface Ask {
  readonly peer: PeerId
  readonly keys: readonly string[]
}

interface Want {
  /** Whom to ask first. */
  source: PeerId | undefined
  askedAt: Instant | undefined
  tries: number
  dueAt: Instant
}

/**
 * What is known to exist and is not here: parents that a record names, and records too long to be published. Each is
 * asked of whoever is likely to have it, then of neighbours, some times, and then left to the comparison of sets.
 */
export class Wanted {
  readonly #rng: Rng
  readonly #wants = new BoundedMap<string, Want>(maxWants)
  /** Keys that a peer was asked for and has not answered. */
  readonly #openByPeer = new BoundedMap<PeerId, number>(maxAsked)

  constructor(rng: Rng) {
    this.#rng = rng
  }

  get size(): number {
    return this.#wants.size
  }

  /** Wants something that `source` should have, not before `dueAt`. */
  add(key: string, source: PeerId | undefined, dueAt: Instant): void {
    if (this.#wants.has(key)) return
    this.#wants.set(key, { source, askedAt: undefined, tries: 0, dueAt })
  }

  /** It is here. */
  delete(key: string): void {
    this.#wants.delete(key)
  }

  /** A peer answers about so many keys: about how many it was asked. */
  answered(peer: PeerId, keys: number): number {
    const open = this.#openByPeer.get(peer) ?? 0
    if (open <= keys) this.#openByPeer.delete(peer)
    else this.#openByPeer.set(peer, open - keys)
    return open
  }

  /** A peer has it not: somebody else is asked. */
  absent(key: string, now: Instant): void {
    const want = this.#wants.peek(key)
    if (want === undefined) return
    want.source = undefined
    want.askedAt = undefined
    // It may be on its way to them.
    want.dueAt = after(now, pauseMs * want.tries)
  }

  /** Whoever went is not asked again. */
  gone(peer: PeerId, now: Instant): void {
    this.#openByPeer.delete(peer)
    for (const [key, want] of this.#wants) if (want.source === peer) this.absent(key, now)
  }

  /** Whom to ask for what now, and when to look again. */
  due(neighbours: readonly PeerId[], now: Instant): { asks: readonly Ask[]; next?: Instant } {
    const keysByPeer = new Map<PeerId, string[]>()
    let next: Instant | undefined
    for (const [key, want] of [...this.#wants]) {
      const at = want.askedAt === undefined ? want.dueAt : after(want.askedAt, waitMs)
      if (at > now) {
        if (next === undefined || at < next) next = at
        continue
      }
      if (want.tries === maxTries) {
        this.#wants.delete(key)
        continue
      }
      // Nobody answered in time, or it is the first try.
      const peer =
        want.askedAt === undefined ? (want.source ?? this.#any(neighbours)) : this.#any(neighbours)
      const keys = peer === undefined ? undefined : (keysByPeer.get(peer) ?? [])
      if (peer !== undefined && keys !== undefined && keys.length < maxWanted) {
        keys.push(key)
        keysByPeer.set(peer, keys)
        want.tries++
        want.source = peer
        want.askedAt = now
      } else {
        // Nobody is there to be asked, or too much is asked of the one who is.
        want.dueAt = after(now, peer === undefined ? waitMs : pauseMs)
        want.askedAt = undefined
      }
      const again = want.askedAt === undefined ? want.dueAt : after(now, waitMs)
      if (next === undefined || again < next) next = again
    }
    const asks = [...keysByPeer].map(([peer, keys]) => ({ peer, keys }))
    for (const { peer, keys } of asks) {
      this.#openByPeer.set(peer, (this.#openByPeer.peek(peer) ?? 0) + keys.length)
    }
    return next === undefined ? { asks } : { asks, next }
  }

  #any(neighbours: readonly PeerId[]): PeerId | undefined {
    return pick(this.#rng, neighbours)
  }
}

/** Things wanted at a time; the longest known go. Source: our choice. */
const maxWants = 4_096
/** Peers that were asked. Source: our choice; far above a neighbourhood. */
const maxAsked = 256
/** Source: our choice: some 20 s, if all answer that they have it not. */
const maxTries = 12
/** How long an answer may take. Source: our choice, ten round trips of a bad link. */
const waitMs = 3_000
/** Before somebody else is asked, for each time that somebody was. Source: our choice. */
const pauseMs = 250
