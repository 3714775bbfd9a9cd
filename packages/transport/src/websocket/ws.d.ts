/** The part of `ws` that `node-sockets.ts` uses; the package ships no types. Source: its doc/ws.md, version 8. */
declare module 'ws' {
  import type { IncomingMessage } from 'node:http'
  import type { Duplex } from 'node:stream'

  export interface SocketOptions {
    readonly perMessageDeflate: false
    readonly maxPayload: number
    readonly maxFragments: number
    readonly maxBufferedChunks: number
    readonly handshakeTimeout?: number
    readonly followRedirects?: false
    /** Fills the 4 bytes that mask a client's frame. */
    readonly generateMask?: (mask: Uint8Array) => void
  }

  export class WebSocket {
    constructor(url: string, protocols: readonly string[], options: SocketOptions)
    readonly protocol: string
    readonly readyState: 0 | 1 | 2 | 3
    readonly isPaused: boolean
    on(event: 'open', listener: () => void): this
    on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): this
    on(event: 'error', listener: (error: Error & { readonly code?: string }) => void): this
    on(event: 'close', listener: (code: number) => void): this
    on(
      event: 'unexpected-response',
      listener: (request: unknown, response: IncomingMessage) => void,
    ): this
    send(
      data: Uint8Array,
      options: { readonly binary: true },
      done: (error?: Error | null) => void,
    ): void
    pause(): void
    resume(): void
    close(code?: number): void
    terminate(): void
  }

  export class WebSocketServer {
    constructor(
      options: SocketOptions & {
        readonly noServer: true
        readonly clientTracking: false
        readonly handleProtocols: (protocols: ReadonlySet<string>) => string | false
      },
    )
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Uint8Array,
      ready: (socket: WebSocket) => void,
    ): void
  }
}
