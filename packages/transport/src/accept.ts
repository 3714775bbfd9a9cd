import { equalBytes, fail, ok, type Result } from '@kithnet/kernel'
import { idToBytes, type NetworkId, type PeerId } from '@kithnet/types'
import type { AcceptFault, RefusalReason } from './faults.ts'
import { acceptBytes, encodeFrame, frameKind, readUint32, writeUint32 } from './frames.ts'
import { maxConfigurableMessageBytes, minInitialCreditBytes } from './limits.ts'

/** Version of the frames. Source: our choice. */
export const linkVersion = 1

/** What one side's `accept` binds the other to. */
export interface AcceptedLimits {
  readonly maxMessageBytes: number
  readonly maxBulkMessageBytes: number
  readonly maxStreams: number
  /** What a fresh stream may send before it is given more. */
  readonly initialCreditBytes: number
}

const reasons: readonly RefusalReason[] = ['network', 'version', 'peer', 'busy', 'malformed']

/** The frame in which a side says who and where it is, and what binds the other. */
export function encodeAccept(self: PeerId, network: NetworkId, limits: AcceptedLimits): Uint8Array {
  const body = new Uint8Array(acceptBytes)
  body[0] = linkVersion
  body.set(idToBytes(network), 1)
  body.set(idToBytes(self), 33)
  let at = writeUint32(body, 65, limits.maxMessageBytes)
  at = writeUint32(body, at, limits.maxBulkMessageBytes)
  at = writeUint32(body, at, limits.maxStreams)
  writeUint32(body, at, limits.initialCreditBytes)
  return encodeFrame(frameKind.accept, 0, body)
}

/** The frame in which a side says why there will be no link. */
export function encodeRefuse(reason: RefusalReason): Uint8Array {
  return encodeFrame(frameKind.refuse, 0, new Uint8Array([reasons.indexOf(reason) + 1]))
}

/** What the other side's first frame says, held against who the record layer proved it to be. */
export function decodeAccept(
  kind: number,
  body: Uint8Array,
  remote: PeerId,
  network: NetworkId,
): Result<AcceptedLimits, AcceptFault> {
  if (kind === frameKind.refuse) {
    const reason = reasons[body[0]! - 1]
    if (reason === undefined) return malformed('reason')
    return fail({ code: 'transport/refused', reason })
  }
  if (kind !== frameKind.accept) return malformed('kind')
  if (body[0] !== linkVersion) return fail({ code: 'transport/wrong-version', got: body[0]! })
  if (!equalBytes(body.subarray(1, 33), idToBytes(network))) {
    return fail({ code: 'transport/wrong-network' })
  }
  // The record layer has proven the key; a different id here means that the two ends disagree on it.
  if (!equalBytes(body.subarray(33, 65), idToBytes(remote))) return malformed('peer')
  const limits: AcceptedLimits = {
    maxMessageBytes: readUint32(body, 65),
    maxBulkMessageBytes: readUint32(body, 69),
    maxStreams: readUint32(body, 73),
    initialCreditBytes: readUint32(body, 77),
  }
  if (!isMessageLimit(limits.maxMessageBytes)) return malformed('maxMessageBytes')
  if (!isMessageLimit(limits.maxBulkMessageBytes)) return malformed('maxBulkMessageBytes')
  if (limits.maxStreams < minStreams || limits.maxStreams > 65_535) return malformed('maxStreams')
  if (
    limits.initialCreditBytes < minInitialCreditBytes ||
    limits.initialCreditBytes > maxConfigurableMessageBytes
  ) {
    return malformed('initialCreditBytes')
  }
  return ok(limits)
}

/** Two for the overlay, and something for services. Source: our choice. */
const minStreams = 4

function isMessageLimit(bytes: number): boolean {
  return bytes >= 1_024 && bytes <= maxConfigurableMessageBytes
}

function malformed(field: string): Result<never, AcceptFault> {
  return fail({ code: 'transport/accept-malformed', field })
}
