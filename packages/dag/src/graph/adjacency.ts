import { withExactRoom, withRoom } from './columns.ts'

/**
 * Who came before whom, by number. A record's parents have smaller numbers than it, so that the numbers themselves are a
 * topological order. Parents lie side by side; children are a list through the edges.
 */
export class Adjacency {
  /** Per record, the edge past the last one to a parent; they begin where those of the record before end. */
  #endOfParents = new Int32Array(0)
  /** Per record, the edge to its newest child, + 1; or 0. */
  #newestChild = new Int32Array(0)
  #depth = new Int32Array(0)
  /**
   * Per record, the first of its line: a record goes on the line of its first parent that had no child before. So of two
   * records of one line the smaller is an ancestor of the greater.
   */
  #lineOf = new Int32Array(0)
  /** Per edge: who is the parent, who the child, and the edge to the child before it, + 1; or 0. */
  #parentOf = new Int32Array(0)
  #childOf = new Int32Array(0)
  #olderChild = new Int32Array(0)
  #size = 0
  #edges = 0

  get size(): number {
    return this.#size
  }

  /** Pairs of parent and child. */
  get edges(): number {
    return this.#edges
  }

  /** Adds a record after the first `count` of `parents`; one that comes twice counts once. */
  add(parents: Int32Array, count: number): number {
    const node = this.#size++
    if (node === this.#depth.length) this.#growNodes(node + 1)
    if (this.#edges + count > this.#parentOf.length) this.#growEdges(this.#edges + count)
    let depth = 0
    let line = -1
    for (let at = 0; at < count; at++) {
      const parent = parents[at]!
      const newest = this.#newestChild[parent]!
      if (newest !== 0 && this.#childOf[newest - 1] === node) continue
      if (newest === 0 && line < 0) line = this.#lineOf[parent]!
      const edge = this.#edges++
      this.#parentOf[edge] = parent
      this.#childOf[edge] = node
      this.#olderChild[edge] = newest
      this.#newestChild[parent] = edge + 1
      if (this.#depth[parent]! >= depth) depth = this.#depth[parent]! + 1
    }
    this.#depth[node] = depth
    this.#lineOf[node] = line < 0 ? node : line
    this.#endOfParents[node] = this.#edges
    return node
  }

  /** Edges from the longest way down to a root; 0 is a root. */
  depthOf(node: number): number {
    return this.#depth[node]!
  }

  /** Whether both are of one line, where smaller numbers are ancestors. Not being so says nothing. */
  areInLine(a: number, b: number): boolean {
    return this.#lineOf[a] === this.#lineOf[b]
  }

  /** In the record's order. Valid until the next change. */
  parents(node: number): Int32Array {
    return this.#parentOf.subarray(this.startOfParents(node), this.#endOfParents[node])
  }

  /** In the order in which they came. */
  children(node: number): number[] {
    const children: number[] = []
    for (let edge = this.#newestChild[node]!; edge !== 0; edge = this.#olderChild[edge - 1]!) {
      children.push(this.#childOf[edge - 1]!)
    }
    return children.toReversed()
  }

  /** The edges to the parents are those from this one on, */
  startOfParents(node: number): number {
    return node === 0 ? 0 : this.#endOfParents[node - 1]!
  }

  /** up to this one, which is not theirs. */
  endOfParents(node: number): number {
    return this.#endOfParents[node]!
  }

  parentAt(edge: number): number {
    return this.#parentOf[edge]!
  }

  /** The edge to the newest child, + 1; 0 when there is none. */
  newestChild(node: number): number {
    return this.#newestChild[node]!
  }

  childAt(edge: number): number {
    return this.#childOf[edge - 1]!
  }

  olderChild(edge: number): number {
    return this.#olderChild[edge - 1]!
  }

  /** Makes room for so many records in all, and as many edges. */
  reserve(size: number): void {
    this.#endOfParents = withExactRoom(this.#endOfParents, size)
    this.#newestChild = withExactRoom(this.#newestChild, size)
    this.#depth = withExactRoom(this.#depth, size)
    this.#lineOf = withExactRoom(this.#lineOf, size)
    this.#parentOf = withExactRoom(this.#parentOf, size)
    this.#childOf = withExactRoom(this.#childOf, size)
    this.#olderChild = withExactRoom(this.#olderChild, size)
  }

  #growNodes(length: number): void {
    this.#endOfParents = withRoom(this.#endOfParents, length)
    this.#newestChild = withRoom(this.#newestChild, length)
    this.#depth = withRoom(this.#depth, length)
    this.#lineOf = withRoom(this.#lineOf, length)
  }

  #growEdges(length: number): void {
    this.#parentOf = withRoom(this.#parentOf, length)
    this.#childOf = withRoom(this.#childOf, length)
    this.#olderChild = withRoom(this.#olderChild, length)
  }
}
