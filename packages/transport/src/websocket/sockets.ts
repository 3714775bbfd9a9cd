import type { Address } from '@kithnet/types'
import { type Bytes, type Signal, utf8 } from '@kithnet/kernel'
import type { Carrier } from '../pq-channel/carrier.ts'
import { frameHeaderBytes, maxRecordBytes } from '../pq-channel/frames.ts'

/** What a host offers for WebSockets: Node dials and listens, a browser only dials. */
export interface Sockets {
  /** @throws CodedError `transport/unreachable`; the reason of `signal` when it aborts. */
  open(address: Address, signal: Signal | undefined): Promise<Carrier>
  /** Absent where the host cannot listen. */
  readonly listen?: (
    address: Address,
    caps: SocketCaps,
    accept: (accepted: AcceptedSocket) => void,
  ) => Promise<SocketListener>
}

/** Bounds of the connections of one listener that are not yet links. */
export interface SocketCaps {
  readonly maxHalfOpen: number
  readonly maxHalfOpenPerAddress: number
  /** From the TCP connection to the link. */
  readonly handshakeTimeoutMs: number
}

/** Source: our choice, `docs/limits.md`. A household or an office behind one address fits in the second. */
export const defaultSocketCaps: SocketCaps = {
  maxHalfOpen: 256,
  maxHalfOpenPerAddress: 64,
  handshakeTimeoutMs: 5_000,
}

/** A connection whose upgrade is done. */
export interface AcceptedSocket {
  readonly carrier: Carrier
  /** The connection is a link now: it no longer counts as half-open, nor is it timed out. */
  admit(): void
}

/** A listening socket. */
export interface SocketListener {
  readonly port: number
  /** Stops listening and cuts the connections that are not links. */
  close(): Promise<void>
}

/** The subprotocol, so that other WebSocket servers and clients are told apart at once. Source: our choice. */
export const subprotocol = 'kithnet.1'

/** What a carrier without an exporter says of its kind. */
export const websocketLabel: Bytes = utf8('none:websocket')

/** Longest WebSocket message: one record. */
export const maxSocketMessageBytes: number = frameHeaderBytes + maxRecordBytes + 16

/** Unsent bytes above which a writer is asked to wait, and below which it may go on. Source: our choice. */
export const highWaterBytes = 1_048_576
/** See `highWaterBytes`. */
export const lowWaterBytes = 262_144

/** How long a goodbye may take before the connection is cut. Source: our choice. */
export const goodbyeMs = 2_000
