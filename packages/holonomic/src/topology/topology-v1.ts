import {
  type AlmEdge,
  type AlmInput,
  type AlmTree,
  type AlmView,
  type Candidate,
  pathKey,
  takenPenalty,
  treeOf,
  viewOf,
} from './alm-input.ts'

/**
 * The ancestor's first topology: each child takes the best parent, whoever that hangs from. Fleets that trust each
 * other end in cycles. Source: CIRIS, holonomic v19, version 1.
 */
export function topologyV1(input: AlmInput): AlmTree {
  const view = viewOf(input)
  const edges: AlmEdge[] = []
  const takenByPlace = new Map<string, number>()
  const unrooted = new Set(view.unreached)
  for (const child of view.candidates) {
    let served = false
    for (const path of child.paths) {
      const key = pathKey(path)
      const parent = bestParent(view, child, (peer) => takenByPlace.get(`${key} ${peer}`) ?? 0)
      if (parent === undefined) continue
      const place = `${key} ${parent.peer}`
      takenByPlace.set(place, (takenByPlace.get(place) ?? 0) + 1)
      edges.push({ parent: parent.peer, child: child.peer, path })
      served = true
    }
    if (!served) unrooted.add(child.peer)
  }
  return treeOf(edges, unrooted, input, 1)
}

function bestParent(
  view: AlmView,
  child: Candidate,
  taken: (peer: string) => number,
): Candidate | undefined {
  let best: Candidate | undefined
  let highest = -1
  for (const parent of view.candidates) {
    const worth = view.score(parent, child)
    if (worth === undefined) continue
    const score = Math.max(0, worth - takenPenalty * taken(parent.peer))
    if (score <= highest) continue
    best = parent
    highest = score
  }
  return best
}
