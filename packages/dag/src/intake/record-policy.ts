import type { EpochMs } from '@kithnet/kernel'
import type { Verified } from '@kithnet/types'
import type { ElraRecord } from '@kithnet/wire'
import type { RecordRefusedFault } from '../faults.ts'

/** What a store asks of records beyond their signatures. Everybody who syncs should ask the same, or their sets differ. */
export interface RecordPolicy {
  /** How far ahead of this host's clock a record may be, in seconds. What is refused so may come again later. */
  readonly maxFutureSeconds: number
  /** Earliest time that a record may claim, in seconds since 1970. */
  readonly earliest: number
  /** Whether a record may claim a time before one of its parents'. */
  readonly allowBeforeParent: boolean
  /** Whether to take a record whose signatures hold. Left out: all. */
  readonly admit?: (record: Verified<ElraRecord>) => boolean
  /** Whether to keep the word of a witness, named by the hash of its key, on a record. Left out: of everybody. */
  readonly admitWitness?: (witness: string, recordId: string) => boolean
}

/** Source: elara-mesh's future skew; its 30 days of past skew would make old records impossible to carry. */
export const defaultRecordPolicy: RecordPolicy = {
  maxFutureSeconds: 300,
  earliest: 0,
  allowBeforeParent: false,
}

/** For old data, whose times nobody checked when it was written. */
export const tolerantRecordPolicy: RecordPolicy = {
  maxFutureSeconds: Infinity,
  earliest: -Infinity,
  allowBeforeParent: true,
}

/** What is wrong with a record's time. `timeOf` tells a parent's. */
export function timeFault(
  record: ElraRecord,
  policy: RecordPolicy,
  wall: EpochMs,
  timeOf: (parent: string) => number | undefined,
): RecordRefusedFault | undefined {
  const { id, timestamp } = record
  const newest = policy.allowBeforeParent
    ? -Infinity
    : record.parents.reduce(
        (time, parent) => Math.max(time, timeOf(parent) ?? -Infinity),
        -Infinity,
      )
  const isFine =
    Number.isFinite(timestamp) &&
    timestamp >= policy.earliest &&
    timestamp <= wall / 1000 + policy.maxFutureSeconds &&
    timestamp >= newest
  return isFine ? undefined : { code: 'dag/bad-time', id }
}
