import type { Fault } from '@kithnet/kernel'
import type { ShapeFault } from '@kithnet/types'

/** A message longer than a session accepts. */
export interface TooLongFault extends Fault {
  readonly code: 'reconcile/too-long'
  readonly maxBytes: number
}

/** A first message in a form that this side does not speak. */
export interface VersionFault extends Fault {
  readonly code: 'reconcile/version'
  /** What was offered, when this side refused; what the other side speaks, when it did. */
  readonly versions: readonly number[]
}

/** A message of a kind that has no place here: a second opening, or anything after the end. */
export interface UnexpectedFault extends Fault {
  readonly code: 'reconcile/unexpected'
  readonly kind: 'open' | 'walk' | 'turn' | 'stop'
}

/** A range outside what the session was opened for. */
export interface OutsideFault extends Fault {
  readonly code: 'reconcile/outside'
}

/** A local bound was met: what was found so far holds, the rest is unknown. Nobody broke a rule. */
export interface BoundFault extends Fault {
  readonly code: 'reconcile/too-many-rounds' | 'reconcile/too-different'
  readonly bound: number
}

/** The other side met one of its bounds and ended the session. Nobody broke a rule. */
export interface StoppedFault extends Fault {
  readonly code: 'reconcile/stopped'
}

/** Why a message is not one. */
export type MessageFault = ShapeFault | TooLongFault

/** Why a session ended without the whole difference. */
export type ReconcileFault =
  MessageFault | VersionFault | UnexpectedFault | OutsideFault | BoundFault | StoppedFault
