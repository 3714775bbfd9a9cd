/**
 * Broadcast to every member of a network: Plumtree trees of verified sources, signed batches, anti-entropy.
 * Pure: links, clocks and signatures are the driver's.
 *
 * @packageDocumentation
 */
export { defaultPubsubConfig, type PubsubConfig } from './config.ts'
export { bodyOf } from './envelope.ts'
export type { Delivery, PublishStatus, PubsubEvent, PubsubOutput, TopicNumbers } from './events.ts'
export type {
  BatchFault,
  ContentFault,
  HistoryFault,
  MessageShapeFault,
  PeerFault,
  PublishFault,
  PubsubFault,
  QuotaFault,
  UnansweredFault,
} from './faults.ts'
export { type IdPrefix, prefixOf } from './id-prefix.ts'
export type { FaultTerm, Price, Standing } from './link-scores.ts'
export { decodePubsubMessage, encodePubsubMessage } from './message-codec.ts'
export type {
  AckMessage,
  AckRange,
  BatchMessage,
  EagerMessage,
  FragmentMessage,
  ManifestMessage,
  Position,
  PrefixesMessage,
  PubsubMessage,
  SyncMessage,
  TreeMessage,
  WantBatchesMessage,
  WantFragmentsMessage,
} from './messages.ts'
export type { PubsubOptions } from './options.ts'
export { Pubsub } from './pubsub.ts'
export type { LossCause, Order, StreamNumbers } from './stream-order.ts'
export type { NeighbourView, PubsubView } from './view.ts'
