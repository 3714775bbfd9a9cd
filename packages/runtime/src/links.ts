import { CodedError, type Fault, type LinkDownCause } from '@kithnet/kernel'
import { LinkTable } from '@kithnet/transport'
import {
  type Address,
  addressParts,
  type Link,
  type LinkStats,
  type Listener,
  type PeerId,
  shortId,
  type Stream,
  type Transport,
} from '@kithnet/types'
import { AddressBook } from './address-book.ts'
import type { RuntimeFault } from './faults.ts'
import { type Channel, PeerLink } from './peer-link.ts'
import { later } from './system.ts'

/** Who is told what happens on links. */
export interface LinksOwner {
  /** `dialled`: where this side made the link; `undefined` when the other side did. */
  linkUp(peer: PeerId, publicKey: Uint8Array, dialled: Address | undefined): void
  linkDown(peer: PeerId, cause: LinkDownCause): void
  /** `bytes` are only valid during the call. */
  frame(from: PeerId, bytes: Uint8Array): void
  congested(peer: PeerId): void
  drained(peer: PeerId): void
  roundTrip(peer: PeerId, ms: number): void
  stream(stream: Stream, from: PeerId): void
  /** A peer was dialled at an address, and answered or did not. */
  dialled(peer: PeerId, where: Address, answered: boolean): void
  /** Something was dropped or refused: for counters and logs. */
  fault(peer: PeerId | undefined, fault: Fault): void
}

/** What a user sees of a link. */
export interface Connection extends LinkStats {
  readonly peer: PeerId
  readonly transport: string
  readonly suite: string
  readonly direction: 'dialled' | 'accepted'
  readonly address: string
  /** True while the overlay counts the peer among its neighbours. */
  readonly neighbour: boolean
}

/** Bytes on all links of a node since its start. */
export interface Traffic {
  readonly bytesSent: number
  readonly bytesReceived: number
}

interface Dialling {
  readonly frames: { readonly channel: Channel; readonly bytes: Uint8Array }[]
  bytes: number
  readonly done: Promise<boolean>
}

/**
 * The links of a node by peer: dials on demand, keeps one link between two peers, and lets go of links that nobody
 * needs. `LinkTable` decides which of several links is kept.
 */
export class Links {
  readonly book: AddressBook = new AddressBook()
  readonly #transports: readonly Transport[]
  readonly #owner: LinksOwner
  readonly #table: LinkTable
  readonly #linkByNumber = new Map<number, PeerLink>()
  readonly #usedByPeer = new Map<PeerId, PeerLink>()
  readonly #diallingByPeer = new Map<PeerId, Dialling>()
  readonly #neighbours = new Set<PeerId>()
  readonly #listeners: Listener[] = []
  readonly #closing = new AbortController()
  #number = 0
  /** Bytes of links that are gone. */
  #pastSent = 0
  #pastReceived = 0
  #sweep: Disposable

  constructor(self: PeerId, transports: readonly Transport[], owner: LinksOwner) {
    this.#table = new LinkTable(self)
    this.#transports = transports
    this.#owner = owner
    this.#sweep = later(sweepMs, () => this.#sweepLinks())
  }

  /** The addresses that are listened on, with their real ports. */
  get listening(): readonly Address[] {
    return this.#listeners.map((listener) => listener.address)
  }

