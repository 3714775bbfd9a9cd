import type { Fault } from '@kithnet/kernel'
import type { MembershipFault } from '@kithnet/membership'
import type { Price, PubsubFault } from '@kithnet/pubsub'
import type { CborFault, PeerId, ShapeFault } from '@kithnet/types'

/** Bytes that are no frame of the overlay. */
export type FrameFault = CborFault | ShapeFault

/** More bytes or frames than a link may deliver. */
export interface RateFault extends Fault {
  readonly code: 'overlay/over-rate'
}

/** Whoever forwards has verified, so it has the key and must give it; and only so many may be unknown at once. */
export interface KeyFault extends Fault {
  readonly code:
    | 'overlay/key-withheld'
    /** Withheld for so long that no load explains it. */
    | 'overlay/key-never-given'
    | 'overlay/too-many-unknown'
  readonly peer: PeerId
}

/** A descriptor that is not its subject's, or of another network. */
export interface DescriptorFault extends Fault {
  readonly code:
    | 'overlay/forged-descriptor'
    | 'overlay/wrong-network'
    /** Its subject signed another one for the same life and epoch. */
    | 'overlay/descriptor-fork'
  readonly peer: PeerId
}

/** More messages of membership wait for checks than one link may leave. */
export interface HeldFault extends Fault {
  readonly code: 'overlay/too-much-held'
}

/** The peer came back before its ban was over. */
export interface BannedFault extends Fault {
  readonly code: 'overlay/banned'
}

/** What a link can be blamed for by this package. */
export type OverlayFault =
  FrameFault | RateFault | KeyFault | DescriptorFault | HeldFault | BannedFault | MembershipFault

/** What a fault costs its link. Source: our choice; see the scores of pubsub. */
export const priceOf: (fault: OverlayFault | PubsubFault) => Price = (fault) =>
  priceByCode[fault.code] ?? shapePrice

const priceByCode: Readonly<Record<string, Price>> = {
  'overlay/over-rate': { term: 'invalid', points: 5 },
  'overlay/key-withheld': { term: 'excess', points: 4 },
  'overlay/key-never-given': { term: 'invalid', points: 5 },
  'overlay/too-many-unknown': { term: 'excess', points: 0.25 },
  'overlay/forged-descriptor': { term: 'invalid', points: 100 },
  'overlay/wrong-network': { term: 'invalid', points: 100 },
  'overlay/too-much-held': { term: 'excess', points: 0.25 },
}
/** No honest peer sends what does not decode. */
const shapePrice: Price = { term: 'invalid', points: 25 }
