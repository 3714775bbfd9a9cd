import { CodedError } from '@kithnet/kernel'
import {
  type Address,
  addressOf,
  addressParts,
  type DialOptions,
  type Link,
  type Listener,
  type NetworkId,
  type PeerId,
  type Transport,
} from '@kithnet/types'
import { requireWhom, transportClosed, wrongPeer } from '../dialling.ts'
import type { UseFault } from '../faults.ts'
import { defaultLinkLimits, type LinkLimits } from '../limits.ts'
import { LinkSet } from '../link-set.ts'
import type { Pipe } from '../pipe.ts'
import { openLink } from '../session.ts'
import { memoryPipes } from './memory-pipe.ts'

/** What a transport within one process needs of an identity. It proves nothing: everybody here is trusted. */
export interface MemoryIdentity {
  readonly peer: PeerId
  readonly publicKey: Uint8Array
}

/** Options of `memoryTransport`. */
export interface MemoryOptions {
  readonly identity: MemoryIdentity
  readonly network: NetworkId
  /** Who can reach whom. Default: one place that the whole process shares. */
  readonly place?: MemoryPlace
  readonly limits?: Partial<LinkLimits>
}

interface Bound {
  readonly identity: MemoryIdentity
  take(pipe: Pipe, from: MemoryIdentity): void
}

/** The names on which transports listen, for those who share it. */
export class MemoryPlace {
  readonly #boundByName = new Map<string, Bound>()
  #next = 1

  /** A name that nobody uses. */
  freeName(): string {
    while (this.#boundByName.has(`any-${this.#next}`)) this.#next++
    return `any-${this.#next++}`
  }

  bind(name: string, bound: Bound): boolean {
    if (this.#boundByName.has(name)) return false
    this.#boundByName.set(name, bound)
    return true
  }

  unbind(name: string): void {
    this.#boundByName.delete(name)
  }

  find(name: string): Bound | undefined {
    return this.#boundByName.get(name)
  }
}

const processPlace = new MemoryPlace()

/**
 * Links within one process: real streams, credit and goodbyes over bytes that never leave it. The host `any` in an
 * address to listen on gives a free name.
 */
export function memoryTransport(options: MemoryOptions): Transport {
  return new MemoryTransport(options)
}

class MemoryTransport implements Transport {
  readonly scheme = 'memory'
  readonly network: NetworkId
  readonly #identity: MemoryIdentity
  readonly #place: MemoryPlace
  readonly #limits: LinkLimits
  readonly #links = new LinkSet()

  constructor({ identity, network, place = processPlace, limits }: MemoryOptions) {
    this.network = network
    this.#identity = identity
    this.#place = place
    this.#limits = { ...defaultLinkLimits, ...limits }
  }

  listen(where: Address, accept: (link: Link) => void): Promise<Listener> {
    if (this.#links.isClosed) return Promise.reject(transportClosed())
    const { scheme, host } = addressParts(where)
    if (scheme !== 'memory') {
      return Promise.reject(
        new CodedError<UseFault>(
          { code: 'transport/bad-address', address: where },
          `${where} is not a memory:// address.`,
        ),
      )
    }
    const name = host === 'any' ? this.#place.freeName() : host
    const address = addressOf({ scheme, host: name, port: 0 })
    const bound: Bound = {
      identity: this.#identity,
      take: (pipe, from) => void this.#accept(pipe, from, address, accept),
    }
    if (!this.#place.bind(name, bound)) {
      return Promise.reject(
        new CodedError<UseFault>(
          { code: 'transport/address-in-use', address: where },
          `Somebody in this process listens on ${where} already. Choose another name, or memory://any.`,
        ),
      )
    }
    const listener: Listener = {
      address,
      close: () => {
        if (this.#place.find(name) === bound) this.#place.unbind(name)
        return Promise.resolve()
      },
    }
    this.#links.addListener(listener)
    return Promise.resolve(listener)
  }

  async dial(where: Address, options: DialOptions): Promise<Link> {
    options.signal?.throwIfAborted()
    requireWhom(options)
    if (this.#links.isClosed) throw transportClosed()
    const bound = this.#place.find(addressParts(where).host)
    if (bound === undefined) {
      throw new CodedError<UseFault>(
        { code: 'transport/unreachable', address: where },
        `Nobody in this process listens on ${where}. Check the name.`,
      )
    }
    const remote = bound.identity
    if (options.expect !== undefined && options.expect !== remote.peer) {
      throw wrongPeer(where, options.expect, remote.peer)
    }
    const [mine, theirs] = memoryPipes()
    bound.take(theirs, this.#identity)
    return this.#open(mine, remote, 'dialled', where, options.signal)
  }

  close(): Promise<void> {
    return this.#links.close()
  }

  async #accept(
    pipe: Pipe,
    from: MemoryIdentity,
    address: Address,
    accept: (link: Link) => void,
  ): Promise<void> {
    try {
      accept(await this.#open(pipe, from, 'accepted', address, undefined))
    } catch (error) {
      // The dialler is told; a listener goes on.
      if (!(error instanceof CodedError)) throw error
    }
  }

  async #open(
    pipe: Pipe,
    remote: MemoryIdentity,
    direction: 'dialled' | 'accepted',
    address: Address,
    signal: DialOptions['signal'],
  ): Promise<Link> {
    const link = await openLink(
      pipe,
      {
        self: this.#identity.peer,
        network: this.network,
        remote: remote.peer,
        remoteKey: remote.publicKey,
        info: { transport: 'memory', suite: 'none: within one process', direction, address },
        limits: this.#limits,
        whenGone: (gone) => this.#links.remove(gone),
      },
      signal,
    )
    return this.#links.add(link)
  }
}