  get connections(): readonly Connection[] {
    return Array.from(this.#usedByPeer, ([peer, { link }]) => ({
      peer,
      ...link.info,
      ...link.stats(),
      neighbour: this.#neighbours.has(peer),
    }))
  }

  /** Bytes handed to links and taken from them, those that are gone included. */
  get traffic(): Traffic {
    let bytesSent = this.#pastSent
    let bytesReceived = this.#pastReceived
    for (const { link } of this.#linkByNumber.values()) {
      const stats = link.stats()
      bytesSent += stats.bytesSent
      bytesReceived += stats.bytesReceived
    }
    return { bytesSent, bytesReceived }
  }

  async listen(where: Address): Promise<void> {
    const transport = this.#transportFor(where)
    if (transport === undefined) {
      const { scheme } = addressParts(where)
      throw new CodedError<RuntimeFault>(
        { code: 'runtime/bad-option', option: 'listen' },
        `Nothing here can listen on ${scheme}:// addresses. Add a transport for it, or leave it out of listen.`,
      )
    }
    this.#listeners.push(await transport.listen(where, (link) => this.#adopt(link)))
  }

  /** Sends a frame, making the link first when there is none. Frames that no link takes are dropped and told. */
  send(peer: PeerId, channel: Channel, bytes: Uint8Array): void {
    const used = this.#usedByPeer.get(peer)
    if (used !== undefined) {
      used.send(channel, bytes)
      return
    }
    if (this.#closing.signal.aborted) return
    const dialling = this.#diallingByPeer.get(peer) ?? this.#dial(peer)
    const isFull = dialling.frames.length >= maxWaitingFrames
    if (isFull || dialling.bytes + bytes.length > maxWaitingBytes) {
      this.#owner.fault(peer, { code: 'runtime/queue-full' })
      return
    }
    dialling.frames.push({ channel, bytes })
    dialling.bytes += bytes.length
  }

  /** True while there is a link to the peer. */
  has(peer: PeerId): boolean {
    return this.#usedByPeer.has(peer)
  }

  /** Opens a bulk stream. @throws CodedError `runtime/no-address` when the peer cannot be reached. */
  async open(peer: PeerId): Promise<Stream> {
    if (!this.#usedByPeer.has(peer)) await (this.#diallingByPeer.get(peer) ?? this.#dial(peer)).done
    const used = this.#usedByPeer.get(peer)
    if (used !== undefined) return used.link.open('bulk')
    throw new CodedError<RuntimeFault>(
      { code: 'runtime/no-address', peer },
      `Peer ${shortId(peer)} cannot be reached: no address is known for it, or none answered.`,
    )
  }

  neighbour(peer: PeerId, is: boolean): void {
    if (is) this.#neighbours.add(peer)
    else this.#neighbours.delete(peer)
  }

  /**
   * The overlay needs the link no more. It ends once it has been idle for a while and not at once, because the
   * other side may be about to answer on it.
   */
  release(peer: PeerId): void {
    this.#neighbours.delete(peer)
  }

  /** Cuts the link to a peer that broke the rules. */
  cut(peer: PeerId): void {
    this.#usedByPeer.get(peer)?.link.destroy()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#sweep[Symbol.dispose]()
    await Promise.allSettled(this.#listeners.map((listener) => listener.close()))
    await Promise.allSettled(Array.from(this.#linkByNumber.values(), ({ link }) => link.close()))
    await Promise.allSettled(this.#transports.map((transport) => transport.close()))
  }

  #transportFor(where: Address): Transport | undefined {
    const { scheme } = addressParts(where)
    const wanted = scheme === 'wss' ? 'ws' : scheme
    return this.#transports.find((transport) => transport.scheme === wanted)
  }

  #dial(peer: PeerId): Dialling {
    const dialling: Dialling = { frames: [], bytes: 0, done: this.#reach(peer) }
    this.#diallingByPeer.set(peer, dialling)
    void dialling.done.then(() => {
      this.#diallingByPeer.delete(peer)
      const used = this.#usedByPeer.get(peer)
      for (const { channel, bytes } of dialling.frames) used?.send(channel, bytes)
      if (used === undefined && !this.#closing.signal.aborted) {
        this.#owner.linkDown(peer, 'unreachable')
      }
    })
    return dialling
  }

  /** Tries the peer's addresses in order until one answers, or the peer itself has dialled. Never rejects. */
  async #reach(peer: PeerId): Promise<boolean> {
    for (const where of this.book.of(peer)) {
      const transport = this.#transportFor(where)
      if (transport === undefined) continue
      try {
        const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(dialTimeoutMs)])
        this.#adopt(await transport.dial(where, { expect: peer, signal }), where)
        this.#owner.dialled(peer, where, true)
        return true
      } catch (error) {
        if (this.#closing.signal.aborted) return false
        this.#owner.dialled(peer, where, false)
        if (error instanceof CodedError) this.#owner.fault(peer, error.fault)
      }
      if (this.#usedByPeer.has(peer)) return true
    }
    return false
  }

  /** Takes a fresh link in; the table says whether it is used, and which others end. */
  #adopt(link: Link, dialled?: Address): void {
    const peer = link.remote
    if (this.#closing.signal.aborted || this.#linkByNumber.size >= maxLinks) {
      if (!this.#closing.signal.aborted) this.#owner.fault(peer, { code: 'runtime/too-many-links' })
      link.destroy()
      return
    }
    const number = ++this.#number
    this.#linkByNumber.set(
      number,
      new PeerLink(link, dialled, {
        congested: () => this.#owner.congested(peer),
        drained: () => this.#owner.drained(peer),
        fault: (fault) => this.#owner.fault(peer, fault),
      }),
    )
    link.onStream = (stream) => this.#takeStream(peer, stream)
    link.onClose = (cause, fault) => this.#lost(number, cause, fault)
    const { direction } = link.info
    this.#settle({ type: 'accepted', link: number, remote: peer, direction })
  }

  #lost(number: number, cause: LinkDownCause, fault: Fault | undefined): void {
    const lost = this.#linkByNumber.get(number)
    if (lost === undefined) return
    this.#linkByNumber.delete(number)
    const { bytesSent, bytesReceived } = lost.link.stats()
    this.#pastSent += bytesSent
    this.#pastReceived += bytesReceived
    if (fault !== undefined) this.#owner.fault(lost.link.remote, fault)
    this.#settle({ type: 'gone', link: number }, cause)
  }

  #settle(event: Parameters<LinkTable['on']>[0], cause: LinkDownCause = 'closed'): void {
    for (const effect of this.#table.on(event)) {
      if (effect.type !== 'emit') continue
      const { output } = effect
      switch (output.type) {
        case 'use':
          this.#use(output.remote, this.#linkByNumber.get(output.link)!)
          break
        case 'drain':
          void this.#linkByNumber.get(output.link)?.link.close()
          break
        case 'refuse':
          this.#linkByNumber.get(output.link)?.link.destroy()
          break
        case 'alone':
          this.#usedByPeer.delete(output.remote)
          if (!this.#closing.signal.aborted) this.#owner.linkDown(output.remote, cause)
          break
      }
    }
  }

  #use(peer: PeerId, taken: PeerLink): void {
    const isFirst = !this.#usedByPeer.has(peer)
    this.#usedByPeer.set(peer, taken)
    if (isFirst) this.#owner.linkUp(peer, taken.link.remoteKey, taken.dialled)
    // What the link before it was congested with has gone with it.
    else this.#owner.drained(peer)
  }

  #takeStream(peer: PeerId, stream: Stream): void {
    if (stream.class === 'bulk') this.#owner.stream(stream, peer)
    else stream.onMessage = (message) => this.#owner.frame(peer, message)
  }

  /** Tells round trips, ends links that nobody needs, and dials anew where keys are old. */
  #sweepLinks(): void {
    for (const [peer, used] of this.#usedByPeer) {
      const { roundTripMs } = used.link.stats()
      if (roundTripMs !== undefined) this.#owner.roundTrip(peer, roundTripMs)
      const { idleTicks, keysAreOld } = used.tick(this.#neighbours.has(peer))
      if (idleTicks >= maxIdleTicks) void used.link.close()
      else if (keysAreOld && used.link.info.direction === 'dialled') void this.#reach(peer)
    }
    this.#sweep = later(sweepMs, () => this.#sweepLinks())
  }
}

/** Source: our choice; the tick of round trips and idle links. */
const sweepMs = 1_000
/** A link that nobody needs ends after this many ticks. Source: our choice; ten round trips of a bad network. */
const maxIdleTicks = 10
/** Established links of a node. Source: our choice; a neighbourhood is ten, the rest are walks and streams. */
const maxLinks = 512
/** Source: our choice; a little above the handshake's own limit. */
const dialTimeoutMs = 6_000
/** What waits for a link that is being made. Source: our choice; a join needs a handful of frames. */
const maxWaitingFrames = 256
const maxWaitingBytes = 1_048_576
