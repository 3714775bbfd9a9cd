import { assert, type Bytes, equalBytes } from '@kithnet/kernel'
import { hashBytes } from './hash.ts'

/** What a tree is made with. No leaf may be taken for a node: prefixes or labels tell them apart. */
export interface TreeHashes {
  /** The hash of an entry, 32 bytes. */
  leaf(entry: Uint8Array): Uint8Array
  /** The hash over two hashes, 32 bytes. */
  node(left: Uint8Array, right: Uint8Array): Bytes
  /** The root of no entries. */
  empty(): Bytes
}

/**
 * A Merkle tree over a list that grows at its end. No leaf is doubled, so that a root and a size stand for one list. Entries
 * are hashed at once and not kept; 64 bytes an entry, up to twice that while it grows. Source: RFC 9162 section 2.1.
 */
export class HashTree {
  readonly #hashes: TreeHashes
  /** Of level l, one after the other, the roots of the complete subtrees of 2^l entries, and room for more. */
  readonly #levels: Bytes[] = []
  /** The roots of the incomplete subtrees at the end of the whole list, by where they begin. */
  readonly #edge = new Map<number, Bytes>()
  #size = 0

  constructor(hashes: TreeHashes, entries: readonly Uint8Array[] = []) {
    this.#hashes = hashes
    for (let room = entries.length; room > 0; room >>>= 1) {
      this.#levels.push(new Uint8Array(room * hashBytes))
    }
    for (const entry of entries) this.append(entry)
  }

  /** Entries. */
  get size(): number {
    return this.#size
  }

  append(entry: Uint8Array): void {
    this.#edge.clear()
    let node = this.#hashes.leaf(entry)
    let place = this.#size++
    for (let level = 0; ; level++) {
      const nodes = this.#withRoom(level, place)
      nodes.set(node, place * hashBytes)
      if (place % 2 === 0) return
      node = this.#hashes.node(nodes.subarray((place - 1) * hashBytes, place * hashBytes), node)
      place >>>= 1
    }
  }

  /** The root of the whole list, or of its first `size` entries. */
  root(size: number = this.#size): Bytes {
    assert(size >= 0 && size <= this.#size, 'a root is of entries that are there')
    return size === 0 ? this.#hashes.empty() : this.#span(0, size)
  }

  /** The hashes that lead from one of the first `size` entries to their root: at most one a level, the lowest first. */
  inclusionProof(index: number, size: number = this.#size): readonly Bytes[] {
    assert(index >= 0 && index < size && size <= this.#size, 'a proof is of an entry that is there')
    const path: Bytes[] = []
    let from = 0
    let to = size
    while (to - from > 1) {
      const split = from + leftOf(to - from)
      if (index < split) {
        path.push(this.#span(split, to))
        to = split
      } else {
        path.push(this.#span(from, split))
        from = split
      }
    }
    return path.toReversed()
  }

  /** The hashes that show that the first `oldSize` entries are still the first of `size`. Empty from nothing, and to itself. */
  consistencyProof(oldSize: number, size: number = this.#size): readonly Bytes[] {
    assert(oldSize >= 0 && oldSize <= size && size <= this.#size, 'both sizes are of this tree')
    if (oldSize === 0) return []
    const path: Bytes[] = []
    let from = 0
    let to = size
    while (to !== oldSize) {
      const split = from + leftOf(to - from)
      if (oldSize <= split) {
        path.push(this.#span(split, to))
        to = split
      } else {
        path.push(this.#span(from, split))
        from = split
      }
    }
    // The old root itself is known.
    if (from > 0) path.push(this.#span(from, to))
    return path.toReversed()
  }

  /** The root of the entries from `from`, a multiple of the power of two that is not below their number, to `to`. */
  #span(from: number, to: number): Bytes {
    const size = to - from
    const level = 31 - Math.clz32(size)
    if (size === 2 ** level) {
      const offset = (from / size) * hashBytes
      return this.#levels[level]!.slice(offset, offset + hashBytes)
    }
    const known = to === this.#size ? this.#edge.get(from) : undefined
    if (known !== undefined) return known.slice()
    const split = from + leftOf(size)
    const root = this.#hashes.node(this.#span(from, split), this.#span(split, to))
    if (to === this.#size) this.#edge.set(from, root.slice())
    return root
  }

  #withRoom(level: number, place: number): Bytes {
    const nodes = this.#levels[level]
    if (nodes !== undefined && (place + 1) * hashBytes <= nodes.length) return nodes
    const roomier = new Uint8Array(Math.max(1, place * 2) * hashBytes)
    if (nodes !== undefined) roomier.set(nodes)
    this.#levels[level] = roomier
    return roomier
  }
}

/** One entry's place under a root. */
export interface InclusionClaim {
  readonly entry: Uint8Array
  readonly index: number
  readonly size: number
  readonly root: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** True when the entry stands at this place of the list with this root. Source: RFC 9162 section 2.1.3.2. */
export function isIncluded(hashes: TreeHashes, claim: InclusionClaim): boolean {
  const { index, size, root, path } = claim
  if (!isSize(size) || !isSize(index) || index >= size) return false
  let node = hashes.leaf(claim.entry)
  const isWhole = climb(index, size - 1, path, (sibling, isLeft) => {
    node = isLeft ? hashes.node(sibling, node) : hashes.node(node, sibling)
  })
  return isWhole && equalBytes(node, root)
}

/** Two roots of what is said to be one growing list. */
export interface ConsistencyClaim {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly size: number
  readonly root: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** True when the list of the old root is the beginning of the list of the new one. Source: RFC 9162 section 2.1.4.2. */
export function isContinued(hashes: TreeHashes, claim: ConsistencyClaim): boolean {
  const { oldSize, oldRoot, size, root, path } = claim
  if (!isSize(oldSize) || !isSize(size) || oldSize > size) return false
  if (oldSize === size) return path.length === 0 && equalBytes(oldRoot, root)
  if (oldSize === 0) return path.length === 0 && equalBytes(oldRoot, hashes.empty())
  let at = oldSize - 1
  let last = size - 1
  while (at % 2 === 1) {
    at = half(at)
    last = half(last)
  }
  // A whole tree of a power of two is its own first hash, and is not sent.
  const [first, ...siblings] = at === 0 ? [oldRoot, ...path] : path
  if (first?.length !== hashBytes) return false
  let before = first
  let now = first
  const isWhole = climb(at, last, siblings, (sibling, isLeft) => {
    if (isLeft) before = hashes.node(sibling, before)
    now = isLeft ? hashes.node(sibling, now) : hashes.node(now, sibling)
  })
  return isWhole && equalBytes(before, oldRoot) && equalBytes(now, root)
}

/**
 * From the node at this place among nodes up to `last` to the root: takes a step with each sibling of the path, and says
 * whether the path has one for each level that has one, and no more.
 */
function climb(
  index: number,
  last: number,
  path: readonly Uint8Array[],
  step: (sibling: Uint8Array, isLeft: boolean) => void,
): boolean {
  let at = index
  let used = 0
  for (let end = last; end > 0; end = half(end)) {
    const isLeft = at % 2 === 1
    // The last of an odd number has no sibling, and moves up.
    if (isLeft || at < end) {
      const sibling = path[used++]
      if (sibling?.length !== hashBytes) return false
      step(sibling, isLeft)
    }
    at = half(at)
  }
  return used === path.length
}

/** The largest power of two below `size`. */
function leftOf(size: number): number {
  return 2 ** (31 - Math.clz32(size - 1))
}

function half(number: number): number {
  return Math.floor(number / 2)
}

function isSize(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0
}
