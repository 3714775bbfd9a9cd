import type { Adjacency } from './adjacency.ts'
import { withRoom } from './columns.ts'

/** How far a walk may go. */
export interface WalkBounds {
  /** Steps from the start; without end unless said. */
  readonly depth?: number
  /** Records; `defaultWalkRecords` unless said. */
  readonly count?: number
}

/** Numbers that a walk met, nearest first. */
export interface NumberWalk {
  readonly numbers: Int32Array
  /** False when `count` ended it before its end. */
  readonly complete: boolean
}

/**
 * Searches through a graph by number. Every one is bounded in the records that it visits, and leaves aside what cannot
 * lie on the way: a record's ancestors have smaller numbers and smaller depths.
 */
export class GraphWalks {
  readonly #edges: Adjacency
  /** Per record, the walk that marked it last and, in the lowest bits, what it noted. */
  #marks = new Uint32Array(0)
  #walk = 0
  #queue = new Int32Array(64)

  constructor(edges: Adjacency) {
    this.#edges = edges
  }

  ancestors(start: number, bounds: WalkBounds): NumberWalk {
    return this.#breadthFirst(start, bounds, (node, visit) => {
      const end = this.#edges.endOfParents(node)
      for (let edge = this.#edges.startOfParents(node); edge < end; edge++) {
        visit(this.#edges.parentAt(edge))
      }
    })
  }

  /** Of one record its children come newest first. */
  descendants(start: number, bounds: WalkBounds): NumberWalk {
    return this.#breadthFirst(start, bounds, (node, visit) => {
      let edge = this.#edges.newestChild(node)
      for (; edge !== 0; edge = this.#edges.olderChild(edge)) visit(this.#edges.childAt(edge))
    })
  }

  /** Whether `low` is an ancestor of `high`; `undefined` when more than `maxVisits` would have to be visited. */
  leadsTo(low: number, high: number, maxVisits: number): boolean | undefined {
    if (this.#edges.areInLine(low, high)) return true
    return this.#searchUp(low, high, maxVisits)
  }

  /** The numbers from `low` to its descendant `high`, along the fewest edges; `[]` when there is no way. */
  path(low: number, high: number, maxVisits: number): number[] | undefined {
    const cameFrom = new Map<number, number>()
    const found = low === high || this.#searchUp(low, high, maxVisits, cameFrom)
    if (!found) return found === undefined ? undefined : []
    const path = [low]
    for (let node = low; node !== high;) {
      node = cameFrom.get(node)!
      path.push(node)
    }
    return path
  }

  /**
   * The nearest common ancestors, a record counting as its own: those from which no other common one descends. All
   * others are theirs. `undefined` when more than `maxVisits` would have to be visited.
   */
  nearestCommon(a: number, b: number, maxVisits: number): number[] | undefined {
    this.#begin()
    const heap = new NumberHeap()
    // How many in the heap still may lead to an answer.
    let open = 0
    const note = (node: number, flags: number): void => {
      const mark = this.#marks[node]!
      const known = mark >>> flagBits === this.#walk ? mark & allFlags : 0
      if (known === 0) heap.push(node)
      if (known === 0 || (known & covered) !== 0) open += (known | flags) & covered ? 0 : 1
      else if ((flags & covered) !== 0) open--
      this.#marks[node] = (this.#walk << flagBits) | known | flags
    }
    note(a, ofA)
    note(b, ofB)
    const common: number[] = []
    for (let visits = 0; open > 0; visits++) {
      if (visits >= maxVisits) return undefined
      const node = heap.pop()
      const flags = this.#marks[node]! & allFlags
      if ((flags & covered) === 0) open--
      const isCommon = (flags & (ofA | ofB)) === (ofA | ofB)
      if (isCommon && (flags & covered) === 0) common.push(node)
      const handed = isCommon ? allFlags : flags
      const end = this.#edges.endOfParents(node)
      for (let edge = this.#edges.startOfParents(node); edge < end; edge++) {
        note(this.#edges.parentAt(edge), handed)
      }
    }
    return common.toReversed()
  }

  /**
   * Whether `low` is met on the way up from `high`, which is another. `cameFrom` gets where each record was met from, up
   * to `low` itself; without it, meeting a descendant of `low` in its line is enough.
   */
  #searchUp(
    low: number,
    high: number,
    maxVisits: number,
    cameFrom?: Map<number, number>,
  ): boolean | undefined {
    this.#begin()
    const lowestDepth = this.#edges.depthOf(low)
    this.#queue[0] = high
    let count = 1
    for (let at = 0; at < count; at++) {
      if (at >= maxVisits) return undefined
      const node = this.#queue[at]!
      const end = this.#edges.endOfParents(node)
      for (let edge = this.#edges.startOfParents(node); edge < end; edge++) {
        const parent = this.#edges.parentAt(edge)
        const mayLead = parent > low && this.#edges.depthOf(parent) > lowestDepth
        if (parent !== low && (!mayLead || !this.#markNew(parent))) continue
        cameFrom?.set(parent, node)
        if (parent === low) return true
        if (cameFrom === undefined && this.#edges.areInLine(low, parent)) return true
        if (count === this.#queue.length) this.#queue = withRoom(this.#queue, count + 1)
        this.#queue[count++] = parent
      }
    }
    return false
  }

  #breadthFirst(
    start: number,
    { depth = Infinity, count: most = defaultWalkRecords }: WalkBounds,
    eachNext: (node: number, visit: (node: number) => void) => void,
  ): NumberWalk {
    this.#begin()
    this.#markNew(start)
    let count = 0
    let complete = true
    const visit = (node: number): void => {
      if (!this.#markNew(node)) return
      if (count >= most) {
        complete = false
        return
      }
      if (count === this.#queue.length) this.#queue = withRoom(this.#queue, count + 1)
      this.#queue[count++] = node
    }
    if (depth > 0) eachNext(start, visit)
    let at = 0
    for (let steps = 1; steps < depth && at < count && complete; steps++) {
      for (const levelEnd = count; at < levelEnd && complete; at++) {
        eachNext(this.#queue[at]!, visit)
      }
    }
    return { numbers: this.#queue.slice(0, count), complete }
  }

  /** Forgets all marks. */
  #begin(): void {
    if (++this.#walk > maxWalk) {
      this.#marks.fill(0)
      this.#walk = 1
    }
    const { size } = this.#edges
    if (size > this.#marks.length) this.#marks = withRoom(this.#marks, size)
  }

  #markNew(node: number): boolean {
    if (this.#marks[node]! >>> flagBits === this.#walk) return false
    this.#marks[node] = this.#walk << flagBits
    return true
  }
}

/** A heap that gives the greatest number first. */
class NumberHeap {
  readonly #items: number[] = []

  push(item: number): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const above = (at - 1) >> 1
      if (items[above]! >= item) break
      items[at] = items[above]!
      at = above
    }
    items[at] = item
  }

  /** The heap is not empty. */
  pop(): number {
    const items = this.#items
    const top = items[0]!
    const item = items.pop()!
    const count = items.length
    if (count === 0) return top
    let at = 0
    for (;;) {
      let below = at * 2 + 1
      if (below >= count) break
      if (below + 1 < count && items[below + 1]! > items[below]!) below++
      if (items[below]! <= item) break
      items[at] = items[below]!
      at = below
    }
    items[at] = item
    return top
  }
}

/** Records that a walk visits unless told otherwise. Source: our choice; some 20 ms of one core. */
export const defaultWalkRecords = 1_000_000

const flagBits = 3
const ofA = 1
const ofB = 2
/** A descendant is a common ancestor already. */
const covered = 4
const allFlags = ofA | ofB | covered
/** Marks are unsigned words of 32 bits, of which the lowest three are flags. */
const maxWalk = 2 ** (32 - flagBits) - 1
