import { after, type Effect, type Instant, type Rng } from '@kithnet/kernel'
import type { ItemSet, ReconcileFault } from '@kithnet/reconcile'
import type { PeerId } from '@kithnet/types'
import type { SyncFault } from '../faults.ts'
import type { Allowances } from './allowances.ts'
import type { SyncItem } from './sync-keys.ts'
import type {
  Announcement,
  SessionMessage,
  SessionRef,
  SyncMessage,
  SyncMessageFault,
} from './sync-messages.ts'
import { type SessionStep, type SyncLimits, type SyncReport, SyncSession } from './sync-session.ts'

/** What the machines of records ask for and tell. */
export type GossipOutput =
  /** Broadcast on the topic of records. */
  | { readonly type: 'publish'; readonly announcement: Announcement }
  /** Verify these and store those that hold; answered by `taken`. The bytes are valid during the call only. */
  | {
      readonly type: 'take'
      readonly token: number
      readonly from: PeerId
      readonly items: readonly SyncItem[]
    }
  /** Read items from the store, in order: as many as `maxBytes` hold and at least one; answered by `loaded`. */
  | {
      readonly type: 'load'
      readonly token: number
      readonly keys: readonly string[]
      readonly maxBytes: number
    }
  /** A comparison with a peer is over. */
  | {
      readonly type: 'synced'
      readonly peer: PeerId
      readonly isOpener: boolean
      readonly report: SyncReport
    }
  /** A peer broke a rule. */
  | {
      readonly type: 'reject'
      readonly from: PeerId
      readonly fault: SyncFault | SyncMessageFault | ReconcileFault
    }

/** What such a machine wants done. */
export type GossipEffect = Effect<PeerId, SyncMessage, string, GossipOutput>

interface Entry {
  readonly key: string
  readonly peer: PeerId
  readonly number: number
  readonly isOpener: boolean
  readonly session: SyncSession
}

/** The comparisons that a node takes part in, one in each direction with a peer at a time. */
export class SyncSessions {
  readonly #set: ItemSet
  readonly #rng: Rng
  readonly #limits: SyncLimits
  readonly #allowances: Allowances
  readonly #nextToken: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #entryByToken = new Map<number, Entry>()
  #number = 0

  constructor(
    set: ItemSet,
    rng: Rng,
    limits: SyncLimits,
    allowances: Allowances,
    nextToken: () => number,
  ) {
    this.#set = set
    this.#rng = rng
    this.#limits = limits
    this.#allowances = allowances
    this.#nextToken = nextToken
  }

  get size(): number {
    return this.#entries.size
  }

  /** True while records are compared with a peer. */
  isBusyWith(peer: PeerId): boolean {
    return this.#entries.has(keyOf(peer, true)) || this.#entries.has(keyOf(peer, false))
  }

  /** True for the key of a timer of these. */
  owns(timer: string): boolean {
    return timer.startsWith(silencePrefix)
  }

