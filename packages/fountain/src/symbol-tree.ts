import { assert, type Bytes, concat, equalBytes } from '@kithnet/kernel'
import { hash, hashBytes } from '@kithnet/types'
import { encodePayloadId, type PayloadId } from './transfer-info.ts'

/** The most symbols of a content: 255 blocks and 2,000 shares. Source: our choice; the tree then has 33 MB. */
export const maxTreeSymbols = 510_000
/** Hashes of a proof at most: one a level. */
export const maxProofHashes = 19

/** What a symbol is in the tree: its id and its bytes, hashed under a label of its own. */
export function symbolHash(id: PayloadId, bytes: Uint8Array): Bytes {
  return hash('symbol', encodePayloadId(id), bytes)
}

/**
 * A Merkle tree over the hashes of all symbols of a content. Leaves and nodes have different labels, and an odd node moves up
 * unchanged, so a root and a size stand for one list. Source: RFC 9162 section 2.1, built from below.
 */
export class SymbolTree {
  readonly #levels: readonly (readonly Bytes[])[]

  constructor(leaves: readonly Bytes[]) {
    assert(leaves.length > 0, 'a content has symbols')
    const levels: (readonly Bytes[])[] = [leaves]
    for (let level = leaves; level.length > 1; levels.push(level)) level = above(level)
    this.#levels = levels
  }

  get root(): Bytes {
    return this.#levels.at(-1)![0]!
  }

  /** The hashes, one after the other, that lead from a leaf to the root. */
  proof(index: number): Bytes {
    const path: Bytes[] = []
    let at = index
    for (const level of this.#levels) {
      const sibling = level[at ^ 1]
      if (sibling !== undefined) path.push(sibling)
      at >>>= 1
    }
    return concat(...path)
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
  let node = leaf
  let at = index
  let used = 0
  for (let width = size; width > 1; width = (width + 1) >>> 1, at >>>= 1) {
    // The last of an odd number has no sibling and moves up.
    if (at === width - 1 && width % 2 === 1) continue
    const sibling = proof.subarray(used, used + hashBytes)
    if (sibling.length < hashBytes) return false
    node = at % 2 === 0 ? nodeHash(node, sibling) : nodeHash(sibling, node)
    used += hashBytes
  }
  return used === proof.length && equalBytes(node, root)
}

function above(level: readonly Bytes[]): readonly Bytes[] {
  const next: Bytes[] = []
  for (let index = 0; index < level.length; index += 2) {
    const right = level[index + 1]
    next.push(right === undefined ? level[index]! : nodeHash(level[index]!, right))
  }
  return next
}

function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return hash('symbol-node', left, right)
}
