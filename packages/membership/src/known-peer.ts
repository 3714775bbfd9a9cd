import type { Descriptor, PeerId, Signed, Verified } from '@kithnet/types'

/**
 * A peer as its own signature describes it. `signed` owns its bytes and travels verbatim, so whoever gets it
 * can verify it too. Shared by reference everywhere: never changed once made.
 */
export interface KnownPeer {
  readonly descriptor: Verified<Descriptor>
  readonly signed: Signed
}

/** The id of a known peer. */
export function idOf(known: KnownPeer): PeerId {
  return known.descriptor.peer
}
