import { selectBackend, type SignatureScheme } from '@kithnet/identity'
import { CodedError, type Fault } from '@kithnet/kernel'
import {
  type Address,
  addressOf,
  addressParts,
  type DialOptions,
  type Link,
  type LinkInfo,
  type Listener,
  type NetworkId,
  type PeerId,
  type Transport,
} from '@kithnet/types'
import { requireWhom, transportClosed } from '../dialling.ts'
import { later } from '../host.ts'
import { defaultLinkLimits, type LinkLimits } from '../limits.ts'
import type { Carrier } from '../pq-channel/carrier.ts'
import {
  acceptChannel,
  type ChannelIdentity,
  type ChannelOptions,
  dialChannel,
  type SecureChannel,
} from '../pq-channel/channel.ts'
import { defaultGateLimits, type GateLimits, HandshakeGate } from '../pq-channel/gate.ts'
import { channelPrimitives } from '../pq-channel/primitives.ts'
import { openLink } from '../session.ts'
import type { WebsocketFault } from './faults.ts'
import {
  type AcceptedSocket,
  defaultSocketCaps,
  type SocketCaps,
  type SocketListener,
  type Sockets,
} from './sockets.ts'

/** What a WebSocket transport is given. */
export interface WebsocketOptions {
  readonly identity: ChannelIdentity
  readonly network: NetworkId
  readonly limits?: Partial<LinkLimits>
  /** Bounds of connections that are not yet links, for each listener. */
  readonly caps?: Partial<SocketCaps>
  /** From how many handshakes on a listener asks for cookies, and refuses. */
  readonly gate?: Partial<GateLimits>
  /** Checks signatures; ML-DSA-65 unless a test replaces it. */
  readonly scheme?: Pick<SignatureScheme, 'verify'>
  /** Sees every WebSocket that came in and did not become a link. */
  readonly onRefused?: (address: string, fault: Fault | undefined) => void
}

/** Links over WebSockets: a `pq-channel` inside, so the socket itself needs no trust. Dials `ws` and `wss`. */
export class WebsocketTransport implements Transport {
  readonly scheme = 'ws'
  readonly network: NetworkId
  readonly #sockets: Sockets
  readonly #identity: ChannelIdentity
  readonly #limits: LinkLimits
  readonly #caps: SocketCaps
  readonly #gateLimits: GateLimits
  readonly #scheme: Pick<SignatureScheme, 'verify'> | undefined
  readonly #onRefused: (address: string, fault: Fault | undefined) => void
  readonly #listeners = new Set<Listener>()
  /** Everything under way, so that closing can end it. */
  readonly #attempts = new Set<AbortController>()
  readonly #carrierByLink = new Map<Link, Carrier>()
  #closed = false

  constructor(sockets: Sockets, options: WebsocketOptions) {
    this.network = options.network
    this.#sockets = sockets
    this.#identity = options.identity
    this.#limits = { ...defaultLinkLimits, ...options.limits }
    this.#caps = { ...defaultSocketCaps, ...options.caps }
    this.#gateLimits = { ...defaultGateLimits, ...options.gate }
    this.#scheme = options.scheme
    this.#onRefused = options.onRefused ?? (() => undefined)
  }

  async listen(address: Address, accept: (link: Link) => void): Promise<Listener> {
    this.#assertOpen()
    const { listen } = this.#sockets
    if (listen === undefined) {
      const sentence = 'A browser cannot listen: dial another node instead.'
      throw new CodedError<WebsocketFault>({ code: 'transport/no-listening' }, sentence)
    }
    if (addressParts(address).scheme !== 'ws') {
      const sentence = `A WebSocket listener needs an address such as ws://127.0.0.1:9000, not ${address}; for wss, put a reverse proxy in front.`
      throw new CodedError<WebsocketFault>({ code: 'transport/bad-address', address }, sentence)
    }
    const gate = new HandshakeGate(channelPrimitives(selectBackend()), this.#gateLimits)
    const sockets = await listen(address, this.#caps, (accepted) => {
      void this.#welcome(accepted, gate, accept)
    })
    const listener = this.#listener(address, sockets)
    if (this.#closed) {
      await listener.close()
      this.#assertOpen()
    }
    return listener
  }

