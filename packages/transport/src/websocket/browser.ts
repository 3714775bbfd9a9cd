/**
 * Links over WebSockets, in a browser: dials `ws` and `wss`.
 *
 * @packageDocumentation
 */
import type { Transport } from '@kithnet/types'
import { browserSockets } from './browser-sockets.ts'
import { type WebsocketOptions, WebsocketTransport } from './websocket-transport.ts'

export type { WebsocketFault } from './faults.ts'
export type { SocketCaps } from './sockets.ts'
export type { WebsocketOptions } from './websocket-transport.ts'

/** A WebSocket transport; whoever makes it closes it. */
export function websocketTransport(options: WebsocketOptions): Transport {
  return new WebsocketTransport(browserSockets, options)
}
