import type { LinkDown, LinkUp, Received } from '@kithnet/kernel'
import type { Subject } from './event-queue.ts'
import { Path } from './path.ts'

/** What happens to an end of a link. Up to `lastRemote` it comes over the network, the rest is local. */
export const linkKind = {
  message: 0,
  /** A dial reaches the other side. Its subject is the dialling end. */
  knock: 1,
  accepted: 2,
  refused: 3,
  fin: 4,
  reset: 5,
  dialTimeout: 6,
  keepalive: 7,
} as const

/** Kinds up to this one cross the network, where they can be lost to a partition or held by a clog. */
export const lastRemoteKind: number = linkKind.reset

/** What the link layer tells a machine. */
export type LinkEvent<Peer, Message> = Received<Peer, Message> | LinkUp<Peer> | LinkDown<Peer>

/** A peer's seat in the network, which outlives its crashes. */
export interface Seat<Peer, Message> {
  readonly peer: Peer
  /** Number of the peer, in the order in which peers were added. */
  readonly index: number
  /** The running process, if there is one. */
  station: Station<Peer, Message> | undefined
  /** A dead peer answers a dial with silence instead of a refusal. */
  vanished: boolean
  /** What waits until the clog is lifted. */
  clog: (() => void)[] | undefined
}

/** One life of a peer, from a start to a crash. */
export interface Station<Peer, Message> {
  readonly seat: Seat<Peer, Message>
  readonly ends: Map<Peer, LinkEnd<Peer, Message>>
  sentMessages: number
  sentBytes: number
  deliver(event: LinkEvent<Peer, Message>): void
  warm(peer?: Peer): number
}

/** Where an end of a link reports what happens to it. */
export interface LinkLayer<Peer, Message> {
  occur(end: LinkEnd<Peer, Message>, kind: number, detail: unknown): void
}

/** One side's half of a link, and the path that leads away from it. */
export class LinkEnd<Peer, Message> extends Path implements Subject {
  state: 'dialling' | 'up' | 'down'
  readonly station: Station<Peer, Message>
  readonly remote: Seat<Peer, Message> | undefined
  readonly remotePeer: Peer
  /** Numbers of this side's peer and of the remote one, -1 when nobody has that name. */
  readonly index: number
  readonly remoteIndex: number
  /** The other half, once the dial has arrived there. */
  other: LinkEnd<Peer, Message> | undefined
  /** This side's machine has sent and not released. */
  inUse = false
  /** It went down without a word: what arrives here is not answered. */
  silent = false
  /** Since when nothing can have arrived, or -1. */
  deafSinceUs = -1
  /** Sent before the link stood. */
  #waiting: Message[] | undefined
  /** Event id of the dial's deadline, or -1. */
  deadline = -1
  readonly #layer: LinkLayer<Peer, Message>

  constructor(
    layer: LinkLayer<Peer, Message>,
    station: Station<Peer, Message>,
    remotePeer: Peer,
    remote: Seat<Peer, Message> | undefined,
    state: 'dialling' | 'up',
  ) {
    super()
    this.#layer = layer
    this.station = station
    this.remotePeer = remotePeer
    this.remote = remote
    this.index = station.seat.index
    this.remoteIndex = remote?.index ?? -1
    this.state = state
  }

  /** Messages that wait for the link. */
  get waiting(): number {
    return this.#waiting?.length ?? 0
  }

  /** Keeps a message until the link stands. */
  hold(message: Message): void {
    this.#waiting ??= []
    this.#waiting.push(message)
  }

  /** What has waited, which waits no more. */
  takeWaiting(): readonly Message[] {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    return waiting
  }

  warm(): number {
    return this.index + this.deadline + this.station.warm(this.remotePeer)
  }

  occur(kind: number, detail: unknown): void {
    this.#layer.occur(this, kind, detail)
  }
}
