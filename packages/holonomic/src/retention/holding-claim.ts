import { type Bytes, type Result, utf8 } from '@kithnet/kernel'
import type { MalformedFault } from '../faults.ts'
import { FixedWidthReader, FixedWidthWriter } from '../fixed-width.ts'

/** Which symbols of a content a peer says it holds. Source: CIRIS, holonomic v19, section 19.3. */
export interface HoldingClaim {
  readonly peerId: string
  readonly contentId: string
  /** Signed in ascending order, doubles kept. */
  readonly symbolIds: readonly number[]
  readonly observedAtMs: bigint
}

/** A peer asks others to take a range of its symbols before it lets them go. Source: as `HoldingClaim`. */
export interface CompressRequest {
  readonly peerId: string
  readonly contentId: string
  readonly evictingLow: number
  /** The ancestor's programs disagree whether it is evicted too; the vectors say it is not. */
  readonly evictingHigh: number
  readonly deadlineMs: bigint
}

/** Both formats have this version. Source: CIRIS, holonomic v19. */
export const holdingVersion = 1
const holdingDomain = utf8('ciris-edge/holding-claim/v1')
const compressDomain = utf8('ciris-edge/compress-request/v1')

/** The bytes that both halves of a holding claim's signature cover. */
export function holdingPreimage(claim: HoldingClaim): Bytes {
  const writer = new FixedWidthWriter()
    .bytes(holdingDomain)
    .text64(claim.peerId)
    .text64(claim.contentId)
    .u64(BigInt(claim.symbolIds.length))
  for (const id of claim.symbolIds.toSorted((a, b) => a - b)) writer.u32(id)
  return writer.i64(claim.observedAtMs).u32(holdingVersion).finish()
}

/** The claim of a preimage. */
export function readHoldingClaim(preimage: Uint8Array): Result<HoldingClaim, MalformedFault> {
  const reader = new FixedWidthReader(preimage)
  reader.domain(holdingDomain)
  const peerId = reader.text64()
  const contentId = reader.text64()
  const length = reader.count(4, Number(reader.u64()))
  const symbolIds = Array.from({ length }, () => reader.u32())
  reader.ordered(symbolIds, (a, b) => a - b, false)
  const observedAtMs = reader.i64()
  if (reader.u32() !== holdingVersion) reader.refuse('version')
  return reader.finish({ peerId, contentId, symbolIds, observedAtMs })
}

/** The bytes that both halves of a compress request's signature cover. */
export function compressPreimage(request: CompressRequest): Bytes {
  return new FixedWidthWriter()
    .bytes(compressDomain)
    .text64(request.peerId)
    .text64(request.contentId)
    .u32(request.evictingLow)
    .u32(request.evictingHigh)
    .i64(request.deadlineMs)
    .u32(holdingVersion)
    .finish()
}

/** The request of a preimage. */
export function readCompressRequest(preimage: Uint8Array): Result<CompressRequest, MalformedFault> {
  const reader = new FixedWidthReader(preimage)
  reader.domain(compressDomain)
  const peerId = reader.text64()
  const contentId = reader.text64()
  const evictingLow = reader.u32()
  const evictingHigh = reader.u32()
  const deadlineMs = reader.i64()
  if (reader.u32() !== holdingVersion) reader.refuse('version')
  return reader.finish({ peerId, contentId, evictingLow, evictingHigh, deadlineMs })
}
