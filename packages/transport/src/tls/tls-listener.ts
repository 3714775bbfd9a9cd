import { CodedError, type Fault } from '@kithnet/kernel'
import { type Address, addressOf, type Link, type Listener } from '@kithnet/types'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { AcceptFault, TlsFault, UseFault } from '../faults.ts'
import { HalfOpenCount } from '../half-open.ts'
import { later } from '../host.ts'
import type { Pipe } from '../pipe.ts'
import type { SessionOptions, TlsHost } from './credentials.ts'
import { provenPeer, type ProvenPeer } from './proven-peer.ts'
import { TlsPipe } from './tls-pipe.ts'

/** Bounds of a listener. */
export interface ListenCaps {
  /** Most connections that are not yet links. */
  readonly maxHalfOpen: number
  /** The same from one address. */
  readonly maxHalfOpenPerAddress: number
  /** What a connection has from its first packet until it is a link. */
  readonly handshakeTimeoutMs: number
}

/** Source: our choice, `docs/limits.md`; a half-open TLS session takes about 100 KB. 5 s is the contract's. */
export const defaultListenCaps: ListenCaps = {
  maxHalfOpen: 256,
  maxHalfOpenPerAddress: 64,
  handshakeTimeoutMs: 5_000,
}

/** What a listener needs of its transport. */
export interface ListenerOwner {
  readonly host: TlsHost
  readonly session: SessionOptions
  readonly caps: ListenCaps
  /** Makes a link of a proven connection. */
  open(pipe: Pipe, peer: ProvenPeer, address: string, signal: AbortSignal): Promise<Link>
  /** A connection was shed. */
  shed(fault: Fault, address: string): void
  closed(listener: Listener): void
}

interface HalfOpen {
  readonly raw: Socket
  readonly abort: AbortController
  readonly deadline: Disposable
  readonly leave: () => void
}

/** A listening TCP socket that lets only as many into a TLS handshake as its caps allow. */
export class TlsListener implements Listener {
  readonly address: Address
  readonly #owner: ListenerOwner
  readonly #accept: (link: Link) => void
  readonly #server: Server
  /** Holds the session settings; it never listens itself. */
  readonly #sessions: import('node:tls').Server
  readonly #count: HalfOpenCount
  /** By remote address and port: the raw socket and its TLS session name each other only so. */
  readonly #halfOpenByOrigin = new Map<string, HalfOpen>()

  constructor(owner: ListenerOwner, server: Server, accept: (link: Link) => void) {
    this.#owner = owner
    this.#accept = accept
    this.#server = server
    const bound = server.address() as AddressInfo
    this.address = addressOf({ scheme: 'tls', host: bound.address, port: bound.port })
    this.#count = new HalfOpenCount(owner.caps)
    this.#sessions = owner.host.tls.createServer({
      ...owner.session,
      handshakeTimeout: owner.caps.handshakeTimeoutMs,
    })
    this.#sessions.on('secureConnection', (socket) => this.#secured(socket))
    this.#sessions.on('tlsClientError', (_error, socket) => this.#failed(socket))
    server.on('connection', (raw) => this.#arrived(raw))
  }

  /** Connections that are not links yet. */
  get halfOpen(): number {
    return this.#count.size
  }

  close(): Promise<void> {
    this.#server.close()
    for (const halfOpen of [...this.#halfOpenByOrigin.values()]) halfOpen.raw.destroy()
    this.#owner.closed(this)
    // The host closes the handle at the end of this turn of its loop; links that stand do not hold it up.
    return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }

  /** Counts the connection before anything is spent on it. */
  #arrived(raw: Socket): void {
    const from = raw.remoteAddress
    // Gone already.
    if (from === undefined) {
      raw.destroy()
      return
    }
    const leave = this.#count.enter(from)
    if (leave === undefined) {
      const scope = this.#count.size >= this.#owner.caps.maxHalfOpen ? 'all' : 'address'
      const fault: TlsFault = { code: 'transport/busy', scope }
      this.#owner.shed(fault, originOf(raw))
      raw.destroy()
      return
    }
    const origin = originOf(raw)
    const { handshakeTimeoutMs } = this.#owner.caps
    const abort = new AbortController()
    const deadline = later(handshakeTimeoutMs, () => {
      const fault: AcceptFault = {
        code: 'transport/handshake-timeout',
        timeoutMs: handshakeTimeoutMs,
      }
      this.#owner.shed(fault, origin)
      abort.abort(new CodedError(fault, `${origin} did not finish the handshake.`))
      raw.destroy()
    })
    this.#halfOpenByOrigin.set(origin, { raw, abort, deadline, leave })
    raw.on('error', () => {})
    raw.on('close', () => this.#leave(origin))
    this.#sessions.emit('connection', raw)
  }

  #leave(origin: string): void {
    const halfOpen = this.#halfOpenByOrigin.get(origin)
    if (halfOpen === undefined) return
    this.#halfOpenByOrigin.delete(origin)
    halfOpen.deadline[Symbol.dispose]()
    halfOpen.leave()
  }

  /** The session stands, which proves nothing yet: clients without a certificate come here too. */
  #secured(socket: TLSSocket): void {
    const origin = originOf(socket)
    const halfOpen = this.#halfOpenByOrigin.get(origin)
    socket.on('error', () => {})
    const peer = provenPeer(socket, 'server')
    if (halfOpen === undefined || !peer.ok) {
      socket.destroy()
      if (!peer.ok) this.#owner.shed(peer.fault, origin)
      return
    }
    void this.#open(new TlsPipe(socket), peer.value, origin, halfOpen.abort.signal)
  }

  async #open(pipe: Pipe, peer: ProvenPeer, origin: string, signal: AbortSignal): Promise<void> {
    try {
      const link = await this.#owner.open(pipe, peer, `tls://${origin}`, signal)
      this.#leave(origin)
      this.#accept(link)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      if (!signal.aborted) this.#owner.shed(error.fault, origin)
    }
  }

  #failed(socket: TLSSocket): void {
    const fault: TlsFault = { code: 'transport/tls-rejected', what: 'handshake' }
    this.#owner.shed(fault, originOf(socket))
    socket.destroy()
  }
}

/** Binds a TCP socket. @throws CodedError `transport/address-in-use` or `transport/cannot-listen`. */
export function bindTcp(
  { net }: TlsHost,
  where: Address,
  host: string,
  port: number,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(where, error)))
    server.listen({ host, port, backlog }, () => {
      server.removeAllListeners('error')
      // Out of file descriptors, for instance: connections wait in the kernel until there are some.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

function listenError(where: Address, error: NodeJS.ErrnoException): CodedError<UseFault> {
  if (error.code === 'EADDRINUSE') {
    return new CodedError<UseFault>(
      { code: 'transport/address-in-use', address: where },
      `Another program listens on ${where} already. Choose another port, or 0 for any free one.`,
      { cause: error },
    )
  }
  return new CodedError<UseFault>(
    { code: 'transport/cannot-listen', address: where },
    `Cannot listen on ${where} (${error.code ?? error.message}). Use an address of this machine and a port that you may open.`,
    { cause: error },
  )
}

function originOf(socket: Socket): string {
  const host = socket.remoteAddress ?? '?'
  return `${host.includes(':') ? `[${host}]` : host}:${socket.remotePort ?? 0}`
}

/** Source: what Node asks for by default. */
const backlog = 511
