import { assert, type Rng } from '@kithnet/kernel'
import type { CborValue } from '@kithnet/types'
import type { ReconcileFault } from './faults.ts'
import type { ItemSet } from './item-set.ts'
import {
  decodeMessage,
  encodeMessage,
  maxMessageBytes,
  type ReconcileMessage,
  saltBytes,
  type Walk,
  walkVersion,
} from './messages.ts'
import { type Bound, firstBound, type Item, lastBound, precedes } from './order.ts'
import { asks, RangeWalk } from './range-walk.ts'

/** Bounds of one session on this side. */
export interface SessionLimits {
  /** Longest message that this side sends, from 1,024 to 32,768 bytes. */
  readonly messageBytes: number
  /** Most messages of the other side that are answered. */
  readonly rounds: number
  /** Once more ids than this have been reported, `have` and `need` together, the session ends. */
  readonly difference: number
}

/**
 * Source: our choice. Among 10^5 ids a walk takes 4 messages of each side for one difference and 25 for 1,000 that
 * are scattered; 16,384 in one run take about 20.
 */
export const defaultSessionLimits: SessionLimits = {
  messageBytes: maxMessageBytes,
  rounds: 64,
  difference: 16_384,
}

/** How a session runs. */
export interface SessionOptions {
  /** Only items at least this old in milliseconds since 1970 take part; 0 when left out. */
  readonly from?: number
  /** Only items before this time take part; all when left out. */
  readonly to?: number
  readonly limits?: Partial<SessionLimits>
}

/** What one message of the other side led to. */
export interface Answer<Id extends string = string> {
  /** To be sent to the other side. */
  readonly reply: CborValue | undefined
  /** Newly found: here and not there. */
  readonly have: readonly Item<Id>[]
  /** Newly found: there and not here. The other side's word, until the content is fetched and verified. */
  readonly need: readonly Item<Id>[]
  /** Nothing more will be answered. Without a `fault` the whole difference has been reported. */
  readonly done: boolean
  /** Why the session ended early. */
  readonly fault: ReconcileFault | undefined
}

/** One side of a comparison of two sets, whatever the form in which it is made. */
export interface Reconciler<Id extends string = string> {
  /** Takes a decoded message of the other side. Never throws, and keeps nothing of `message`. */
  answer(message: CborValue): Answer<Id>
}

/** A session that this side opens, and its first message. */
export interface Opening<Id extends string = string> {
  readonly session: Reconciler<Id>
  readonly message: CborValue
}

/** Opens a comparison of `items` with a peer's. `rng` draws the salt of the fingerprints. */
export function startSession<Id extends string>(
  items: ItemSet<Id>,
  rng: Rng,
  options: SessionOptions = {},
): Opening<Id> {
  const session = new WalkSession(items, options)
  return { session, message: session.open(rng.bytes(saltBytes)) }
}

/**
 * The other side's end: its first `answer` takes the message that a `startSession` made. Give it a window at
 * least as wide as peers ask for; ranges across its edge must be walked although nothing differs.
 */
export function acceptSession<Id extends string>(
  items: ItemSet<Id>,
  options: SessionOptions = {},
): Reconciler<Id> {
  return new WalkSession(items, options)
}

class WalkSession<Id extends string> implements Reconciler<Id> {
  readonly #items: ItemSet<Id>
  readonly #limits: SessionLimits
  readonly #from: Bound
  readonly #to: Bound
  readonly #reported = new Set<Id>()
  #open: { readonly walk: RangeWalk<Id>; readonly start: Bound; readonly end: Bound } | undefined
  #rounds = 0
  #done = false

  constructor(items: ItemSet<Id>, options: SessionOptions) {
    this.#items = items
    this.#limits = { ...defaultSessionLimits, ...options.limits }
    this.#from = { time: options.from ?? firstBound.time, id: '' }
    this.#to = { time: options.to ?? lastBound.time, id: '' }
    assert(precedes(this.#from, this.#to), 'a window is not empty')
    assert(
      this.#limits.messageBytes >= 1_024 && this.#limits.messageBytes <= maxMessageBytes,
      'a message has from 1,024 to 32,768 bytes',
    )
  }

  open(salt: Uint8Array): CborValue {
    const walk = this.#begin(salt, this.#from, this.#to)
    return encodeMessage({ type: 'open', salt, ...walk.open() })
  }

  answer(value: CborValue): Answer<Id> {
    const decoded = decodeMessage(value)
    if (!decoded.ok) return this.#end(decoded.fault)
    const message = decoded.value
    if (this.#done) return this.#unexpected(message)
    switch (message.type) {
      case 'stop':
        if (message.versions.length === 0) return this.#end({ code: 'reconcile/stopped' })
        return this.#end({ code: 'reconcile/version', versions: message.versions })
      case 'unknown':
        if (this.#open !== undefined) return this.#unexpected(message)
        return this.#end({ code: 'reconcile/version', versions: [message.version] }, [walkVersion])
      case 'open': {
        if (this.#open !== undefined) return this.#unexpected(message)
        this.#begin(message.salt, message.start, message.ranges.at(-1)!.upper)
        return this.#step(message)
      }
      case 'walk': {
        if (this.#open === undefined) return this.#unexpected(message)
        const end = message.ranges.at(-1)?.upper
        if (
          end !== undefined &&
          (precedes(message.start, this.#open.start) || precedes(this.#open.end, end))
        ) {
          return this.#end({ code: 'reconcile/outside' })
        }
        return this.#step(message)
      }
    }
  }

  #begin(salt: Uint8Array, start: Bound, end: Bound): RangeWalk<Id> {
    const { messageBytes } = this.#limits
    const walk = new RangeWalk(this.#items, salt, this.#from, this.#to, messageBytes)
    this.#open = { walk, start, end }
    return walk
  }

  #step(message: Walk & { readonly type: 'open' | 'walk' }): Answer<Id> {
    const { rounds, difference } = this.#limits
    if (this.#rounds === rounds) {
      return this.#end({ code: 'reconcile/too-many-rounds', bound: rounds }, [])
    }
    if (this.#reported.size > difference) {
      return this.#end({ code: 'reconcile/too-different', bound: difference }, [])
    }
    this.#rounds++
    const step = this.#open!.walk.step(message)
    const have = step.have.filter((item) => this.#isNew(item))
    const need = step.need.filter((item) => this.#isNew(item))
    this.#done = !step.asks
    // Whoever says something that asks nothing is done, and so is whoever hears it.
    const silent = message.type === 'walk' && !asks(message)
    const reply = silent ? undefined : encodeMessage({ type: 'walk', ...step.walk })
    return { reply, have, need, done: this.#done, fault: undefined }
  }

  /** A peer that repeats itself is not reported twice. */
  #isNew(item: Item<Id>): boolean {
    if (this.#reported.has(item.id)) return false
    this.#reported.add(item.id)
    return true
  }

  #unexpected(message: ReconcileMessage): Answer<Id> {
    const kind = message.type === 'unknown' ? 'open' : message.type
    return this.#end({ code: 'reconcile/unexpected', kind })
  }

  /** Ends the session; tells the other side when `versions` is given. */
  #end(fault: ReconcileFault, versions?: readonly number[]): Answer<Id> {
    this.#done = true
    const reply = versions === undefined ? undefined : encodeMessage({ type: 'stop', versions })
    return { reply, have: [], need: [], done: true, fault }
  }
}
