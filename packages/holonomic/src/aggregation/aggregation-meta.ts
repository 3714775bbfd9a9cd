import { type Bytes, type Fault, fail, ok, type Result } from '@kithnet/kernel'
import type { MalformedFault } from '../faults.ts'
import { FixedWidthReader, FixedWidthWriter, paddedDomain } from '../fixed-width.ts'

/** What an aggregate says of what it was made from. Source: CIRIS, holonomic v19, section 19.7.1. */
export interface AggregationMeta {
  readonly contentId: string
  readonly corpusKind: string
  readonly tier: number
  readonly algorithmId: string
  readonly sourceCount: number
  /** 32 bytes, of `memberCommitment`. */
  readonly memberCommitment: Uint8Array
  readonly noiseFloor: string
  /** What versions add. */
  readonly added: AddedInV1 | AddedInV2 | AddedInV3
}

/** Version 1 adds nothing. */
export interface AddedInV1 {
  readonly version: 1
}

/** Version 2 says how many equal members would weigh as these do. */
export interface AddedInV2 {
  readonly version: 2
  readonly effectiveCount: number
}

/** Version 3 says how often the same source may stand in it, and commits to the masses. */
export interface AddedInV3 {
  readonly version: 3
  readonly effectiveCount: number
  readonly maxMultiplicity: number
  /** 32 bytes, of `massCommitment`. */
  readonly massCommitment: Uint8Array
}

/** An aggregate that one source outweighs, or that says too little. */
export interface AggregationFault extends Fault {
  readonly code: 'holonomic/not-admitted'
  readonly why: 'version' | 'dominated' | 'multiplied'
}

const domain = paddedDomain('AGG-META-v1')
/** Each source must be at least this many times in the whole. Source: CIRIS, holonomic v19, the default of `n_min`. */
const leastSources = 2

/** The bytes that both halves of the signature cover. */
export function aggregationPreimage(meta: AggregationMeta): Bytes {
  const { added } = meta
  const writer = new FixedWidthWriter()
    .bytes(domain)
    .u32(added.version)
    .text32(meta.contentId)
    .text32(meta.corpusKind)
    .u32(meta.tier)
    .text32(meta.algorithmId)
    .u32(meta.sourceCount)
    .bytes(meta.memberCommitment)
    .text32(meta.noiseFloor)
  if (added.version !== 1) writer.u32(added.effectiveCount)
  if (added.version === 3) writer.u32(added.maxMultiplicity).bytes(added.massCommitment)
  return writer.finish()
}

/** The meta of a preimage, of any of the three versions. */
export function readAggregationMeta(preimage: Uint8Array): Result<AggregationMeta, MalformedFault> {
  const reader = new FixedWidthReader(preimage)
  reader.domain(domain)
  const version = reader.u32()
  const meta = {
    contentId: reader.text32(),
    corpusKind: reader.text32(),
    tier: reader.u32(),
    algorithmId: reader.text32(),
    sourceCount: reader.u32(),
    memberCommitment: reader.bytes(32),
    noiseFloor: reader.text32(),
  }
  return reader.finish({ ...meta, added: readAdded(reader, version) })
}

/**
 * Whether a store takes an aggregate: version 3 only, half as many effective members as sources, and no source so often
 * in it that fewer than `least` distinct ones remain. Source: CIRIS, holonomic v19, section 19.7.1.
 */
export function admitAggregation(
  meta: AggregationMeta,
  least: number = leastSources,
): Result<true, AggregationFault> {
  const { added, sourceCount } = meta
  if (added.version !== 3) return refuse('version')
  if (sourceCount > 0 && 2 * added.effectiveCount < sourceCount) return refuse('dominated')
  if (BigInt(added.maxMultiplicity) * BigInt(Math.max(1, least)) > BigInt(sourceCount)) {
    return refuse('multiplied')
  }
  return ok(true)
}

function readAdded(reader: FixedWidthReader, version: number): AggregationMeta['added'] {
  if (version === 1) return { version }
  if (version === 2) return { version, effectiveCount: reader.u32() }
  if (version !== 3) reader.refuse('version')
  return {
    version: 3,
    effectiveCount: reader.u32(),
    maxMultiplicity: reader.u32(),
    massCommitment: reader.bytes(32),
  }
}

function refuse(why: AggregationFault['why']): Result<never, AggregationFault> {
  return fail({ code: 'holonomic/not-admitted', why })
}
