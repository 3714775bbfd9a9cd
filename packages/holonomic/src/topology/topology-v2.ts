import { equalBytes } from '@kithnet/kernel'
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
 * The ancestor's second topology: nearest to a source first, without cycles, within the caps. A source is who trusts and
 * is trusted by nobody that reaches it, so fleets that trust each other have none and become a chain. `streamTree` of
 * the root module is the repaired one. Source: CIRIS, holonomic v19, version 2.
 */
export function topologyV2(input: AlmInput): AlmTree {
  const view = viewOf(input)
  const growth = new Growth(view)
  const unrooted = new Set(view.unreached)
  for (const child of view.candidates) if (!growth.serve(child)) unrooted.add(child.peer)
  return treeOf(growth.edges, unrooted, input, 2)
}

class Growth {
  readonly edges: AlmEdge[] = []
  readonly #view: AlmView
  readonly #depthByPeer = new Map<string, number>()
  readonly #childrenByPeer = new Map<string, Set<string>>()
  readonly #takenByPlace = new Map<string, number>()

  constructor(view: AlmView) {
    this.#view = view
    for (const child of view.candidates) {
      const reached = view.candidates.some((parent) => view.score(parent, child) !== undefined)
      if (!reached) this.#depthByPeer.set(child.peer, 0)
    }
  }

  /** Gives the child a parent for each of its paths; false when it got none at all. */
  serve(child: Candidate): boolean {
    const below = this.#descendants(child.peer)
    const edgesByParent = new Map<string, number>()
    for (const path of child.paths) {
      const parent = this.#best(child, path, below, edgesByParent)
      if (parent === undefined) continue
      this.edges.push({ parent: parent.peer, child: child.peer, path })
      edgesByParent.set(parent.peer, (edgesByParent.get(parent.peer) ?? 0) + 1)
      const place = placeOf(parent, path)
      this.#takenByPlace.set(place, this.#taken(place) + 1)
      const children = this.#childrenByPeer.get(parent.peer) ?? new Set()
      this.#childrenByPeer.set(parent.peer, children.add(child.peer))
      const depth = Math.min(this.#depth(child.peer), this.#depth(parent.peer) + 1)
      this.#depthByPeer.set(child.peer, depth)
    }
    return edgesByParent.size > 0
  }

  #best(
    child: Candidate,
    path: Uint8Array,
    below: ReadonlySet<string>,
    edgesByParent: ReadonlyMap<string, number>,
  ): Candidate | undefined {
    let best: Candidate | undefined
    let highest = -1
    let least = Infinity
    for (const parent of this.#view.candidates) {
      const worth = this.#view.score(parent, child)
      if (worth === undefined || below.has(parent.peer) || !this.#hasRoom(parent, child, path)) {
        continue
      }
      const taken = this.#taken(placeOf(parent, path)) + (edgesByParent.get(parent.peer) ?? 0)
      const score = Math.max(0, worth - takenPenalty * taken)
      const depth = this.#depth(parent.peer)
      const better = best === undefined || depth < least || (depth === least && score > highest)
      if (!better) continue
      best = parent
      highest = score
      least = depth
    }
    return best
  }

  #hasRoom(parent: Candidate, child: Candidate, path: Uint8Array): boolean {
    const { advert } = parent
    const children = this.#childrenByPeer.get(parent.peer)
    const isChild = children?.has(child.peer) === true
    if (!isChild && (children?.size ?? 0) >= advert.maxSubscribers) return false
    if (advert.commitments.length === 0) return true
    const commitment = advert.commitments.find((offered) => equalBytes(offered.path, path))
    return (
      commitment !== undefined && this.#taken(placeOf(parent, path)) < commitment.maxSubscribers
    )
  }

  #descendants(peer: string): ReadonlySet<string> {
    const found = new Set<string>()
    const open = [peer]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const child of this.#childrenByPeer.get(next) ?? []) {
        if (found.has(child)) continue
        found.add(child)
        open.push(child)
      }
    }
    return found
  }

  #depth(peer: string): number {
    return this.#depthByPeer.get(peer) ?? Infinity
  }

  #taken(place: string): number {
    return this.#takenByPlace.get(place) ?? 0
  }
}

function placeOf(parent: Candidate, path: Uint8Array): string {
  return `${pathKey(path)} ${parent.peer}`
}
