import { assert, type Bytes, type Fault, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  type CborLimits,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hash,
  isTuple,
} from '@kithnet/types'
import type { BodyFault } from './faults.ts'

/** How a kind of statement is told from others: its name in faults, its version, how many fields follow, its bounds. */
export interface StatementShape {
  readonly name: string
  readonly version: number
  readonly fields: number
  readonly limits: CborLimits
}

/**
 * The bytes of a statement that are signed: its version, then its fields. What `read` would refuse is a mistake of the
 * caller: nobody signs what nobody reads.
 */
export function writeStatement(
  shape: StatementShape,
  fields: readonly CborValue[],
  read: (body: Uint8Array) => Result<unknown>,
): Bytes {
  const body = encodeCbor([shape.version, ...fields])
  const back = read(body)
  const why = back.ok ? '' : reasonOf(back.fault)
  assert(back.ok, `a ${shape.name} can be read again: ${why}`)
  return body
}

/** The fields of a statement of this shape and version. Byte strings are copies: they may be kept. */
export function readStatement(
  shape: StatementShape,
  body: Uint8Array,
): Result<readonly CborValue[], BodyFault> {
  const decoded = decodeCbor(Uint8Array.from(body), 'signed', shape.limits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, shape.fields + 1)) return badShape(shape.name)
  const [version, ...fields] = decoded.value
  return version === shape.version ? ok(fields) : badShape(`${shape.name}.version`)
}

/** What a body is called: its hash, as text. */
export function statementId(body: Uint8Array): string {
  return toHex(hash('statement', body))
}

/** The field that is wrong, where the fault names one. */
function reasonOf(fault: Fault): string {
  return 'field' in fault && typeof fault.field === 'string' ? fault.field : fault.code
}
