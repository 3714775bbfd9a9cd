/**
 * Links over WebSockets, in Node: dials `ws` and `wss`, listens on `ws`.
 *
 * @packageDocumentation
 */
import type { Transport } from '@kithnet/types'
import type { Sockets } from './sockets.ts'
import { type WebsocketOptions, WebsocketTransport } from './websocket-transport.ts'

export type { WebsocketFault } from './faults.ts'
export type { SocketCaps } from './sockets.ts'
export type { WebsocketOptions } from './websocket-transport.ts'

/** HTTP and `ws` take 10 MB, which a node without a WebSocket link does without: the first one loads them. */
const sockets: Sockets = {
  async open(address, signal) {
    const { nodeSockets } = await import('./node-sockets.ts')
    return nodeSockets.open(address, signal)
  },
  async listen(address, caps, accept) {
    const { nodeSockets } = await import('./node-sockets.ts')
    return nodeSockets.listen(address, caps, accept)
  },
}

/** A WebSocket transport; whoever makes it closes it. */
export function websocketTransport(options: WebsocketOptions): Transport {
  return new WebsocketTransport(sockets, options)
}
