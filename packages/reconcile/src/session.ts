import { assert, type Rng } from '@kithnet/kernel'
import type { CborValue } from '@kithnet/types'
import { type Answer, ended, refused, type Side } from './answer.ts'
import { maxMessageBytes, saltBytes } from './codec.ts'
import { hybridVersion } from './hybrid-messages.ts'
import { HybridSession } from './hybrid-session.ts'
import type { ItemSet } from './item-set.ts'
import type { Stretch } from './keyed-items.ts'
import { decodeMessage, type ReconcileMessage } from './messages.ts'
import { firstBound, lastBound, precedes } from './order.ts'
import { defaultSessionLimits, type SessionLimits, Tally } from './tally.ts'
import { walkVersion } from './walk-messages.ts'
import { WalkSession } from './walk-session.ts'

/** How a session runs. */
export interface SessionOptions {
  /** Only items at least this old in milliseconds since 1970 take part; 0 when left out. */
  readonly from?: number
  /** Only items before this time take part; all when left out. */
  readonly to?: number
  readonly limits?: Partial<SessionLimits>
}

/** How a session is opened. */
export interface OpeningOptions extends SessionOptions {
  /** The form: 2, or 1 for a peer that refused 2 and named 1. 2 when left out. */
  readonly version?: 1 | 2
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

/** Opens a comparison of `items` with a peer's. `rng` draws this side's half of the session's key. */
export function startSession<Id extends string>(
  items: ItemSet<Id>,
  rng: Rng,
  options: OpeningOptions = {},
): Opening<Id> {
  const { window, tally } = settled<Id>(options)
  const salt = rng.bytes(saltBytes)
  if (options.version === walkVersion) {
    const side = new WalkSession(items, window, tally)
    return { session: new Session(side), message: side.open(salt) }
  }
  const side = new HybridSession(items, window, tally)
  return { session: new Session(side), message: side.open(salt) }
}

/**
 * The other side's end: its first `answer` takes the message that a `startSession` made, in either form. `rng` draws
 * this side's half of the key. Give it a window at least as wide as peers ask for.
 */
export function acceptSession<Id extends string>(
  items: ItemSet<Id>,
  rng: Rng,
  options: SessionOptions = {},
): Reconciler<Id> {
  const { window, tally } = settled<Id>(options)
  return new Session(undefined, (first) => {
    if (first === 'open-walk') return new WalkSession(items, window, tally)
    return new HybridSession(items, window, tally, rng.bytes(saltBytes))
  })
}

/** Either side: finds the form by the first message, and ends once only. */
class Session<Id extends string> implements Reconciler<Id> {
  readonly #begin: ((first: ReconcileMessage['type']) => Side<Id>) | undefined
  #side: Side<Id> | undefined
  #done = false

  constructor(side?: Side<Id>, begin?: (first: ReconcileMessage['type']) => Side<Id>) {
    this.#side = side
    this.#begin = begin
  }

  answer(value: CborValue): Answer<Id> {
    const decoded = decodeMessage(value)
    const answer = decoded.ok ? this.#take(decoded.value) : ended<Id>(decoded.fault)
    if (answer.done) {
      this.#done = true
      // What a session holds is not kept for stray messages.
      this.#side = undefined
    }
    return answer
  }

  #take(message: ReconcileMessage): Answer<Id> {
    if (this.#done) return refused(message)
    if (message.type === 'stop') {
      const { versions } = message
      if (versions.length === 0) return ended({ code: 'reconcile/stopped' })
      return ended({ code: 'reconcile/version', versions })
    }
    if (message.type === 'unknown' && this.#side === undefined) {
      const fault = { code: 'reconcile/version', versions: [message.version] } as const
      return ended(fault, [walkVersion, hybridVersion])
    }
    this.#side ??= this.#begin?.(message.type)
    return this.#side?.take(message) ?? refused(message)
  }
}

function settled<Id extends string>(
  options: SessionOptions,
): { readonly window: Stretch; readonly tally: Tally<Id> } {
  const limits = { ...defaultSessionLimits, ...options.limits }
  const window = {
    lower: { time: options.from ?? firstBound.time, id: '' },
    upper: { time: options.to ?? lastBound.time, id: '' },
  }
  assert(precedes(window.lower, window.upper), 'a window is not empty')
  assert(
    limits.messageBytes >= 1_024 && limits.messageBytes <= maxMessageBytes,
    'a message has from 1,024 to 32,768 bytes',
  )
  return { window, tally: new Tally<Id>(limits) }
}
