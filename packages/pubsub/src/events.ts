import type { EpochMs, Fault, Instant, Received } from '@kithnet/kernel'
import type { Batch, MessageId, PeerId, Signed, StreamId, TopicId, Verified } from '@kithnet/types'
import type { Price, Standing } from './link-scores.ts'
import type { PubsubMessage } from './messages.ts'
import type { Order, LossCause } from './stream-order.ts'

/** A message for the application: verified, and given once. */
export interface Delivery {
  readonly id: MessageId
  readonly topic: TopicId
  readonly author: PeerId
  readonly stream: StreamId
  /** Counts from 0 per author, stream and topic. */
  readonly seq: number
  /** The author's clock when it signed. */
  readonly hlc: EpochMs
  /** Shared with the cache: copy before changing. */
  readonly payload: Uint8Array
  /** The payload as it travelled, with what its author said beside it. Its hash is in the id. */
  readonly carried: Uint8Array
  /** The batch that lists it, as its author signed it. */
  readonly signed: Signed
  /** True when it came through history and not as it was published. */
  readonly late: boolean
  /** The link that brought it. */
  readonly via: PeerId
  /** Causes that did not come in time: 0 unless the topic's order is causal. */
  readonly unmet: number
  /** The author asks this node to say that it got the message. */
  readonly toConfirm: boolean
}

/** How far a published message has come. */
export type PublishStatus = 'queued' | 'sent' | 'acknowledged'

/** What happens to a `Pubsub`, besides its timers. */
export type PubsubEvent =
  | { readonly type: 'neighbourUp'; readonly peer: PeerId }
  /** `lives`: it is well and has other neighbours. */
  | { readonly type: 'neighbourDown'; readonly peer: PeerId; readonly lives?: boolean }
  /** The link to a peer is gone, neighbour or not. */
  | { readonly type: 'gone'; readonly peer: PeerId }
  /** Answers `starved`: a peer that is no neighbour and can be sent to for a while. */
  | { readonly type: 'rescuer'; readonly peer: PeerId }
  | Received<PeerId, PubsubMessage>
  /** `order`: as they come when there is none. */
  | { readonly type: 'subscribe'; readonly topic: TopicId; readonly order?: Order }
  | { readonly type: 'unsubscribe'; readonly topic: TopicId }
  /** `payload` is kept: the caller must not change it. */
  | {
      readonly type: 'publish'
      readonly token: number
      readonly topic: TopicId
      readonly payload: Uint8Array
      /** Who is asked to say that it got the message, at most 64. */
      readonly confirmers?: readonly PeerId[]
    }
  /** Answers `sign`. */
  | { readonly type: 'signed'; readonly token: number; readonly signature: Uint8Array }
  /** Answers `verify`: the signature holds. */
  | { readonly type: 'verified'; readonly token: number; readonly batch: Verified<Batch> }
  /** Answers `verify`: the signature does not hold, or nobody asked would give the author's key. */
  | {
      readonly type: 'unverified'
      readonly token: number
      readonly cause: 'forged' | 'no-key'
    }
  /** Another part of the node caught the peer at something. */
  | {
      readonly type: 'misbehaved'
      readonly peer: PeerId
      readonly fault: Fault
      readonly price: Price
    }
  /** The wall clock was set. */
  | { readonly type: 'clock'; readonly epochAtZero: EpochMs }
  | { readonly type: 'roundTrip'; readonly peer: PeerId; readonly ms: number }
  /** The link's queue passed its mark, or is below it again. */
  | { readonly type: 'congested' | 'drained'; readonly peer: PeerId }

/** What a `Pubsub` tells. */
export type PubsubOutput =
  | { readonly type: 'sign'; readonly token: number; readonly body: Uint8Array }
  /** Is the signature the author's? `from` delivered it, so `from` must know the author's key. */
  | {
      readonly type: 'verify'
      readonly token: number
      readonly signed: Signed
      readonly author: PeerId
      readonly from: PeerId
    }
  /** Another link delivered what `token` waits for. */
  | { readonly type: 'source'; readonly token: number; readonly from: PeerId }
  | { readonly type: 'deliver'; readonly message: Delivery }
  /** A message that this node wrote is signed: what others will get. */
  | { readonly type: 'own'; readonly message: Delivery }
  | {
      readonly type: 'published'
      readonly token: number
      readonly id: MessageId
      readonly status: PublishStatus
      /** Neighbours that it was sent to, or that acknowledged it. */
      readonly peers: number
    }
  | { readonly type: 'refused'; readonly token: number; readonly fault: Fault }
  | { readonly type: 'penalised'; readonly peer: PeerId; readonly fault: Fault }
  | { readonly type: 'shed'; readonly peer: PeerId; readonly fault: Fault }
  /** Nothing comes from the neighbour while others bring messages of many sources: another would be better. */
  | { readonly type: 'idle'; readonly peer: PeerId }
  /** The neighbour has compared histories, or brought or announced something real. Told once while it is a neighbour. */
  | { readonly type: 'useful'; readonly peer: PeerId }
  /** Neighbours announce what they do not give, or all are silent: peers beyond them are to be named by `rescuer`. */
  | { readonly type: 'starved' }
  /** The peer stands on another step of the ladder now; a graylisted one comes back at `until`. */
  | {
      readonly type: 'standing'
      readonly peer: PeerId
      readonly standing: Standing
      readonly until: Instant | undefined
    }
  /** Messages of the author are cached: keep its key. `releases` when there are none any more. */
  | { readonly type: 'holds' | 'releases'; readonly author: PeerId }
  /**
   * Messages `first` to `first + count - 1` were not there when a later one came. Each gap ends `repaired`, or some
   * of it is `lost`.
   */
  | ({ readonly type: 'gap' | 'repaired' } & TopicNumbers)
  | ({ readonly type: 'lost'; readonly cause: LossCause } & TopicNumbers)
  /** The author signed two different messages under one number. The stream's order means nothing any more. */
  | {
      readonly type: 'equivocation'
      readonly author: PeerId
      readonly stream: StreamId
      readonly topic: TopicId
      readonly evidence: readonly [Signed, Signed]
    }

/** Numbers of one stream of a topic. */
export interface TopicNumbers {
  readonly topic: TopicId
  readonly author: PeerId
  readonly stream: StreamId
  readonly first: number
  readonly count: number
}
