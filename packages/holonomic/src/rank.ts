import { compareBytes, fromHex } from '@kithnet/kernel'
import { hash, type PeerId } from '@kithnet/types'

/**
 * Peers in the order that everybody finds for a subject and nobody can choose: by the hash of subject and peer. A peer
 * that comes or goes moves no other. `subject` is 32 bytes. Source: Thaler and Ravishankar, rendezvous hashing, 1998.
 */
export function ranked(subject: Uint8Array, peers: Iterable<PeerId>): PeerId[] {
  return [...new Set(peers)]
    .map((peer) => ({ peer, rank: hash('rank', subject, fromHex(peer)!) }))
    .sort((a, b) => compareBytes(a.rank, b.rank))
    .map(({ peer }) => peer)
}
