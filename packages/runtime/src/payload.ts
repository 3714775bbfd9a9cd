import { CodedError, type Result } from '@kithnet/kernel'
import { type CborFault, type CborValue, decodeCbor, encodeCbor } from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'

/** A value that a topic carries: text, bytes, numbers, booleans, null, lists and plain objects of these. */
export type Payload = CborValue

/** Source: the overlay's own bound on payloads. */
const payloadLimits = { maxBytes: 1_048_576, maxDepth: 32, maxItems: 262_144 }

/** Canonical bytes of a value. @throws CodedError `runtime/bad-payload`. */
export function encodePayload(value: Payload): Uint8Array {
  try {
    return encodeCbor(value, 'payload')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CodedError<RuntimeFault>(
      { code: 'runtime/bad-payload', why },
      `This value cannot be published: ${why}.`,
      { cause: error },
    )
  }
}

/** The value of bytes that a peer published. Byte strings are copies of their own. */
export function decodePayload(bytes: Uint8Array): Result<Payload, CborFault> {
  return decodeCbor(bytes, 'payload', payloadLimits)
}
