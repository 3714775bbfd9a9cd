import type { Digest } from '@kithnet/identity'
import { assert, type Bytes } from '@kithnet/kernel'
import {
  type ConsistencyClaim,
  hashBytes,
  HashTree,
  type InclusionClaim,
  isContinued,
  isIncluded,
  type TreeHashes,
} from '@kithnet/types'
import { sha3_256 } from '@kithnet/wire'

export type { ConsistencyClaim, InclusionClaim } from '@kithnet/types'

/**
 * A Merkle tree over a list of entries. Leaves and inner nodes are hashed with different prefixes, and no leaf is ever
 * doubled, so that no two lists share a root. Source: RFC 9162 section 2.1, with SHA3-256 in place of SHA-256.
 */
export class MerkleTree extends HashTree {
  /** Entries are hashed at once and not kept. */
  constructor(entries: readonly Uint8Array[], digest: Digest = sha3_256) {
    super(hashesOf(digest), entries)
  }

  /** The hashes that show that the first `oldSize` entries are still the first ones: no entry was changed or removed. */
  override consistencyProof(oldSize: number, size: number = this.size): readonly Bytes[] {
    assert(oldSize > 0, 'a proof is from a list that is not empty')
    return super.consistencyProof(oldSize, size)
  }
}

/** True when the entry stands at this place of the list with this root. */
export function verifyInclusion(claim: InclusionClaim, digest: Digest = sha3_256): boolean {
  return claim.size <= maxMerkleEntries && isIncluded(hashesOf(digest), claim)
}

/** True when the list of the old root is the beginning of the list of the new one; of the empty list nothing is shown. */
export function verifyConsistency(claim: ConsistencyClaim, digest: Digest = sha3_256): boolean {
  const { oldSize, size } = claim
  return oldSize > 0 && size <= maxMerkleEntries && isContinued(hashesOf(digest), claim)
}

/** Most hashes of a proof: the depth of the largest tree, and one. Source: `maxMerkleEntries`. */
export const maxProofHashes = 32

/** Most entries of a tree that a proof may speak of. Source: what 32-bit shifts of JavaScript keep positive. */
const maxMerkleEntries = 2 ** 31 - 1

/** Source: RFC 9162 section 2.1.1. */
function hashesOf(digest: Digest): TreeHashes {
  return {
    leaf(entry) {
      const message = new Uint8Array(1 + entry.length)
      message.set(entry, 1)
      return digest(message)
    },
    node(left, right) {
      const message = new Uint8Array(1 + 2 * hashBytes)
      message[0] = 1
      message.set(left, 1)
      message.set(right, 1 + hashBytes)
      return digest(message)
    },
    empty: () => digest(new Uint8Array(0)),
  }
}
