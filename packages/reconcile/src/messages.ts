import { ok, type Result } from '@kithnet/kernel'
import { badShape, type CborValue, isBytes, isList, isTuple, isUint } from '@kithnet/types'
import { saltBytes } from './codec.ts'
import type { MessageFault } from './faults.ts'
import {
  decodeHybridOpen,
  decodeTurn,
  encodeHybridOpen,
  encodeTurn,
  type HybridOpen,
  type HybridTurn,
  hybridVersion,
} from './hybrid-messages.ts'
import { decodeWalk, encodeWalk, type Walk, walkVersion } from './walk-messages.ts'

/** Most versions that a refusal names. Source: our choice. */
const maxVersions = 8

/** A message of a session. */
export type ReconcileMessage =
  | ({ readonly type: 'open-walk'; readonly salt: Uint8Array } & Walk)
  | ({ readonly type: 'open' } & HybridOpen)
  /** An opening in a form that this side does not speak; its body is not read. */
  | { readonly type: 'unknown'; readonly version: number }
  | ({ readonly type: 'walk' } & Walk)
  | ({ readonly type: 'turn' } & HybridTurn)
  /** The session ends early: at a bound of the sender when `versions` is empty, else for want of a common version. */
  | { readonly type: 'stop'; readonly versions: readonly number[] }

/** The message as a value for canonical CBOR, profile `signed`. */
export function encodeMessage(message: Exclude<ReconcileMessage, { type: 'unknown' }>): CborValue {
  switch (message.type) {
    case 'open-walk':
      return [0, walkVersion, message.salt, ...encodeWalk(message)]
    case 'open':
      return encodeHybridOpen(message)
    case 'walk':
      return [1, ...encodeWalk(message)]
    case 'stop':
      return [2, message.versions]
    case 'turn':
      return encodeTurn(message)
  }
}

/** The message of a decoded value. Nothing in it points into the frame. */
export function decodeMessage(value: CborValue): Result<ReconcileMessage, MessageFault> {
  if (!isList(value, 8)) return badShape('message')
  switch (value[0]) {
    case 0:
      return decodeOpen(value)
    case 1: {
      if (!isTuple(value, 4)) return badShape('walk')
      const walk = decodeWalk(value[1], value[2], value[3])
      return walk.ok ? ok({ type: 'walk', ...walk.value }) : walk
    }
    case 2: {
      const versions = value[1]
      if (!isTuple(value, 2) || !isList(versions, maxVersions)) return badShape('stop')
      if (!versions.every((version) => isUint(version, 0xffff))) return badShape('stop.versions')
      return ok({ type: 'stop', versions })
    }
    case 3: {
      const turn = decodeTurn(value)
      return turn.ok ? ok({ type: 'turn', ...turn.value }) : turn
    }
    default:
      return badShape('message.type')
  }
}

function decodeOpen(value: readonly CborValue[]): Result<ReconcileMessage, MessageFault> {
  const [, version, salt, time, prefix, ranges] = value
  if (!isUint(version, 0xffff)) return badShape('open.version')
  if (version === hybridVersion) {
    const open = decodeHybridOpen(value)
    return open.ok ? ok({ type: 'open', ...open.value }) : open
  }
  if (version !== walkVersion) return ok({ type: 'unknown', version })
  if (!isTuple(value, 6)) return badShape('open')
  if (!isBytes(salt, saltBytes)) return badShape('open.salt')
  const walk = decodeWalk(time, prefix, ranges)
  if (!walk.ok) return walk
  if (walk.value.ranges.length === 0) return badShape('open.ranges')
  return ok({ type: 'open-walk', salt: salt.slice(), ...walk.value })
}
