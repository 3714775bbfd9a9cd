// `ws` ships no types, and an import of ours would exist at run time.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./ws.d.ts" />
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CodedError, type Signal } from '@kithnet/kernel'
import { type Address, addressParts } from '@kithnet/types'
import { WebSocket, WebSocketServer } from 'ws'
import type { Carrier } from '../pq-channel/carrier.ts'
import type { WebsocketFault } from './faults.ts'
import { HalfOpenCount } from '../half-open.ts'
import { NodeCarrier } from './node-carrier.ts'
import {
  type AcceptedSocket,
  maxSocketMessageBytes,
  type SocketCaps,
  type SocketListener,
  type Sockets,
  subprotocol,
} from './sockets.ts'

/** Longest wait for the TCP connection and the upgrade. Source: our choice, as long as a handshake. */
const openTimeoutMs = 5_000

/** Bounds of one message on its way in. Source: our choice; a record fits in a fraction of each. */
const messageLimits = {
  perMessageDeflate: false,
  maxPayload: maxSocketMessageBytes,
  maxFragments: 64,
  maxBufferedChunks: 4_096,
} as const

/** Most bytes of an upgrade request's headers. Source: our choice; a browser sends about 1 KB. */
const maxHeaderBytes = 8_192

/**
 * Every byte that we send is ciphertext, or a fixed form around fresh public keys, so nobody can choose what a
 * middlebox sees, which is what masks are for (RFC 6455 section 10.3). A mask of zeros costs no pass over the data.
 */
const zeroMask = (mask: Uint8Array): void => void mask.fill(0)

/** The WebSockets of Node, by `ws`: unlike Node's own class, its sockets can be paused. */
export const nodeSockets: Required<Sockets> = { open, listen }

function open(address: Address, signal: Signal | undefined): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const socket = new WebSocket(`${address}/`, [subprotocol], {
      ...messageLimits,
      handshakeTimeout: openTimeoutMs,
      followRedirects: false,
      generateMask: zeroMask,
    })
    const abort = (): void => {
      reject(signal?.reason)
      socket.terminate()
    }
    signal?.addEventListener('abort', abort, { once: true })
    const settle = (): void => signal?.removeEventListener('abort', abort)
    socket.on('error', (error) => {
      settle()
      reject(unreachable(address, error.code ?? error.message, error))
    })
    socket.on('open', () => {
      settle()
      resolve(new NodeCarrier(socket, address))
    })
  })
}

function unreachable(address: Address, system: string, cause: Error): CodedError<WebsocketFault> {
  const sentence = `No Kithnet node answers at ${address} (${system}): check the address and that the node runs.`
  return new CodedError({ code: 'transport/unreachable', address }, sentence, { cause })
}

async function listen(
  address: Address,
  caps: SocketCaps,
  accept: (accepted: AcceptedSocket) => void,
): Promise<SocketListener> {
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: caps.handshakeTimeoutMs,
    requestTimeout: caps.handshakeTimeoutMs,
    keepAlive: false,
  })
  const doorkeeper = new Doorkeeper(server, caps, accept)
  const port = await bound(server, address)
  return {
    port,
    close: () => {
      // The port is free at once; the server's own callback would wait for the links.
      server.close()
      doorkeeper.close()
      return Promise.resolve()
    },
  }
}

function bound(server: Server, address: Address): Promise<number> {
  const { host, port } = addressParts(address)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(notListening(address, error)))
    server.listen({ host, port, exclusive: true }, () => {
      // From here an error is that of one failed accept, after which the server goes on.
      server.removeAllListeners('error').on('error', () => undefined)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function notListening(address: Address, error: NodeJS.ErrnoException): CodedError<WebsocketFault> {
  const options = { cause: error }
  if (error.code === 'EADDRINUSE') {
    const sentence = `${address} is in use: stop the other program or choose another port.`
    return new CodedError({ code: 'transport/address-in-use', address }, sentence, options)
  }
  const system = error.code ?? error.message
  const sentence = `Cannot listen on ${address} (${system}): choose an address of this machine and a port above 1023.`
  return new CodedError({ code: 'transport/cannot-listen', address }, sentence, options)
}

/** Lets connections in, at most so many at once, and shows them out when they take too long. */
class Doorkeeper {
  readonly #caps: SocketCaps
  readonly #accept: (accepted: AcceptedSocket) => void
  readonly #halfOpen: HalfOpenCount
  /** What ends each connection that is not yet a link. */
  readonly #admitBySocket = new Map<Duplex, () => void>()
  readonly #upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    ...messageLimits,
    handleProtocols: () => subprotocol,
  })

  constructor(server: Server, caps: SocketCaps, accept: (accepted: AcceptedSocket) => void) {
    this.#caps = caps
    this.#accept = accept
    this.#halfOpen = new HalfOpenCount(caps)
    server.on('connection', (socket) => this.#connected(socket))
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    server.on('request', (_, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end()
    })
    server.on('clientError', (_, socket) => socket.destroy())
  }

  /** Cuts what is not yet a link. */
  close(): void {
    for (const socket of this.#admitBySocket.keys()) socket.destroy()
  }

  #connected(socket: Socket): void {
    const leave = this.#halfOpen.enter(socket.remoteAddress ?? 'unknown')
    if (leave === undefined) {
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    const limit = setTimeout(() => socket.destroy(), this.#caps.handshakeTimeoutMs)
    const admit = (): void => {
      clearTimeout(limit)
      leave()
      this.#admitBySocket.delete(socket)
    }
    this.#admitBySocket.set(socket, admit)
    socket.once('close', admit)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const admit = this.#admitBySocket.get(socket)
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim())
    if (admit === undefined || offered?.includes(subprotocol) !== true) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
      return
    }
    const { remoteAddress } = request.socket
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      const carrier = new NodeCarrier(webSocket, remoteAddress ?? 'unknown')
      this.#accept({ carrier, admit })
    })
  }
}
