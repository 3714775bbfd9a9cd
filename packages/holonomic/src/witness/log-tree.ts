import { assert, type Bytes, compareBytes, equalBytes } from '@kithnet/kernel'
import { hash, hashBytes } from '@kithnet/types'

/**
 * A Merkle tree that grows at its end. Leaves and nodes are hashed under labels of their own and nothing is doubled, so a
 * root and a size stand for one list. 64 bytes a leaf. Source: RFC 9162 section 2.1, with labelled BLAKE3.
 */
export class LogTree {
  /** `#levels[l][i]` is the root of the leaves from i * 2^l, 2^l of them, where all are there. */
  readonly #levels: Bytes[][] = [[]]

  /** A tree of these leaves, in their order. */
  constructor(leaves: Iterable<Uint8Array> = []) {
    for (const leaf of leaves) this.append(leaf)
  }

  get size(): number {
    return this.#levels[0]!.length
  }

  append(leaf: Uint8Array): void {
    let node = leafHash(leaf)
    for (let level = 0; ; level++) {
      const nodes = (this.#levels[level] ??= [])
      nodes.push(node)
      if (nodes.length % 2 === 1) return
      node = nodeHash(nodes.at(-2)!, node)
    }
  }

  /** The root of the first `size` leaves. */
  root(size: number = this.size): Bytes {
    assert(size >= 0 && size <= this.size, 'the tree has the leaves that are asked for')
    return size === 0 ? emptyRoot() : this.#span(0, size)
  }

  /** What shows that a leaf is at `index` of the first `size`: at most one hash a level. */
  inclusionProof(index: number, size: number = this.size): readonly Bytes[] {
    assert(index >= 0 && index < size && size <= this.size, 'the leaf is in the tree')
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

  /** What shows that the first `oldSize` leaves are still the first of `size`. Empty from nothing, and to itself. */
  consistencyProof(oldSize: number, size: number = this.size): readonly Bytes[] {
    assert(oldSize >= 0 && oldSize <= size && size <= this.size, 'both sizes are of this tree')
    if (oldSize === 0 || oldSize === size) return []
    const path: Bytes[] = []
    let from = 0
    let to = size
    while (oldSize !== to) {
      const split = from + leftOf(to - from)
      if (oldSize <= split) {
        path.push(this.#span(split, to))
        to = split
      } else {
        path.push(this.#span(from, split))
        from = split
      }
    }
    if (from > 0) path.push(this.#span(from, to))
    return path.toReversed()
  }

  #span(from: number, to: number): Bytes {
    const size = to - from
    const left = leftOf(size)
    if (size === 1 || left * 2 === size) return this.#levels[31 - Math.clz32(size)]![from / size]!
    return nodeHash(this.#span(from, from + left), this.#span(from + left, to))
  }
}

/** Most hashes of a proof: one a level, and one more where it starts. Source: RFC 9162 section 2.1.4, sizes up to 2^53. */
export const maxProofHashes = 54

/** The root and number of a set: its members sorted by bytes, doubles left out, in a `LogTree`. */
export function setRoot(members: readonly Uint8Array[]): {
  readonly root: Bytes
  readonly size: number
} {
  const tree = new LogTree(sortedSet(members))
  return { root: tree.root(), size: tree.size }
}

/** The members of a set in the order in which `setRoot` takes them. */
export function sortedSet(members: readonly Uint8Array[]): readonly Uint8Array[] {
  return members
    .toSorted(compareBytes)
    .filter((member, index, all) => index === 0 || !equalBytes(member, all[index - 1]!))
}

/** Whether a leaf is at `index` of the `size` leaves under a root. Source: RFC 9162 section 2.1.3.2. */
export function provesInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes(proof)) return false
  let at = index
  let last = size - 1
  let node: Uint8Array = leafHash(leaf)
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      node = nodeHash(node, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && equalBytes(node, root)
}

/** Whether the leaves under the old root are the first ones under the new. Source: RFC 9162 section 2.1.4.2. */
export function provesConsistency(
  oldSize: number,
  newSize: number,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize || !areHashes(proof)) return false
  if (oldSize === newSize) return proof.length === 0 && equalBytes(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, emptyRoot())
  let at = oldSize - 1
  let last = newSize - 1
  while (at % 2 === 1) {
    at = half(at)
    last = half(last)
  }
  // A whole tree of a power of two is its own first node, and is not sent.
  const [first, ...rest] = at === 0 ? [oldRoot, ...proof] : proof
  if (first === undefined) return false
  let before: Uint8Array = first
  let now: Uint8Array = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      before = nodeHash(sibling, before)
      now = nodeHash(sibling, now)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      now = nodeHash(now, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && equalBytes(before, oldRoot) && equalBytes(now, newRoot)
}

function leafHash(leaf: Uint8Array): Bytes {
  return hash('leaf', leaf)
}

function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return hash('node', left, right)
}

/** No node has nothing below it, so nothing is the root of no leaves alone. */
function emptyRoot(): Bytes {
  return hash('node')
}

/** The largest power of two below `size`. */
function leftOf(size: number): number {
  let left = 1
  while (left * 2 < size) left *= 2
  return left
}

function half(number: number): number {
  return Math.floor(number / 2)
}

function isSize(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0
}

function areHashes(proof: readonly Uint8Array[]): boolean {
  return proof.length <= maxProofHashes && proof.every((one) => one.length === hashBytes)
}
