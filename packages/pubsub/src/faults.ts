import type { Fault } from '@kithnet/kernel'
import type { BatchId, CborFault, MessageId, ShapeFault, TopicId } from '@kithnet/types'
import type { IdPrefix } from './id-prefix.ts'

/** A frame or field that is no message of pubsub. */
export type MessageShapeFault = ShapeFault

/** A batch that is well-formed and must not be believed. */
export interface BatchFault extends Fault {
  readonly code:
    /** The signature is not the author's. */
    | 'pubsub/forged-batch'
    /** Of another network. */
    | 'pubsub/wrong-network'
    /** The author's clock is too far ahead. */
    | 'pubsub/from-the-future'
    /** Older than the replay window, and pushed. */
    | 'pubsub/stale'
    /** Older than any difference of clocks explains, and pushed, while others push in time. */
    | 'pubsub/replayed'
  readonly batch: BatchId
}

/** A message that its batch does not bear out. */
export interface ContentFault extends Fault {
  readonly code:
    /** Topic, author, stream or number differ from the batch that lists the id. */
    | 'pubsub/wrong-position'
    /** A fragment is not the one that the message's id covers. */
    | 'pubsub/wrong-fragment'
    /** No batch came for it in two round trips. */
    | 'pubsub/batch-withheld'
  readonly message: MessageId
}

/** A bound of one link was met; what is beyond it was dropped. */
export interface QuotaFault extends Fault {
  readonly code:
    | 'pubsub/too-much-unverified'
    | 'pubsub/too-many-announced'
    | 'pubsub/history-too-often'
    /** The same message was asked for again and again. */
    | 'pubsub/asked-too-often'
}

/** Announced, asked for, and not given. */
export interface UnansweredFault extends Fault {
  readonly code: 'pubsub/unanswered'
  readonly message: IdPrefix
}

/** History was compared with rules broken; `reason` is the fault of the comparison. */
export interface HistoryFault extends Fault {
  readonly code: 'pubsub/bad-history'
  readonly reason: string
}

/** What a peer can be blamed for. */
export type PeerFault =
  | MessageShapeFault
  | CborFault
  | BatchFault
  | ContentFault
  | QuotaFault
  | UnansweredFault
  | HistoryFault

/** Why a message will not be published. */
export interface PublishFault extends Fault {
  readonly code: 'pubsub/too-large' | 'pubsub/queue-full'
  readonly topic: TopicId
  readonly bound: number
}

/** Every fault of this package. */
export type PubsubFault = PeerFault | PublishFault