  async dial(address: Address, options: DialOptions): Promise<Link> {
    this.#assertOpen()
    const { scheme } = addressParts(address)
    if (scheme !== 'ws' && scheme !== 'wss') {
      const sentence = `${address} is no WebSocket address: use ws:// or wss://.`
      throw new CodedError<WebsocketFault>({ code: 'transport/bad-address', address }, sentence)
    }
    requireWhom(options)
    const { expect = 'first-contact', signal } = options
    signal?.throwIfAborted()
    const attempt = new AbortController()
    const abort = (): void => attempt.abort(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await this.#timed(attempt, address, () => this.#connect(address, expect, attempt))
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const attempt of this.#attempts) attempt.abort(transportClosed())
    await Promise.all([...this.#listeners].map((listener) => listener.close()))
    const open = [...this.#carrierByLink]
    await Promise.all(open.map(([link]) => link.close()))
    await Promise.all(open.map(([, carrier]) => carrier.gone))
  }

  async #connect(
    address: Address,
    expect: PeerId | 'first-contact',
    { signal }: AbortController,
  ): Promise<Link> {
    const carrier = await this.#sockets.open(address, signal)
    const channel = await dialChannel(carrier, { ...this.#channelOptions(), expect, signal })
    return this.#link(carrier, channel, 'dialled', signal)
  }

  /** Makes a link of an incoming connection, or nothing. */
  async #welcome(
    { carrier, admit }: AcceptedSocket,
    gate: HandshakeGate,
    accept: (link: Link) => void,
  ): Promise<void> {
    if (this.#closed) {
      carrier.destroy()
      return
    }
    let link: Link
    try {
      link = await this.#timed(new AbortController(), carrier.address, async ({ signal }) => {
        const options = { ...this.#channelOptions(), gate, signal }
        const channel = await acceptChannel(carrier, options)
        return this.#link(carrier, channel, 'accepted', signal)
      })
    } catch (error) {
      // A stranger's failure is no error of ours; whoever wants to know is told.
      this.#onRefused(carrier.address, error instanceof CodedError ? error.fault : undefined)
      return
    }
    admit()
    accept(link)
  }

  async #link(
    carrier: Carrier,
    { pipe, remote, remoteKey, suite }: SecureChannel,
    direction: LinkInfo['direction'],
    signal: AbortSignal,
  ): Promise<Link> {
    const info: LinkInfo = { transport: 'websocket', suite, direction, address: carrier.address }
    const { network } = this
    const who = { self: this.#identity.peer, remote, remoteKey }
    const link = await openLink(pipe, { ...who, network, info, limits: this.#limits }, signal)
    this.#carrierByLink.set(link, carrier)
    void carrier.gone.then(() => this.#carrierByLink.delete(link))
    return link
  }

  /** Ends an attempt that takes longer than a handshake may, or that outlives the transport. */
  async #timed(
    attempt: AbortController,
    address: string,
    work: (attempt: AbortController) => Promise<Link>,
  ): Promise<Link> {
    const timeoutMs = this.#caps.handshakeTimeoutMs
    const timer = later(timeoutMs, () => {
      const sentence = `${address} did not finish the handshake within ${timeoutMs} ms: check that a node listens there.`
      const fault = { code: 'transport/handshake-timeout', timeoutMs } as const
      attempt.abort(new CodedError(fault, sentence))
    })
    this.#attempts.add(attempt)
    try {
      return await work(attempt)
    } finally {
      timer[Symbol.dispose]()
      this.#attempts.delete(attempt)
    }
  }

  #channelOptions(): ChannelOptions {
    const scheme = this.#scheme
    const options = { identity: this.#identity, network: this.network }
    return scheme === undefined ? options : { ...options, scheme }
  }

  #listener(asked: Address, sockets: SocketListener): Listener {
    const address = addressOf({ ...addressParts(asked), port: sockets.port })
    const listener: Listener = {
      address,
      close: async () => {
        this.#listeners.delete(listener)
        await sockets.close()
      },
    }
    this.#listeners.add(listener)
    return listener
  }

  #assertOpen(): void {
    if (this.#closed) throw transportClosed()
  }
}
