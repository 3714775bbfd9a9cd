import { maxDescriptorBytes, signatureBytes } from '@kithnet/types'

/** Most peers listed in one message. Source: our choice, twice the largest sample of a preset (8). */
export const maxListedPeers = 16

/** Most ids offered in one message. Source: our choice; descriptors of those that are wanted follow. */
export const maxOfferedPeers = 32

/** Most updates in one message. Source: our choice, twice what a preset piggybacks. */
export const maxUpdates = 8

/** Largest hops field on the wire; machines clamp to their own settings. Source: our choice. */
export const maxHops = 32

/**
 * Longest encoded membership message: a shuffle with the most peers and the longest descriptors. Source: the
 * sum of its parts, 8 bytes of CBOR heads per descriptor and 64 for the rest.
 */
export const maxMembershipMessageBytes: number =
  (maxListedPeers + 1) * (maxDescriptorBytes + signatureBytes + 8) + maxListedPeers * 34 + 64
