import type { Identity } from '@kithnet/identity'
import { type Classification, type MetadataValue } from '@kithnet/wire'
import { visibleTips } from '../graph/visible-tips.ts'
import type { Inserted, Records } from '../records.ts'

/**
 * Makes records after the visible tips of a class until one is left, 200 tips at a time and at most ten records: so that
 * what comes after has few parents.
 */
export async function mergeTips(
  records: Records,
  identity: Identity,
  classification: Classification = 0,
): Promise<readonly Inserted[]> {
  const merges: Inserted[] = []
  for (let count = 0; count < maxMerges; count++) {
    const tips = visibleTips(records.graph, classification, maxMergedTips)
    if (tips.length < 2) break
    const metadata = new Map<string, MetadataValue>([['type', 'merge']])
    const draft = { content: new Uint8Array(0), classification, metadata }
    merges.push(await records.merge(tips, draft, identity))
  }
  return merges
}

/** Tips of one merge. Source: elara-mesh. */
const maxMergedTips = 200
/** Merges of one call. Source: elara-mesh. */
const maxMerges = 10
