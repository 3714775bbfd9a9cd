import type { Instant, LinkDown, LinkDownCause, LinkUp, Persisted, Received } from '@kithnet/kernel'
import type { Address, PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'
import type { DisconnectCause, MembershipMessage, SwimMessage, ViewMessage } from './messages.ts'

/** A peer to join through. The driver must be able to dial it: `addresses` are for its address book. */
export interface Contact {
  readonly peer: PeerId
  readonly addresses: readonly Address[]
}

/** Take part in the network, through these peers if there are any. Given again, it adds contacts. */
export interface Join {
  readonly type: 'join'
  readonly contacts: readonly Contact[]
}

/** Say goodbye to every neighbour and stop. */
export interface Leave {
  readonly type: 'leave'
}

/** This peer's addresses have changed: a descriptor of the next incarnation is asked for. */
export interface Moved {
  readonly type: 'moved'
}

/** This peer's own descriptor: the answer to `describe`, or the same in a new epoch. */
export interface Described {
  readonly type: 'described'
  readonly self: KnownPeer
}

/** The peer must not be chosen until then: its link was cut for its faults. */
export interface Barred {
  readonly type: 'barred'
  readonly peer: PeerId
  readonly until: Instant
}

/** The neighbour is of no use to what runs above, so that another is to take its place; or it has been of use. */
export interface Usefulness {
  readonly type: 'idle' | 'useful'
  readonly peer: PeerId
}

/** What runs above gets nothing from the neighbours: `rescuer` names peers beyond them. */
export interface Starved {
  readonly type: 'starved'
}

/** What happens to a `Membership`, besides its timers. */
export type MembershipEvent =
  | Barred
  | Usefulness
  | Starved
  | Join
  | Leave
  | Moved
  | Described
  | Received<PeerId, MembershipMessage>
  | LinkUp<PeerId>
  | LinkDown<PeerId>
  | Persisted

/**
 * Why a neighbour is one no more: its own goodbye (`DisconnectCause`, as it gave it), its link, the failure
 * detector here (`died`), a link on which nothing arrived for long though the peer lives (`unheard`), room made
 * here for another (`replaced`), or that this peer left (`left`).
 */
export type NeighbourDownCause =
  DisconnectCause | LinkDownCause | 'died' | 'unheard' | 'replaced' | 'left'

/**
 * Why this peer takes itself for cut off. `alone`: it has no neighbour, and of those whom it asked none wanted
 * to be one; it goes on asking with growing pauses. `silence`: it has neighbours and has probed them all, and
 * none of them was heard.
 */
export type IsolationCause = 'alone' | 'silence'

/** Why a peer was declared dead: it was suspected, and nobody refuted or reached it in time. */
export type DeathCause = 'suspicion-timeout'

/** What HyParView tells. */
export type ViewOutput =
  | { readonly type: 'neighbourUp'; readonly peer: PeerId }
  | { readonly type: 'neighbourDown'; readonly peer: PeerId; readonly cause: NeighbourDownCause }
  /** A descriptor is held now, or a newer one of the same peer: where to dial it. */
  | { readonly type: 'learned'; readonly known: KnownPeer }
  /** The peer is in no view any more. */
  | { readonly type: 'forgot'; readonly peer: PeerId }
  /** This peer takes itself for cut off. */
  | { readonly type: 'isolated'; readonly cause: IsolationCause }
  /** Answers `starved`: a reserve that can be sent to for a while. */
  | { readonly type: 'rescuer'; readonly peer: PeerId }

/** What SWIM tells. */
export type SwimOutput =
  /** `by` is this peer when its own probe failed, and then each peer that confirms it. */
  | { readonly type: 'suspected'; readonly peer: PeerId; readonly by: PeerId }
  | {
      readonly type: 'dead'
      readonly peer: PeerId
      readonly cause: DeathCause
      readonly incarnation: number
    }
  /** A peer that was in doubt answered, or proved a newer incarnation. */
  | {
      readonly type: 'alive'
      readonly peer: PeerId
      readonly incarnation: number
      readonly known: KnownPeer
    }
  /** Please sign a descriptor with this incarnation, which is on disk, and feed it back as `described`. */
  | { readonly type: 'describe'; readonly incarnation: number }
  /** Where to dial a peer that is about to be sent to; `forgot` follows when that is over. */
  | { readonly type: 'learned'; readonly known: KnownPeer }
  | { readonly type: 'forgot'; readonly peer: PeerId }

/** What a `Membership` tells. */
export type MembershipOutput =
  | ViewOutput
  | SwimOutput
  /** This peer was `isolated` and is no more: it has a neighbour that it hears. */
  | { readonly type: 'healed' }

/** Another part of the node knows that the peer is dead in this incarnation. */
export interface Died {
  readonly type: 'died'
  readonly peer: PeerId
  readonly incarnation: number
}

/** Nothing has arrived on the link to a neighbour for long, though the peer may well live. */
export interface Unheard {
  readonly type: 'unheard'
  readonly peer: PeerId
}

/** Another part of the node has a descriptor of a peer that lives. */
export interface Met {
  readonly type: 'met'
  readonly known: KnownPeer
}

/** What happens to a `HyParView`, besides its timers. */
export type ViewEvent =
  | Barred
  | Usefulness
  | Starved
  | Join
  | Leave
  | Described
  | Received<PeerId, ViewMessage>
  | LinkUp<PeerId>
  | LinkDown<PeerId>
  | Died
  | Unheard
  | Met

/** Begin: the next incarnation is put on disk and asked to be described. Needed once, before anything else. */
export interface Start {
  readonly type: 'start'
}

/** These, and nobody else, are the members to watch. */
export interface Members {
  readonly type: 'members'
  readonly known: readonly KnownPeer[]
}

/** One more member to watch. */
export interface MemberUp {
  readonly type: 'memberUp'
  readonly known: KnownPeer
}

/** A member to watch no more; when its end is in doubt it is watched until that is settled. */
export interface MemberDown {
  readonly type: 'memberDown'
  readonly peer: PeerId
  readonly inDoubt: boolean
}

/** A peer that is here now has shown this descriptor. */
export interface Shown {
  readonly type: 'shown'
  readonly known: KnownPeer
  /** A later descriptor of the peer that is held here, if there is one. */
  readonly later: KnownPeer | undefined
}

/** What happens to a `Swim`, besides its timers. */
export type SwimEvent =
  | Start
  | Moved
  | Described
  | Members
  | MemberUp
  | MemberDown
  | Shown
  | Received<PeerId, SwimMessage>
  | LinkUp<PeerId>
  | LinkDown<PeerId>
  | Persisted
