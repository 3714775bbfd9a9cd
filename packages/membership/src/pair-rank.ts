import type { PeerId } from '@kithnet/types'

/**
 * The rank of a pair of peers, the same from both ends: between 0 and 2^32 - 1, and as good as random for ids that nobody chose.
 * Where both ends prefer low ranks, asking often or asking everybody gains nothing.
 *
 * Source of the constants: the finalizer of splitmix32, as in the kernel's `seededRng`.
 */
export function pairRank(one: PeerId, other: PeerId): number {
  let word = wordAt(one, 0) ^ wordAt(other, 0)
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
  word ^= wordAt(one, 8) ^ wordAt(other, 8)
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
  return (word ^ (word >>> 15)) >>> 0
}

/** Eight hexadecimal digits of an id. */
function wordAt(peer: PeerId, at: number): number {
  return Number.parseInt(peer.slice(at, at + 8), 16)
}
