import { memoryTransport } from '@kithnet/transport/memory'
import { tlsAvailable, tlsTransport } from '@kithnet/transport/tls'
import { websocketTransport } from '@kithnet/transport/websocket'
import type { TransportFactory } from './create-node.ts'

/** Every kind of link that this host has: TLS where its TLS is post-quantum, and WebSocket everywhere. */
export function defaultTransports(): readonly TransportFactory[] {
  const websocket: TransportFactory = (host) => websocketTransport(host)
  return tlsAvailable() ? [(host) => tlsTransport(host), websocket] : [websocket]
}

/** A free port of this machine, on the best link there is; none where nothing can listen. */
export function defaultListen(): readonly string[] {
  if (!canListen()) return []
  return [tlsAvailable() ? 'tls://127.0.0.1:0' : 'ws://127.0.0.1:0']
}

/** Links within one process: for tests and examples. */
export const inMemory: TransportFactory = (host) => memoryTransport(host)

function canListen(): boolean {
  return typeof process === 'object' && process.versions?.node !== undefined
}
