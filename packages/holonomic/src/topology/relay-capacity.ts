import type { Bytes } from '@kithnet/kernel'
import { FixedWidthWriter, paddedDomain } from '../fixed-width.ts'

/** What a relay offers, as the ancestor's adverts have it. Source: CIRIS, section 19.6, CAPv2. */
export interface RelayCapacity {
  readonly advertiserKeyId: string
  /** 32 bytes. */
  readonly streamId: Uint8Array
  readonly epoch: bigint
  /** Single precision. */
  readonly uplinkMbps: number
  readonly maxStreams: number
  readonly maxSubscribers: number
  readonly measuredAtMs: bigint
  /** Spatial, temporal and quality layer, a byte each. */
  readonly maxLayer: readonly [number, number, number]
  readonly commitments: readonly {
    readonly path: Uint8Array
    readonly uplinkMbps: number
    readonly maxSubscribers: number
  }[]
}

const domain = paddedDomain('CIRISALM-CAPv2')

/** What release 4 signs: everything but who says it. */
export function wideCapacityPreimage(capacity: RelayCapacity): Bytes {
  const writer = new FixedWidthWriter()
    .bytes(domain)
    .bytes(capacity.streamId)
    .u64(capacity.epoch)
    .f32(capacity.uplinkMbps)
    .u16(capacity.maxStreams)
    .u16(capacity.maxSubscribers)
    .u64(capacity.measuredAtMs)
  for (const layer of capacity.maxLayer) writer.u8(layer)
  writer.u32(capacity.commitments.length)
  for (const { path, uplinkMbps, maxSubscribers } of capacity.commitments) {
    writer.u16(path.length).bytes(path).f32(uplinkMbps).u16(maxSubscribers)
  }
  return writer.finish()
}

/**
 * What release 18 signs under the same domain: who, how much, when; nothing of the caps that its topology relies on.
 * `encodeCapacity` of the root module signs every field.
 */
export function narrowCapacityPreimage(capacity: RelayCapacity): Bytes {
  return new FixedWidthWriter()
    .bytes(domain)
    .text32(capacity.advertiserKeyId)
    .u32(wholeMbps(capacity.uplinkMbps))
    .u64(capacity.epoch)
    .finish()
}

/** Halves away from zero; what is no number is nothing, and too much is the most. */
function wholeMbps(mbps: number): number {
  const single = Math.fround(mbps)
  return single > 0 ? Math.min(Math.round(single), 0xffff_ffff) : 0
}
