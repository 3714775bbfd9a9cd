import type { CborValue } from '@kithnet/types'
import type { ReconcileFault } from './faults.ts'
import { encodeMessage, type ReconcileMessage } from './messages.ts'
import type { Item } from './order.ts'

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

/** One side of a session in one form. */
export interface Side<Id extends string> {
  take(message: ReconcileMessage): Answer<Id>
}

/** The end of a session; the other side is told when `versions` is given. */
export function ended<Id extends string>(
  fault: ReconcileFault,
  versions?: readonly number[],
): Answer<Id> {
  const reply = versions === undefined ? undefined : encodeMessage({ type: 'stop', versions })
  return { reply, have: [], need: [], done: true, fault }
}

/** The end of a session by a message that has no place in it. */
export function refused<Id extends string>({ type }: ReconcileMessage): Answer<Id> {
  const kind = type === 'unknown' || type === 'open-walk' ? 'open' : type
  return ended({ code: 'reconcile/unexpected', kind })
}
