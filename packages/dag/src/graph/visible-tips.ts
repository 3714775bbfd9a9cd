import type { RecordGraph } from './record-graph.ts'

/**
 * The newest records that may be named to whoever may see a class: the tips of the graph, or, where a tip is of a higher
 * class, the nearest of its ancestors that are not. Most recent first, at most `most`.
 */
export function visibleTips(graph: RecordGraph, classification: number, most: number): string[] {
  const visible = new Set<string>()
  const seen = new Set<string>()
  let hidden = 0
  // The newest tips last, so that they are the first to be taken off.
  const stack = graph.tips(undefined, maxHidden + maxCandidates)
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    if (isVisible(graph, id, classification)) visible.add(id)
    else if (++hidden <= maxHidden) stack.push(...graph.parents(id))
    if (visible.size >= maxCandidates) break
  }
  return withoutAncestors(graph, [...visible]).slice(0, most)
}

/** Most records that are passed over on the way to what may be named. Source: our choice; some 10 ms. */
const maxHidden = 10_000
/** Most that are gathered. Source: our choice. */
const maxCandidates = 512
/** Of these, as many are left out when another says more; the rest stay, which does no harm. Source: our choice. */
const maxCompared = 64
/** Most ancestors that are looked at for one of them. Source: our choice. */
const maxVisits = 256

function isVisible(graph: RecordGraph, id: string, classification: number): boolean {
  const own = graph.entry(id)?.classification
  return own !== undefined && own <= classification
}

/** A record below another says nothing that the other does not. Tips of the whole graph are below none. */
function withoutAncestors(graph: RecordGraph, ids: readonly string[]): string[] {
  const inner = ids.filter((id) => !graph.isTip(id)).slice(0, maxCompared)
  if (inner.length === 0) return [...ids]
  const covered = new Set(
    inner.filter((id) =>
      ids.some((other) => other !== id && graph.relation(id, other, maxVisits) === 'before'),
    ),
  )
  return ids.filter((id) => !covered.has(id))
}