  /** Begins a comparison, if this side has none with the peer. */
  open(peer: PeerId, careful: boolean, now: Instant): readonly GossipEffect[] {
    if (this.#entries.has(keyOf(peer, true))) return []
    const entry = this.#add(peer, ++this.#number, true)
    return this.#perform(entry, { sends: [entry.session.open(careful)] }, now)
  }

  /** Takes a message of a comparison. What belongs to none that is known is answered by nothing. */
  take(
    from: PeerId,
    { number, byOpener }: SessionRef,
    message: SessionMessage,
    now: Instant,
  ): readonly GossipEffect[] {
    const key = keyOf(from, !byOpener)
    let entry = this.#entries.get(key)
    const effects: GossipEffect[] = []
    if (message.type === 'open' && byOpener && entry?.number !== number) {
      // Whoever opens again has given up what was before.
      if (entry !== undefined) effects.push(...this.#forget(entry))
      entry = this.#add(from, number, false)
    }
    if (entry === undefined || entry.number !== number) return effects
    effects.push(...this.#perform(entry, entry.session.take(message), now))
    return effects
  }

  /** Answers a `load` of these; `undefined` when the token is of nobody here. */
  loaded(
    token: number,
    items: readonly (SyncItem | undefined)[],
    now: Instant,
  ): readonly GossipEffect[] | undefined {
    const entry = this.#entryByToken.get(token)
    if (entry === undefined) return undefined
    this.#entryByToken.delete(token)
    const bytes = items.reduce((sum, item) => sum + (item?.bytes.length ?? 0), 0)
    const { session, peer } = entry
    const isAllowed = this.#allowances.mayTake(peer, bytes, now)
    return this.#perform(entry, isAllowed ? session.loaded(items) : session.stop(), now)
  }

  /** Answers a `take` of these; `undefined` when the token is of nobody here. */
  taken(token: number, forged: number, now: Instant): readonly GossipEffect[] | undefined {
    const entry = this.#entryByToken.get(token)
    if (entry === undefined) return undefined
    this.#entryByToken.delete(token)
    if (forged === 0) return this.#perform(entry, entry.session.settled(), now)
    return this.#over(entry, entry.session.report, { code: 'dag/sync-forged', items: forged })
  }

  /** The other side of a comparison has been silent for too long. */
  silent(timer: string): readonly GossipEffect[] {
    const entry = this.#entries.get(timer.slice(silencePrefix.length))
    if (entry === undefined) return []
    return this.#over(entry, entry.session.report, undefined)
  }

  /** Ends every comparison with a peer that is gone. */
  drop(peer: PeerId): readonly GossipEffect[] {
    return [keyOf(peer, true), keyOf(peer, false)].flatMap((key) => {
      const entry = this.#entries.get(key)
      return entry === undefined ? [] : this.#over(entry, entry.session.report, undefined)
    })
  }

  #add(peer: PeerId, number: number, isOpener: boolean): Entry {
    const key = keyOf(peer, isOpener)
    const rng = this.#rng.fork(`session ${this.#nextToken()}`)
    const session = new SyncSession(this.#set, rng, isOpener, this.#limits)
    const entry = { key, peer, number, isOpener, session }
    this.#entries.set(key, entry)
    return entry
  }

  #perform(entry: Entry, step: SessionStep, now: Instant): readonly GossipEffect[] {
    const { peer, number, isOpener } = entry
    const session = { number, byOpener: isOpener }
    const effects: GossipEffect[] = step.sends.map((message) => ({
      type: 'send',
      to: peer,
      message: { session, ...message },
    }))
    if (step.take !== undefined) {
      const token = this.#tokenOf(entry)
      const output = { type: 'take', token, from: peer, items: step.take } as const
      effects.push({ type: 'emit', output })
    }
    if (step.load !== undefined) {
      const token = this.#tokenOf(entry)
      effects.push({ type: 'emit', output: { type: 'load', token, ...step.load } })
    }
    if (step.over !== undefined) return [...effects, ...this.#over(entry, step.over, step.fault)]
    effects.push({ type: 'arm', key: silencePrefix + entry.key, at: after(now, silenceMs) })
    return effects
  }

  #over(
    entry: Entry,
    report: SyncReport,
    fault: SyncFault | ReconcileFault | undefined,
  ): readonly GossipEffect[] {
    const { peer, isOpener } = entry
    const effects: GossipEffect[] = [...this.#forget(entry)]
    if (fault !== undefined) {
      effects.push({ type: 'emit', output: { type: 'reject', from: peer, fault } })
    }
    effects.push({ type: 'emit', output: { type: 'synced', peer, isOpener, report } })
    return effects
  }

  #forget(entry: Entry): readonly GossipEffect[] {
    this.#entries.delete(entry.key)
    for (const [token, owner] of this.#entryByToken) {
      if (owner === entry) this.#entryByToken.delete(token)
    }
    return [{ type: 'disarm', key: silencePrefix + entry.key }]
  }

  #tokenOf(entry: Entry): number {
    const token = this.#nextToken()
    this.#entryByToken.set(token, entry)
    return token
  }
}

function keyOf(peer: PeerId, isOpener: boolean): string {
  return `${isOpener ? 'opened' : 'joined'} ${peer}`
}

const silencePrefix = 'silence '
/** Source: our choice: a slow disk may need a second for a chunk, and a slow processor for the 25 signatures of one. */
const silenceMs = 5_000
