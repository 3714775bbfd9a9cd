/**
 * Finds the difference between two sets of ids by exchanging fingerprints of ranges. Bytes grow with the
 * difference, not with the sets: equal sets cost one small message each way. Pure: no IO, no clock, and
 * nothing that a peer sends makes it throw.
 *
 * @packageDocumentation
 */
export type { Answer } from './answer.ts'
export type {
  BoundFault,
  MessageFault,
  OutsideFault,
  ReconcileFault,
  StoppedFault,
  TooLongFault,
  UnexpectedFault,
  VersionFault,
} from './faults.ts'
export { ItemSet, type RangeSum, type Run } from './item-set.ts'
export { maxMessageBytes } from './codec.ts'
export type { Bound, Item } from './order.ts'
export {
  acceptSession,
  type Opening,
  type OpeningOptions,
  type Reconciler,
  type SessionOptions,
  startSession,
} from './session.ts'
export type { Sum } from './sum.ts'
export { defaultSessionLimits, type SessionLimits } from './tally.ts'
