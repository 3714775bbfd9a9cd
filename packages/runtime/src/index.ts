/**
 * Where the overlay meets IO: real links, timers, signatures and a store behind `createNode`.
 *
 * @packageDocumentation
 */
export {
  createNode,
  type NodeOptions,
  type NodeWith,
  type TransportFactory,
} from './create-node.ts'
export type { RuntimeFault, TicketFault } from './faults.ts'
export type { KeepOptions } from './history.ts'
export type { Connection } from './links.ts'
export type { Guarantee, Message } from './message.ts'
export type { Node, NodeEvents, NodeStatus, TopicOptions } from './node.ts'
export type { Published, PublishOptions, PublishStatus } from './outbox.ts'
export type { Payload } from './payload.ts'
export type { Receipts, ReceiptsWanted } from './receipts.ts'
export type { OverlayTap } from './router.ts'
export type { ServicesOf } from './service-host.ts'
export type { QueueOptions, Subscription, WhenFull } from './subscription.ts'
export { parseTicket, type Ticket, ticketText } from './ticket.ts'
export type { MessagesOptions, ReadyOptions, SinceOptions, Topic, TopicEvents } from './topic.ts'
export { defaultTransports, inMemory } from './transports.ts'
export type { StandardSchema } from '@kithnet/types'
