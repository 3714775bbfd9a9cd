/**
 * A post-quantum gossip network in one import: identities, links, membership and broadcast behind
 * `createNode`. Each package below it is a subpath: `kithnet/identity`, `kithnet/transport` and so on.
 *
 * @packageDocumentation
 */
export { CodedError, type Fault, hasCode } from '@kithnet/kernel'
export { createIdentity, type Identity, identityFromPhrase } from '@kithnet/identity'
export {
  type Connection,
  createNode,
  type Guarantee,
  type KeepOptions,
  type Message,
  type MessagesOptions,
  type Node,
  type NodeEvents,
  type NodeOptions,
  type NodeStatus,
  type NodeWith,
  type Payload,
  parseTicket,
  type Published,
  type PublishOptions,
  type QueueOptions,
  type ReadyOptions,
  type Receipts,
  type ReceiptsWanted,
  type SinceOptions,
  type Subscription,
  type Ticket,
  ticketText,
  type Topic,
  type TopicEvents,
  type TopicOptions,
  type WhenFull,
} from '@kithnet/runtime'
export type {
  Address,
  MessageId,
  NetworkId,
  PeerId,
  Service,
  ServiceHost,
  ServiceMessage,
  StandardSchema,
  TopicId,
} from '@kithnet/types'
