import { CodedError, type Fault, wipe } from '@kithnet/kernel'
import type { Identity } from '@kithnet/identity'
import {
  type Address,
  type AddressParts,
  addressParts,
  type DialOptions,
  type Link,
  type LinkInfo,
  type Listener,
  type NetworkId,
  type Transport,
} from '@kithnet/types'
import { requireWhom, transportClosed } from '../dialling.ts'
import type { TlsFault, UseFault } from '../faults.ts'
import { defaultLinkLimits, type LinkLimits } from '../limits.ts'
import { LinkSet } from '../link-set.ts'
import type { Pipe } from '../pipe.ts'
import { openLink } from '../session.ts'
import {
  type SessionOptions,
  sessionOptions,
  tlsAvailable,
  type TlsHost,
  tlsHost,
} from './credentials.ts'
import type { ProvenPeer } from './proven-peer.ts'
import { dialTls } from './tls-dial.ts'
import { bindTcp, defaultListenCaps, type ListenCaps, TlsListener } from './tls-listener.ts'

/** Options of `tlsTransport`. */
export interface TlsOptions {
  /** Whose key the certificate is made of. It stays the caller's. */
  readonly identity: Identity
  readonly network: NetworkId
  readonly limits?: Partial<LinkLimits>
  readonly caps?: Partial<ListenCaps>
  /** Told of each connection that a listener shed, and why. `address` is where it came from. */
  readonly onShed?: (fault: Fault, address: string) => void
}

/**
 * Links over TCP and TLS 1.3 with X25519MLKEM768 and mutual ML-DSA-65 certificates, made from the identity key.
 *
 * @throws CodedError `transport/no-pq-tls` where `tlsAvailable()` is false.
 */
export function tlsTransport(options: TlsOptions): Transport {
  const host = tlsHost()
  if (host === undefined || !tlsAvailable()) {
    throw new CodedError<TlsFault>(
      { code: 'transport/no-pq-tls' },
      'The TLS of this host has no post-quantum key exchange or signatures. Use the WebSocket transport, or Node 24.21 or later.',
    )
  }
  return new TlsTransport(host, options)
}

class TlsTransport implements Transport {
  readonly scheme = 'tls'
  readonly network: NetworkId
  readonly #host: TlsHost
  readonly #options: TlsOptions
  readonly #limits: LinkLimits
  readonly #caps: ListenCaps
  readonly #session: SessionOptions
  readonly #context: import('node:tls').SecureContext
  readonly #links = new LinkSet()

  constructor(host: TlsHost, options: TlsOptions) {
    this.network = options.network
    this.#host = host
    this.#options = options
    this.#limits = { ...defaultLinkLimits, ...options.limits }
    this.#caps = { ...defaultListenCaps, ...options.caps }
    const seed = options.identity.exportSeed('ml-dsa-65')
    this.#session = sessionOptions(host, seed)
    wipe(seed)
    this.#context = host.tls.createSecureContext(this.#session)
  }

  async listen(where: Address, accept: (link: Link) => void): Promise<Listener> {
    if (this.#links.isClosed) throw transportClosed()
    const { host, port } = partsOf(where)
    const server = await bindTcp(this.#host, where, host, port)
    const listener = new TlsListener(
      {
        host: this.#host,
        session: this.#session,
        caps: this.#caps,
        open: (pipe, peer, address, signal) =>
          this.#open(pipe, peer, { direction: 'accepted', address }, signal),
        shed: (fault, address) => this.#options.onShed?.(fault, address),
        closed: (closed) => this.#links.removeListener(closed),
      },
      server,
      accept,
    )
    this.#links.addListener(listener)
    if (this.#links.isClosed) {
      await listener.close()
      throw transportClosed()
    }
    return listener
  }

  async dial(where: Address, options: DialOptions): Promise<Link> {
    options.signal?.throwIfAborted()
    requireWhom(options)
    if (this.#links.isClosed) throw transportClosed()
    const { host, port } = partsOf(where)
    return dialTls(
      {
        tls: this.#host.tls,
        context: this.#context,
        session: this.#session,
        handshakeTimeoutMs: this.#caps.handshakeTimeoutMs,
        open: (pipe, peer, signal) =>
          this.#open(pipe, peer, { direction: 'dialled', address: where }, signal),
      },
      { where, host, port, ...options },
    )
  }

  async close(): Promise<void> {
    await this.#links.close()
    wipe(this.#session.key)
  }

  async #open(
    pipe: Pipe,
    peer: ProvenPeer,
    { direction, address }: Pick<LinkInfo, 'direction' | 'address'>,
    signal: AbortSignal,
  ): Promise<Link> {
    const link = await openLink(
      pipe,
      {
        self: this.#options.identity.peer,
        network: this.network,
        remote: peer.peer,
        remoteKey: peer.publicKey,
        info: { transport: 'tls', suite: peer.suite, direction, address },
        limits: this.#limits,
        whenGone: (gone) => this.#links.remove(gone),
      },
      signal,
    )
    return this.#links.add(link)
  }
}

function partsOf(where: Address): AddressParts {
  const parts = addressParts(where)
  if (parts.scheme === 'tls') return parts
  throw new CodedError<UseFault>(
    { code: 'transport/bad-address', address: where },
    `${where} is not a tls:// address.`,
  )
}
