/**
 * Broadcast to every member of a network: Plumtree trees of verified sources, signed batches, anti-entropy.
 * Pure: links, clocks and signatures are the driver's.
 *
 * @packageDocumentation
 */
export { defaultPubsubConfig, type PubsubConfig } from './config.ts'
export type { Delivery, PublishStatus, PubsubEvent, PubsubOutput } from './events.ts'
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
export { decodePubsubMessage, encodePubsubMessage } from './message-codec.ts'
export type {
  AckMessage,
  AckRange,
  BatchMessage,
  EagerMessage,
  FragmentMessage,
  IdsMessage,
  ManifestMessage,
  Position,
  PubsubMessage,
  SyncMessage,
  TreeMessage,
} from './messages.ts'
export type { PubsubOptions } from './options.ts'
export { type NeighbourView, Pubsub, type PubsubView } from './pubsub.ts'
