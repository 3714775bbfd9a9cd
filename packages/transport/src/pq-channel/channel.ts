import {
  type Claim,
  type Identity,
  mlDsaScheme,
  selectBackend,
  type SignatureScheme,
} from '@kithnet/identity'
import { drive, type Fired, type Io, type Signal } from '@kithnet/kernel'
import type { NetworkId, PeerId } from '@kithnet/types'
import type { Carrier } from './carrier.ts'
import { channelError } from './channel-error.ts'
import type { ChannelFault } from './faults.ts'
import { FrameReader } from './frames.ts'
import type { HandshakeGate } from './gate.ts'
import type {
  ChannelSession,
  Handshake,
  HandshakeConfig,
  HandshakeEvent,
  HandshakeOutput,
} from './handshake.ts'
import { Initiator } from './initiator.ts'
import { channelVersion } from './messages.ts'
import { hostNow, PqPipe } from './pq-pipe.ts'
import {
  channelPrimitives,
  type ChannelPrimitives,
  type ChannelSuite,
  preferredSuites,
} from './primitives.ts'
import { Responder } from './responder.ts'

/**
 * Most bytes kept while a handshake waits for a signature: what an initiator sends behind its finish. Source: our
 * choice; a link sends one short frame there.
 */
const maxEarlyBytes = 1_048_576

/** What a channel needs of an identity. */
export type ChannelIdentity = Pick<Identity, 'peer' | 'publicKey' | 'sign'>

/** What both ends of a channel are given. */
export interface ChannelOptions {
  readonly identity: ChannelIdentity
  readonly network: NetworkId
  /** Checks signatures; ML-DSA-65 unless a test replaces it. */
  readonly scheme?: Pick<SignatureScheme, 'verify'>
  /** Those of the selected backend unless given. */
  readonly primitives?: ChannelPrimitives
  /** Accepted suites, the most wanted first. Both are post-quantum. */
  readonly suites?: readonly ChannelSuite[]
  readonly signal?: Signal
}

/** An established channel. */
export interface SecureChannel {
  /** Paused until its handlers are set and it is resumed. */
  readonly pipe: PqPipe
  readonly remote: PeerId
  /** The ML-DSA-65 public key of `remote`. */
  readonly remoteKey: Uint8Array
  /** The negotiated cryptography, by name. */
  readonly suite: string
  /** 32 bytes that both ends of this channel, and nobody else, can compute. */
  readonly exporter: Uint8Array
}

/**
 * Runs the dialling end over a carrier. Takes the carrier over and ends it when the handshake fails.
 *
 * @throws CodedError with a code of `ChannelFault`; the reason of `signal` when it aborts.
 */
export function dialChannel(
  carrier: Carrier,
  options: ChannelOptions & { readonly expect: PeerId | 'first-contact' },
): Promise<SecureChannel> {
  const config = configOf(carrier, options)
  const machine = new Initiator({ ...config, expect: options.expect })
  return run(machine, config, carrier, options)
}

/**
 * Runs the accepting end over a carrier. Takes the carrier over and ends it when the handshake fails.
 *
 * @throws CodedError with a code of `ChannelFault`; the reason of `signal` when it aborts.
 */
export function acceptChannel(
  carrier: Carrier,
  options: ChannelOptions & { readonly gate: HandshakeGate },
): Promise<SecureChannel> {
  const config = configOf(carrier, options)
  const machine = new Responder({ ...config, gate: options.gate, address: carrier.address })
  return run(machine, config, carrier, options)
}

function configOf(carrier: Carrier, options: ChannelOptions): HandshakeConfig {
  const backend = selectBackend()
  return {
    primitives: options.primitives ?? channelPrimitives(backend),
    network: options.network,
    label: carrier.label,
    self: options.identity.peer,
    selfKey: options.identity.publicKey,
    versions: [channelVersion],
    suites: options.suites ?? preferredSuites(backend.name),
  }
}

