import type { Digest } from '@kithnet/identity'
import { assert, type Bytes, equalBytes } from '@kithnet/kernel'
import { sha3_256 } from '@kithnet/wire'

/**
 * A Merkle tree over a list of entries. Leaves and inner nodes are hashed with different prefixes, and no leaf is ever
 * doubled, so that no two lists share a root. Source: RFC 9162 section 2.1, with SHA3-256 in place of SHA-256.
 */
export class MerkleTree {
  readonly size: number
  /** Hashes of the complete subtrees of 2^level leaves, from the left, one array a level. */
  readonly #levels: readonly Bytes[]
  readonly #digest: Digest

  /** Entries are hashed at once and not kept. */
  constructor(entries: readonly Uint8Array[], digest: Digest = sha3_256) {
    this.size = entries.length
    this.#digest = digest
    const leaves = new Uint8Array(entries.length * hashBytes)
    entries.forEach((entry, index) => leaves.set(leafHash(entry, digest), index * hashBytes))
    const levels = [leaves]
    for (let below: Bytes = leaves; below.length >= 2 * hashBytes; below = levels.at(-1)!) {
      const level = new Uint8Array((below.length >> 6) * hashBytes)
      for (let at = 0; at < level.length; at += hashBytes) {
        level.set(nodeHash(hashAt(below, at * 2), hashAt(below, at * 2 + hashBytes), digest), at)
      }
      levels.push(level)
    }
    this.#levels = levels
  }

  /** The root of the whole list, or of its first `size` entries. */
  root(size: number = this.size): Bytes {
    assert(size >= 0 && size <= this.size, 'a root is of entries that are there')
    return size === 0 ? this.#digest(new Uint8Array(0)) : this.#subtree(0, size)
  }

  /** The hashes with which anybody finds the root from one entry: at most one a level, the lowest first. */
  inclusionProof(index: number): readonly Bytes[] {
    assert(index >= 0 && index < this.size, 'a proof is of an entry that is there')
    const path: Bytes[] = []
    let start = 0
    let size = this.size
    while (size > 1) {
      const left = splitOf(size)
      const inLeft = index < start + left
      path.push(inLeft ? this.#subtree(start + left, size - left) : this.#subtree(start, left))
      if (!inLeft) start += left
      size = inLeft ? left : size - left
    }
    return path.toReversed()
  }

  /** The hashes that show that the first `oldSize` entries are still the first ones: no entry was changed or removed. */
  consistencyProof(oldSize: number): readonly Bytes[] {
    assert(oldSize > 0 && oldSize <= this.size, 'a proof is from a list that is not empty')
    const path: Bytes[] = []
    let start = 0
    let size = this.size
    let old = oldSize
    let known = true
    while (old !== size) {
      const left = splitOf(size)
      if (old <= left) {
        path.push(this.#subtree(start + left, size - left))
        size = left
      } else {
        path.push(this.#subtree(start, left))
        start += left
        size -= left
        old -= left
        known = false
      }
    }
    if (!known) path.push(this.#subtree(start, size))
    return path.toReversed()
  }

  /** The root of the entries from `start` on, where `start` is a multiple of the power of two that is not below `size`. */
  #subtree(start: number, size: number): Bytes {
    const level = 31 - Math.clz32(size)
    if (size === 2 ** level) return hashAt(this.#levels[level]!, (start >>> level) * hashBytes)
    const left = splitOf(size)
    return nodeHash(
      this.#subtree(start, left),
      this.#subtree(start + left, size - left),
      this.#digest,
    )
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
export function verifyInclusion(claim: InclusionClaim, digest: Digest = sha3_256): boolean {
  const { index, size, path } = claim
  if (!isPlace(index, size) || !areHashes(path)) return false
  let node = index
  let last = size - 1
  let hash = leafHash(claim.entry, digest)
  for (const sibling of path) {
    if (last === 0) return false
    if ((node & 1) === 1 || node === last) {
      hash = nodeHash(sibling, hash, digest)
      while ((node & 1) === 0 && node !== 0) {
        node >>>= 1
        last >>>= 1
      }
    } else {
      hash = nodeHash(hash, sibling, digest)
    }
    node >>>= 1
    last >>>= 1
  }
  return last === 0 && equalBytes(hash, claim.root)
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
export function verifyConsistency(claim: ConsistencyClaim, digest: Digest = sha3_256): boolean {
  const { oldSize, oldRoot, size, root } = claim
  if (!isPlace(oldSize - 1, size) || !areHashes(claim.path)) return false
  if (oldSize === size) return claim.path.length === 0 && equalBytes(oldRoot, root)
  const whole = (oldSize & (oldSize - 1)) === 0
  const path = whole ? [oldRoot, ...claim.path] : claim.path
  const first = path[0]
  if (first === undefined || first.length !== hashBytes) return false
  let node = oldSize - 1
  let last = size - 1
  while ((node & 1) === 1) {
    node >>>= 1
    last >>>= 1
  }
  let oldHash = first
  let newHash = first
  for (const sibling of path.slice(1)) {
    if (last === 0) return false
    if ((node & 1) === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash, digest)
      newHash = nodeHash(sibling, newHash, digest)
      while ((node & 1) === 0 && node !== 0) {
        node >>>= 1
        last >>>= 1
      }
    } else {
      newHash = nodeHash(newHash, sibling, digest)
    }
    node >>>= 1
    last >>>= 1
  }
  return last === 0 && equalBytes(oldHash, oldRoot) && equalBytes(newHash, root)
}

/** Most hashes of a proof: the depth of the largest tree, and one. Source: `maxMerkleEntries`. */
export const maxProofHashes = 32

/** Bytes of SHA3-256 and SHA-256. */
const hashBytes = 32
/** Most entries of a tree that a proof may speak of. Source: what 32-bit shifts of JavaScript keep positive. */
const maxMerkleEntries = 2 ** 31 - 1

function isPlace(index: number, size: number): boolean {
  return Number.isSafeInteger(index) && index >= 0 && index < size && size <= maxMerkleEntries
}

function areHashes(path: readonly Uint8Array[]): boolean {
  return path.length <= maxProofHashes && path.every((hash) => hash.length === hashBytes)
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  return 2 ** (31 - Math.clz32(size - 1))
}

function hashAt(hashes: Bytes, offset: number): Bytes {
  return hashes.slice(offset, offset + hashBytes)
}

function leafHash(entry: Uint8Array, digest: Digest): Bytes {
  const message = new Uint8Array(1 + entry.length)
  message.set(entry, 1)
  return digest(message)
}

function nodeHash(left: Uint8Array, right: Uint8Array, digest: Digest): Bytes {
  const message = new Uint8Array(1 + 2 * hashBytes)
  message[0] = 1
  message.set(left, 1)
  message.set(right, 1 + hashBytes)
  return digest(message)
}
