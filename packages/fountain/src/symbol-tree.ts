import { assert, type Bytes, concat } from '@kithnet/kernel'
import { hash, hashBytes, HashTree, isIncluded, type TreeHashes } from '@kithnet/types'
import { encodePayloadId, type PayloadId } from './transfer-info.ts'

/** The most symbols of a content: 255 blocks and 2,000 shares. Source: our choice; the tree then has 33 MB. */
export const maxTreeSymbols = 510_000
/** Hashes of a proof at most: one a level. */
export const maxProofHashes = 19

/** What a symbol is in the tree: its id and its bytes, hashed under a label of its own. */
export function symbolHash(id: PayloadId, bytes: Uint8Array): Bytes {
  return hash('symbol', encodePayloadId(id), bytes)
}

/** A Merkle tree over the hashes of all symbols of a content: leaves and nodes have different labels. */
export class SymbolTree {
  readonly root: Bytes
  readonly #tree: HashTree

  constructor(leaves: readonly Bytes[]) {
    assert(leaves.length > 0, 'a content has symbols')
    this.#tree = new HashTree(symbolHashes, leaves)
    this.root = this.#tree.root()
  }

  /** The hashes, one after the other, that lead from a leaf to the root. */
  proof(index: number): Bytes {
    return concat(...this.#tree.inclusionProof(index))
  }
}

/** Whether a leaf is at `index` of the `size` leaves under a root. */
export function isInTree(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: Uint8Array,
  root: Uint8Array,
): boolean {
  const path: Uint8Array[] = []
  for (let at = 0; at < proof.length; at += hashBytes) path.push(proof.subarray(at, at + hashBytes))
  return isIncluded(symbolHashes, { entry: leaf, index, size, root, path })
}

const symbolHashes: TreeHashes = {
  // It is a hash already, and its label is no node's.
  leaf: (symbol) => symbol,
  node: (left, right) => hash('symbol-node', left, right),
  empty: () => hash('symbol-node'),
}
