import { randomBytes } from 'node:crypto'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { createIdentity } from '@kithnet/identity'
import type { Fault } from '@kithnet/kernel'
import {
  addressParts,
  type Link,
  type Listener,
  networkId,
  type PeerId,
  type Transport,
} from '@kithnet/types'
import { type SessionOptions, sessionOptions, tlsHost } from '../../src/tls/credentials.ts'
import { type ListenCaps, tlsTransport } from '../../src/tls/index.ts'
import { at } from './tcp-relay.ts'

export const network = networkId('tls test')

/** Session options of a fresh key: what a well-behaved peer uses. */
export function freshSession(): SessionOptions {
  return sessionOptions(tlsHost()!, randomBytes(32))
}

/** A listening transport and what it saw. */
export interface Listening extends AsyncDisposable {
  readonly transport: Transport
  readonly peer: PeerId
  readonly listener: Listener
  readonly port: number
  readonly links: Link[]
  readonly shed: { readonly fault: Fault; readonly address: string }[]
}

export async function listening(caps: Partial<ListenCaps> = {}): Promise<Listening> {
  const identity = createIdentity()
  const links: Link[] = []
  const shed: { readonly fault: Fault; readonly address: string }[] = []
  const onShed = (fault: Fault, address: string): number => shed.push({ fault, address })
  const transport = tlsTransport({ identity, network, caps, onShed })
  const listener = await transport.listen(at('tls://127.0.0.1:0'), (link) => links.push(link))
  const { port } = addressParts(listener.address)
  return {
    transport,
    peer: identity.peer,
    listener,
    port,
    links,
    shed,
    [Symbol.asyncDispose]: () => transport.close(),
  }
}

/** What became of a TLS client that is not one of ours. */
export interface RawOutcome {
  readonly socket: TLSSocket
  /** True when its own handshake finished, which tells nothing about the other side. */
  readonly secured: boolean
}

/** Connects with the options given; resolves when the session stands or has failed. */
export function rawClient(port: number, options: ConnectionOptions): Promise<RawOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
    socket.on('error', () => {})
    socket.once('secureConnect', () => resolve({ socket, secured: true }))
    socket.once('close', () => resolve({ socket, secured: false }))
  })
}

/** Resolves when a socket has gone. */
export function gone(socket: TLSSocket): Promise<void> {
  if (socket.closed) return Promise.resolve()
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
