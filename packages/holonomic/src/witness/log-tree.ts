import { type Bytes, compareBytes, equalBytes } from '@kithnet/kernel'
import { hash, HashTree, isContinued, isIncluded, type TreeHashes } from '@kithnet/types'

/**
 * A Merkle tree that grows at its end. Leaves and nodes are hashed under labels of their own and nothing is doubled, so a
 * root and a size stand for one list. Source: RFC 9162 section 2.1, with labelled BLAKE3.
 */
export class LogTree extends HashTree {
  /** A tree of these leaves, in their order. */
  constructor(leaves: Iterable<Uint8Array> = []) {
    super(logHashes, [...leaves])
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

/** Whether a leaf is at `index` of the `size` leaves under a root. */
export function provesInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  return isIncluded(logHashes, { entry: leaf, index, size, root, path: proof })
}

/** Whether the leaves under the old root are the first ones under the new. */
export function provesConsistency(
  oldSize: number,
  newSize: number,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  const claim = { oldSize, oldRoot, size: newSize, root: newRoot, path: proof }
  return isContinued(logHashes, claim)
}

const logHashes: TreeHashes = {
  leaf: (leaf) => hash('leaf', leaf),
  node: (left, right) => hash('node', left, right),
  // No node has nothing below it, so nothing is the root of no leaves alone.
  empty: () => hash('node'),
}
