import type { EpochMs, Fault, Fired, LinkDown, Persisted } from '@kithnet/kernel'
import type { Contact, KnownPeer } from '@kithnet/membership'
import type { Delivery, PublishStatus } from '@kithnet/pubsub'
import type {
  Address,
  Batch,
  Descriptor,
  MessageId,
  PeerId,
  Signed,
  StreamId,
  TopicId,
  Verified,
} from '@kithnet/types'
import type { OverlayMessage } from './messages.ts'

/** A kind of structure that is signed and verified outside the machine. */
export type SignedDomain = 'batch' | 'descriptor'

/** What happens to an `Overlay`. */
export type OverlayEvent =
  /** Bytes from a link, valid only during the call. */
  | { readonly type: 'frame'; readonly from: PeerId; readonly bytes: Uint8Array }
  /** The same, decoded: the simulator's path. */
  | {
      readonly type: 'received'
      readonly from: PeerId
      readonly message: OverlayMessage
      readonly sizeBytes?: number
    }
  /** The session has proven the key, when there is one. */
  | { readonly type: 'linkUp'; readonly peer: PeerId; readonly publicKey?: Uint8Array }
  | LinkDown<PeerId>
  | Fired<string>
  | Persisted
  | { readonly type: 'join'; readonly contacts: readonly Contact[] }
  | { readonly type: 'leave' }
  /** Where this node can be reached has changed. */
  | { readonly type: 'addresses'; readonly addresses: readonly Address[] }
  | { readonly type: 'subscribe' | 'unsubscribe'; readonly topic: TopicId }
  | {
      readonly type: 'publish'
      readonly token: number
      readonly topic: TopicId
      readonly payload: Uint8Array
    }
  /** Answers `sign`. */
  | { readonly type: 'signed'; readonly token: number; readonly signature: Uint8Array }
  /** Answers `verify`; `undefined` when signature, shape or subject is wrong. */
  | {
      readonly type: 'checked'
      readonly token: number
      readonly value: Verified<Batch> | Verified<Descriptor> | undefined
    }
  /** The wall clock was set. */
  | { readonly type: 'clock'; readonly epochAtZero: EpochMs }
  | { readonly type: 'roundTrip'; readonly peer: PeerId; readonly ms: number }
  /** The link's queue passed its mark, or is below it again. */
  | { readonly type: 'congested' | 'drained'; readonly peer: PeerId }

/** What an `Overlay` tells. */
export type OverlayOutput =
  | {
      readonly type: 'sign'
      readonly token: number
      readonly domain: SignedDomain
      readonly body: Uint8Array
    }
  | {
      readonly type: 'verify'
      readonly token: number
      readonly domain: SignedDomain
      readonly signed: Signed
      readonly publicKey: Uint8Array
    }
  | { readonly type: 'deliver'; readonly message: Delivery }
  | {
      readonly type: 'published'
      readonly token: number
      readonly id: MessageId
      readonly status: PublishStatus
      readonly peers: number
    }
  | { readonly type: 'refused'; readonly token: number; readonly fault: Fault }
  | {
      readonly type: 'neighbourUp' | 'neighbourDown'
      readonly peer: PeerId
      readonly cause?: string
    }
  | { readonly type: 'suspected' | 'dead' | 'alive'; readonly peer: PeerId }
  | {
      readonly type: 'learned'
      readonly peer: PeerId
      readonly addresses: readonly Address[]
      readonly known: KnownPeer
    }
  | { readonly type: 'forgot'; readonly peer: PeerId }
  | { readonly type: 'penalised'; readonly peer: PeerId; readonly fault: Fault }
  /** Cut the link: the peer has used up its score. */
  | { readonly type: 'shed'; readonly peer: PeerId; readonly fault: Fault }
  | {
      readonly type: 'gap'
      readonly author: PeerId
      readonly stream: StreamId
      readonly topic: TopicId
      readonly first: number
      readonly count: number
    }
  | {
      readonly type: 'equivocation'
      readonly author: PeerId
      readonly stream: StreamId
      readonly topic: TopicId
      readonly evidence: readonly [Signed, Signed]
    }
  | { readonly type: 'isolated' }
