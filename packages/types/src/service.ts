import type { EpochMs, Instant, Signal } from '@kithnet/kernel'
import type { MessageId, NetworkId, PeerId } from './ids.ts'
import type { Store } from './store.ts'
import type { Stream } from './transport.ts'

/** A message as a service gets it: verified, once. */
export interface ServiceMessage {
  readonly id: MessageId
  readonly author: PeerId
  /** The service's own copy. */
  readonly payload: Uint8Array
  /** The author's clock when it signed. */
  readonly at: EpochMs
  /** True when it came through history and not as it was published. */
  readonly late: boolean
}

/** What a capability above the overlay runs on. Everything it opened ends with the node. */
export interface ServiceHost {
  readonly self: PeerId
  readonly network: NetworkId
  /** Aborts when the node closes. */
  readonly signal: Signal
  now(): Instant
  wall(): EpochMs
  /** Broadcasts bytes; resolves with the number of neighbours that it was sent to, at least one. */
  publish(topic: string, payload: Uint8Array, signal?: Signal): Promise<number>
  subscribe(topic: string, listener: (message: ServiceMessage) => void): Disposable
  /** Opens a stream of a protocol to a peer, dialling it when there is no link. */
  stream(peer: PeerId, protocol: string, signal?: Signal): Promise<Stream>
  /** Takes the streams of a protocol that peers open. One taker per protocol. */
  onStream(protocol: string, take: (stream: Stream, from: PeerId) => void): Disposable
  /** Sends one message and resolves with the one that comes back. */
  request(peer: PeerId, protocol: string, message: Uint8Array, signal?: Signal): Promise<Uint8Array>
  /** Answers the requests of a protocol. A rejection aborts the stream. */
  onRequest(
    protocol: string,
    answer: (message: Uint8Array, from: PeerId) => Promise<Uint8Array>,
  ): Disposable
  /** Tells of each peer that messages are exchanged with directly: those that there are at once, and then who comes and goes. */
  onNeighbour(listener: (peer: PeerId, isUp: boolean) => void): Disposable
  /** The node's store; a service names its spaces `<service>/…`. */
  readonly store: Store
  /** Calls back once, after `ms`. */
  timer(ms: number, callback: () => void): Disposable
}

/** A capability that a node can be created with; `Api` is what the node then offers under its name. */
export interface Service<Name extends string = string, Api = unknown> {
  readonly name: Name
  start(host: ServiceHost): Promise<Api> | Api
}
