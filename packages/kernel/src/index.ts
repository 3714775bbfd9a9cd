/**
 * Mechanism that every Kithnet package may use: bytes, faults, results, clocks, randomness, the contract of a
 * protocol machine, the loop that drives one, keyed deadlines and bounded maps. No dependency, no IO.
 *
 * @packageDocumentation
 */
export type { Brand } from './brand.ts'
export { assert, unreachable } from './assert.ts'
export { BoundedMap } from './bounded-map.ts'
export {
  type Bytes,
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  fromUtf8,
  toHex,
  utf8,
  wipe,
} from './bytes.ts'
export { after, type Clock, type EpochMs, epochMs, type Instant, instant, wallAt } from './clock.ts'
export { Deadlines } from './deadlines.ts'
export { drive, type Io, type Tap } from './drive.ts'
export { ExpiringMap } from './expiring-map.ts'
export { CodedError, type Fault, hasCode } from './fault.ts'
export { IndexedSet } from './indexed-set.ts'
export type {
  Effect,
  Fired,
  LinkDown,
  LinkDownCause,
  LinkUp,
  Machine,
  Persisted,
  Received,
} from './machine.ts'
export { fail, ok, type Result } from './result.ts'
export { pick, type Rng, rngFrom, sample, seededRng, shuffled } from './rng.ts'
export type { Signal } from './signal.ts'
export { TokenBucket } from './token-bucket.ts'
