import type { Classification, ElraRecord, Metadata } from '@kithnet/wire'

/** What somebody with a clearance sees of a record. */
export interface ProjectedRecord {
  readonly id: string
  readonly timestamp: number
  readonly classification: Classification
  readonly contentHash: Uint8Array
  readonly creatorKey: Uint8Array
  readonly metadata: Metadata
  /** The parents that this clearance may know of, in the record's order. */
  readonly parents: readonly string[]
  /** How many it may not. */
  readonly hiddenParents: number
  /** The whole record, with its signature, when nothing of it is hidden: a part of one cannot be verified. */
  readonly record: ElraRecord | undefined
}

/**
 * A record as it may be shown to somebody with a clearance, or `undefined` when that one may not know of it. A higher
 * clearance sees everything that a lower one sees. Parents whose class is not known are hidden.
 */
export function project(
  record: ElraRecord,
  clearance: Classification,
  classOf: (id: string) => Classification | undefined,
): ProjectedRecord | undefined {
  if (record.classification > clearance) return undefined
  const parents = record.parents.filter((id) => {
    const classification = classOf(id)
    return classification !== undefined && classification <= clearance
  })
  const hiddenParents = record.parents.length - parents.length
  const { id, timestamp, classification, contentHash, creatorKey, metadata } = record
  return {
    id,
    timestamp,
    classification,
    contentHash,
    creatorKey,
    metadata,
    parents,
    hiddenParents,
    record: hiddenParents === 0 ? record : undefined,
  }
}
