import type { PeerId, Signed } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'

/**
 * `high` obliges the receiver to make room; `low` is granted only where there is room; `spare` only where a
 * place is left free after it, because the sender has neighbours enough and merely looks for a way across.
 */
export type Priority = 'high' | 'low' | 'spare'

/**
 * Why a neighbour ends the relation. `evicted`: it made room for another; `full`: a late acceptance found no
 * room; `unwanted`: it never was, or no longer is, a neighbour; `leaving`: it leaves the network; `dead`: its
 * failure detector gave up on us; `silent`: nothing of ours has arrived there for long, though we live.
 */
export type DisconnectCause = 'evicted' | 'full' | 'unwanted' | 'leaving' | 'dead' | 'silent'

/**
 * A message of HyParView. `Known` is `KnownPeer` within machines, and `Signed` on the way from the wire to
 * the verifier. Who sent it is whom the session says, never a field.
 */
export type ViewMessageOf<Known> =
  /** Let me in. `low` when the sender had been in before, `spare` when it only mends splits. */
  | { readonly type: 'join'; readonly self: Known; readonly priority: Priority }
  /** A walk that carries a newcomer to its future neighbours. */
  | {
      readonly type: 'forwardJoin'
      readonly joiner: Known
      readonly priority: Priority
      readonly ttl: number
    }
  /** Be my neighbour. */
  | { readonly type: 'neighbor'; readonly self: Known; readonly priority: Priority }
  /** The answer to `join` and `neighbor`; `peers` is a sample for whoever joins. */
  | {
      readonly type: 'neighborReply'
      readonly accepted: boolean
      readonly self: Known
      readonly peers: readonly Known[]
    }
  | { readonly type: 'disconnect'; readonly cause: DisconnectCause }
  /** A walk that offers some peers and asks for as many. */
  | {
      readonly type: 'shuffle'
      readonly origin: Known
      readonly nonce: number
      readonly ttl: number
      readonly peers: readonly Known[]
    }
  | { readonly type: 'shuffleReply'; readonly nonce: number; readonly peers: readonly Known[] }
  /** Offers reserves by their ids, to a peer that answers by itself. */
  | { readonly type: 'exchange'; readonly origin: Known; readonly peers: readonly PeerId[] }
  /** Offers as many, and asks for the descriptors of some that were offered. */
  | {
      readonly type: 'exchangeReply'
      readonly peers: readonly PeerId[]
      readonly wanted: readonly PeerId[]
    }
  /** The descriptors that were asked for; asks for those of some that the other side offered. */
  | {
      readonly type: 'introduce'
      readonly peers: readonly Known[]
      readonly wanted: readonly PeerId[]
    }

/** What is said of a peer. Only `alive`, which the subject has signed, is believed; the others are hints. */
export type UpdateOf<Known> = { readonly state: 'alive'; readonly known: Known } | Accusation

/** A peer is said to be failing, or to have failed, in this incarnation. */
export interface Accusation {
  readonly state: 'suspect' | 'dead'
  readonly peer: PeerId
  readonly incarnation: number
}

/** A message of SWIM. */
export type SwimMessageOf<Known> =
  | { readonly type: 'ping'; readonly nonce: number; readonly updates: readonly UpdateOf<Known>[] }
  | { readonly type: 'ack'; readonly nonce: number; readonly updates: readonly UpdateOf<Known>[] }
  /** Probe the target for me. */
  | { readonly type: 'pingRequest'; readonly nonce: number; readonly target: Known }
  /** Whether the target answered the one who was asked. */
  | { readonly type: 'pingReply'; readonly nonce: number; readonly reached: boolean }
  /** Updates that cannot wait for a probe: accusations to the accused, refutations to the accuser. */
  | { readonly type: 'gossip'; readonly updates: readonly UpdateOf<Known>[] }
  /** The sender's whole active view, with those descriptors that the receiver has not had from it. */
  | {
      readonly type: 'neighbours'
      readonly peers: readonly PeerId[]
      readonly known: readonly Known[]
    }

/** A message of HyParView whose descriptors are verified. */
export type ViewMessage = ViewMessageOf<KnownPeer>
/** A message of SWIM whose descriptors are verified. */
export type SwimMessage = SwimMessageOf<KnownPeer>
/** What is said of a peer, with verified descriptors. */
export type Update = UpdateOf<KnownPeer>
/** What membership machines exchange: every descriptor in it is verified. */
export type MembershipMessage = ViewMessage | SwimMessage
/** A decoded message whose descriptors nobody has verified yet. */
export type UncheckedMembershipMessage = ViewMessageOf<Signed> | SwimMessageOf<Signed>
