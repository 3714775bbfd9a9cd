import { assert, pick, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'

/** Draws before a view is looked through. Source: our choice; of three peers, two excepted, 98 % suffice. */
const maxDraws = 10

/** A bounded set of peers with their descriptors and uniform random picks. Its order is its history's. */
export class PartialView {
  readonly capacity: number
  readonly #peers: KnownPeer[] = []
  readonly #indexById = new Map<PeerId, number>()

  /** `capacity` >= 1, in peers. */
  constructor(capacity: number) {
    this.capacity = capacity
  }

  get size(): number {
    return this.#peers.length
  }

  get full(): boolean {
    return this.#peers.length >= this.capacity
  }

  /** The peers. Valid until the next change. */
  get values(): readonly KnownPeer[] {
    return this.#peers
  }

  has(peer: PeerId): boolean {
    return this.#indexById.has(peer)
  }

  get(peer: PeerId): KnownPeer | undefined {
    const index = this.#indexById.get(peer)
    return index === undefined ? undefined : this.#peers[index]
  }

  /** Adds a peer that is not there, while there is room. */
  add(known: KnownPeer): void {
    const peer = known.descriptor.peer
    assert(!this.full && !this.has(peer), 'a view has room for a new peer')
    this.#indexById.set(peer, this.#peers.length)
    this.#peers.push(known)
  }

  /** Keeps the descriptor if the peer is here with an older one; true when it did. */
  renew(known: KnownPeer): boolean {
    const index = this.#indexById.get(known.descriptor.peer)
    if (index === undefined) return false
    if (!isNewer(known, this.#peers[index]!)) return false
    this.#peers[index] = known
    return true
  }

  /** Puts a peer that is not there in the place of one that is. */
  replace(peer: PeerId, known: KnownPeer): void {
    const index = this.#indexById.get(peer)
    assert(index !== undefined, 'who is replaced is there')
    this.#indexById.delete(peer)
    this.#indexById.set(known.descriptor.peer, index)
    this.#peers[index] = known
  }

  /** True when the peer was there. */
  delete(peer: PeerId): boolean {
    const index = this.#indexById.get(peer)
    if (index === undefined) return false
    this.#indexById.delete(peer)
    const last = this.#peers.pop()!
    if (index < this.#peers.length) {
      this.#peers[index] = last
      this.#indexById.set(last.descriptor.peer, index)
    }
    return true
  }

  clear(): void {
    this.#peers.length = 0
    this.#indexById.clear()
  }

  /** A uniformly chosen peer other than these two, or `undefined` when there is none. */
  pick(rng: Rng, exceptA?: PeerId, exceptB?: PeerId): KnownPeer | undefined {
    const size = this.#peers.length
    // Drawing again keeps the choice uniform and is rarely needed; few peers are looked through instead.
    for (let tries = 0; size > 2 && tries < maxDraws; tries++) {
      const known = this.#peers[rng.below(size)]!
      const { peer } = known.descriptor
      if (peer !== exceptA && peer !== exceptB) return known
    }
    const choices = this.#peers.filter(({ descriptor }) => {
      return descriptor.peer !== exceptA && descriptor.peer !== exceptB
    })
    return pick(rng, choices)
  }

  /** At most `count` distinct uniformly chosen peers other than `except`, appended to `into`. */
  sampleInto(into: KnownPeer[], rng: Rng, count: number, except?: PeerId): void {
    // Floyd's selection: one draw per chosen peer and no copy of the view.
    const excluded = except === undefined ? undefined : this.#indexById.get(except)
    const size = this.#peers.length - (excluded === undefined ? 0 : 1)
    const wanted = Math.min(count, size)
    const start = into.length
    for (let bound = size - wanted + 1; bound <= size; bound++) {
      let known = this.#at(rng.below(bound), excluded)
      if (into.indexOf(known, start) !== -1) known = this.#at(bound - 1, excluded)
      into.push(known)
    }
  }

  [Symbol.iterator](): IterableIterator<KnownPeer> {
    return this.#peers[Symbol.iterator]()
  }

  #at(place: number, excluded: number | undefined): KnownPeer {
    return this.#peers[excluded !== undefined && place >= excluded ? place + 1 : place]!
  }
}

/** True when `known` replaces `held`: a later life, or the same life described later. */
export function isNewer(known: KnownPeer, held: KnownPeer): boolean {
  const difference = known.descriptor.incarnation - held.descriptor.incarnation
  return difference > 0 || (difference === 0 && known.descriptor.epoch > held.descriptor.epoch)
}
