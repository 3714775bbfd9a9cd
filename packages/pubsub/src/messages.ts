import type { CborValue, MessageId, PeerId, Signed, StreamId, TopicId } from '@kithnet/types'
import type { IdPrefix } from './id-prefix.ts'

/** Where a message stands: with the network, everything but the content that its id covers. */
export interface Position {
  readonly topic: TopicId
  readonly author: PeerId
  readonly stream: StreamId
  readonly seq: number
}

/** A message with its whole payload. On the wire up to one fragment; in memory of any size. */
export interface EagerMessage extends Position {
  readonly type: 'eager'
  readonly payload: Uint8Array
}

/** The head of a message above one fragment: the leaves of its content root. */
export interface ManifestMessage extends Position {
  readonly type: 'manifest'
  readonly length: number
  readonly leaves: readonly Uint8Array[]
}

/** A piece of a message whose manifest went before. */
export interface FragmentMessage {
  readonly type: 'fragment'
  readonly id: MessageId
  readonly index: number
  readonly bytes: Uint8Array
}

/** A signed batch: goes before the first of its messages on each link. */
export interface BatchMessage {
  readonly type: 'batch'
  readonly signed: Signed
}

/** What the sender accepted from the author directly, by number. */
export interface AckRange {
  readonly topic: TopicId
  readonly stream: StreamId
  readonly first: number
  readonly count: number
}

/** Messages of the sender's cache that it does not push on this link, or asks for, or has no more. */
export interface PrefixesMessage {
  readonly type: 'ihave' | 'iwant' | 'gone'
  readonly prefixes: readonly IdPrefix[]
}

/** Asks for the batches that list messages which were pushed without. */
export interface WantBatchesMessage {
  readonly type: 'wantBatches'
  readonly ids: readonly MessageId[]
}

/** Asks for pieces of a message whose manifest is here. */
export interface WantFragmentsMessage {
  readonly type: 'wantFragments'
  readonly id: MessageId
  readonly indexes: readonly number[]
}

/** Push messages of this source again, or stop. */
export interface TreeMessage {
  readonly type: 'graft' | 'prune'
  readonly source: PeerId
}

/** Receipts of first-hop receivers. */
export interface AckMessage {
  readonly type: 'ack'
  readonly ranges: readonly AckRange[]
}

/** A step of a comparison of histories. */
export interface SyncMessage {
  readonly type: 'sync'
  /** Drawn by the opener; names the comparison. */
  readonly nonce: number
  readonly fromOpener: boolean
  /** The sender can give messages from this time on, in milliseconds since 1970. */
  readonly heldSince: number
  /** A message of the `reconcile` package. */
  readonly value: CborValue
}

/** What pubsub machines exchange. Immutable once made, and shared by reference. */
export type PubsubMessage =
  | EagerMessage
  | ManifestMessage
  | FragmentMessage
  | BatchMessage
  | PrefixesMessage
  | WantBatchesMessage
  | WantFragmentsMessage
  | TreeMessage
  | AckMessage
  | SyncMessage
