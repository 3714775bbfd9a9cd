import type { EpochMs, Fault, Fired, Instant, LinkDown, Persisted } from '@kithnet/kernel'
import type { Contact, IsolationCause, KnownPeer } from '@kithnet/membership'
import type { Delivery, PublishStatus, PubsubEvent, PubsubOutput, Standing } from '@kithnet/pubsub'
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
  | {
      readonly type: 'linkUp'
      readonly peer: PeerId
      readonly publicKey?: Uint8Array
      /** Where this node dialled it; absent when the other side did. */
      readonly dialled?: string
    }
  | LinkDown<PeerId>
  | Fired<string>
  | Persisted
  | { readonly type: 'join'; readonly contacts: readonly Contact[] }
  | { readonly type: 'leave' }
  /** Where this node can be reached has changed. */
  | { readonly type: 'addresses'; readonly addresses: readonly Address[] }
  | Extract<PubsubEvent, { readonly type: 'subscribe' | 'unsubscribe' | 'publish' }>
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
  /** The peer stands on another step of the ladder now; a graylisted one comes back at `until`. */
  | {
      readonly type: 'standing'
      readonly peer: PeerId
      readonly standing: Standing
      readonly until: Instant | undefined
    }
  /** Cut the link: the peer has used up its score. */
  | { readonly type: 'shed'; readonly peer: PeerId; readonly fault: Fault }
  | Extract<PubsubOutput, { readonly type: 'own' | 'gap' | 'repaired' | 'lost' }>
  | {
      readonly type: 'equivocation'
      readonly author: PeerId
      readonly stream: StreamId
      readonly topic: TopicId
      readonly evidence: readonly [Signed, Signed]
    }
  /** The peer signed two descriptors for one life and epoch: `forkedPeer` of their bodies names it. */
  | {
      readonly type: 'descriptorFork'
      readonly peer: PeerId
      readonly evidence: readonly [Signed, Signed]
    }
  /** This node takes itself for cut off, and then: it is no more. */
  | { readonly type: 'isolated'; readonly cause: IsolationCause }
  | { readonly type: 'healed' }