/** Runs a handshake machine over a carrier until it has succeeded or failed. */
async function run(
  machine: Handshake,
  { primitives }: HandshakeConfig,
  carrier: Carrier,
  options: ChannelOptions,
): Promise<SecureChannel> {
  const { signal } = options
  const driver = new HandshakeDriver(machine, primitives, carrier, options)
  const abort = (): void => driver.abandon(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    if (signal?.aborted === true) abort()
    else driver.start()
  } catch (error) {
    driver.abandon(error)
  }
  try {
    return await driver.channel
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** Gives a handshake machine its carrier, its timer and its signatures. */
class HandshakeDriver {
  readonly #machine: Handshake
  readonly #primitives: ChannelPrimitives
  readonly #carrier: Carrier
  readonly #identity: ChannelIdentity
  readonly #scheme: Pick<SignatureScheme, 'verify'>
  readonly #reader = new FrameReader()
  readonly #channel = Promise.withResolvers<SecureChannel>()
  readonly #feed: (event: HandshakeEvent | Fired<'timeout'>) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #settled = false

  constructor(
    machine: Handshake,
    primitives: ChannelPrimitives,
    carrier: Carrier,
    { identity, scheme }: ChannelOptions,
  ) {
    this.#machine = machine
    this.#primitives = primitives
    this.#carrier = carrier
    this.#identity = identity
    this.#scheme = scheme ?? mlDsaScheme()
    this.#feed = drive(machine, this.#io())
  }

  /** Settles when the handshake is over. */
  get channel(): Promise<SecureChannel> {
    return this.#channel.promise
  }

  start(): void {
    this.#carrier.onBytes = (bytes) => this.#receive(bytes)
    this.#carrier.onEnd = () => this.#feed({ type: 'ended' })
    this.#feed({ type: 'started' })
  }

  /** Ends the handshake for a reason of this host, unless it is over. */
  abandon(error: unknown): void {
    if (this.#settled) return
    this.#settle()
    this.#feed({ type: 'ended' })
    this.#carrier.destroy()
    this.#channel.reject(error)
  }

  #io(): Io<'carrier', Uint8Array, 'timeout', HandshakeOutput> {
    return {
      now: hostNow,
      send: (_, message) => void this.#carrier.send(message),
      arm: (key, at) => {
        this.#timer = setTimeout(() => this.#feed({ type: 'fired', key }), at - hostNow())
      },
      disarm: () => clearTimeout(this.#timer),
      release: () => undefined,
      persist: () => undefined,
      emit: (output) => this.#perform(output),
    }
  }

  #perform(output: HandshakeOutput): void {
    switch (output.type) {
      case 'sign':
        this.#answer(this.#identity.sign('handshake', output.body), (signature) => {
          this.#feed({ type: 'signed', signature })
        })
        return
      case 'verify': {
        const { publicKey, body, signature } = output
        const claim: Claim = { domain: 'handshake', publicKey, body, signature }
        this.#answer(this.#scheme.verify(claim), (valid) => this.#feed({ type: 'verified', valid }))
        return
      }
      case 'established':
        this.#establish(output.session)
        return
      case 'failed':
        this.#fail(output.fault)
    }
  }

  /** Gives the machine what it waited for, then the frames that came in the meantime. */
  #answer<Value>(work: Promise<Value>, give: (value: Value) => void): void {
    this.#carrier.pause()
    const resume = (value: Value): void => {
      give(value)
      if (this.#settled) return
      this.#carrier.resume()
      this.#read()
    }
    work.then(resume).catch((error: unknown) => this.abandon(error))
  }

  #receive(bytes: Uint8Array): void {
    if (this.#settled) return
    this.#reader.push(bytes)
    if (this.#reader.bufferedBytes > maxEarlyBytes) {
      this.#fail({ code: 'transport/channel-flood', maxBytes: maxEarlyBytes })
    } else {
      this.#read()
    }
  }

  #read(): void {
    while (!this.#settled && !this.#machine.busy) {
      const frame = this.#reader.next()
      if (!frame.ok) {
        this.#fail(frame.fault)
        return
      }
      if (frame.value === undefined) return
      this.#feed({ type: 'received', frame: frame.value })
    }
  }

  #establish(session: ChannelSession): void {
    if (this.#settled) return
    this.#settle()
    const parts = { carrier: this.#carrier, reader: this.#reader, session }
    const pipe = new PqPipe({ ...parts, primitives: this.#primitives })
    const { remote, remoteKey, suite, exporter } = session
    this.#channel.resolve({ pipe, remote, remoteKey, suite: suite.name, exporter })
  }

  #fail(fault: ChannelFault): void {
    if (this.#settled) return
    this.#settle()
    this.#feed({ type: 'ended' })
    this.#carrier.onBytes = () => undefined
    this.#carrier.close()
    this.#channel.reject(channelError(fault, this.#carrier.address))
  }

  #settle(): void {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#carrier.onEnd = () => undefined
  }
}
