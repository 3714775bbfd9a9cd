import type { ContentConflict } from './graph-answers.ts'
import type { RecordGraph } from './record-graph.ts'

/** Where a record of a conflict stands to the others. */
export interface Claim {
  readonly id: string
  /**
   * `prior`: an ancestor of all others, so that nobody can have made it later. `subsequent`: a descendant of one of
   * them. `concurrent`: neither is shown; `unknown`: the search met its bound.
   */
  readonly standing: 'prior' | 'subsequent' | 'concurrent' | 'unknown'
  /** What it claims, in seconds: a statement, no order. */
  readonly timestamp: number
}

/**
 * What the graph shows about who was first with a content: only causality counts, never clocks. Nothing is resolved.
 * Of a conflict of many only the first `maxClaims` are compared.
 */
export function claimsOf(graph: RecordGraph, conflict: ContentConflict): readonly Claim[] {
  const ids = conflict.ids.slice(0, maxClaims)
  return ids.map((id) => {
    const relations = ids
      .filter((other) => other !== id)
      .map((other) => graph.relation(id, other, maxClaimVisits))
    const standing = relations.includes('after')
      ? 'subsequent'
      : relations.every((relation) => relation === 'before')
        ? 'prior'
        : relations.includes(undefined)
          ? 'unknown'
          : 'concurrent'
    return { id, standing, timestamp: graph.entry(id)!.timestamp }
  })
}

/** Source: our choice. Each pair costs a search. */
export const maxClaims = 16
/** Records that one comparison visits. Source: our choice; some 0.2 ms. */
const maxClaimVisits = 10_000
