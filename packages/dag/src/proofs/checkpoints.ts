import { equalBytes, fail, ok, type Result } from '@kithnet/kernel'
import type { ElraRecord, MetadataValue } from '@kithnet/wire'
import type { CarriedFault } from '../faults.ts'

/** The metadata of a checkpoint: one state of an author's in a chain in which each names the one before as its first parent. */
export function checkpointMetadata(depth: number): readonly (readonly [string, MetadataValue])[] {
  return [
    ['type', checkpointType],
    ['depth', BigInt(depth)],
  ]
}

/** A chain of checkpoints that holds, from its first to its tip. */
export interface CheckpointChain {
  readonly first: ElraRecord
  readonly tip: ElraRecord
  /** Checkpoints in all. */
  readonly length: number
}

/**
 * The chain that ends in a record: each checkpoint is by one author, not before the one that it follows, and one deeper,
 * down to depth 0, which follows none. Signatures are not looked at: `get` gives what a store has verified.
 */
export async function verifyChain(
  tip: ElraRecord,
  get: (id: string) => Promise<ElraRecord | undefined>,
): Promise<Result<CheckpointChain, CarriedFault>> {
  const length = depthOf(tip)
  if (length === undefined) return refuse(tip, 'is no checkpoint')
  if (length >= maxChainLength) return refuse(tip, `is deeper than ${maxChainLength}`)
  let current = tip
  for (let depth = length; depth > 0; depth--) {
    const before = current.parents[0]
    if (before === undefined) return refuse(current, 'follows nothing, and is not the first')
    const previous = await get(before)
    if (previous === undefined) return refuse(current, 'follows a record that is not here')
    if (depthOf(previous) !== depth - 1)
      return refuse(current, 'is not one deeper than the one before')
    if (!equalBytes(previous.creatorKey, current.creatorKey)) {
      return refuse(current, 'is by another author than the one before')
    }
    if (current.timestamp < previous.timestamp)
      return refuse(current, 'is before the one that it follows')
    current = previous
  }
  return ok({ first: current, tip, length: length + 1 })
}

/** Longest chain that is walked. Source: our choice. */
export const maxChainLength = 1_000_000

const checkpointType = 'checkpoint'

function depthOf({ metadata }: ElraRecord): number | undefined {
  const depth = metadata.get('depth')
  if (metadata.get('type') !== checkpointType) return undefined
  if (typeof depth !== 'bigint' || depth < 0n || depth > BigInt(maxChainLength)) return undefined
  return Number(depth)
}

function refuse(record: ElraRecord, why: string): Result<never, CarriedFault> {
  return fail({ code: 'dag/bad-checkpoint', why: `${record.id} ${why}` })
}
