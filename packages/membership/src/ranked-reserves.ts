import type { Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'
import { PartialView } from './partial-view.ts'
import { type Digest, PeerDigest } from './peer-digest.ts'
import type { Reserves } from './reserves.ts'

/** Slots that get a new seed at each rotation. Source: facts on eclipse: 6 seeds every 25 cycles. */
const rotatedSlots = 6

/** Peers that wait to be tried for each that is tried at a time. Source: our choice. */
const waitingPerTry = 8

/** Ids remembered that win no slot. Source: our choice; an id costs 0.6 us to rank. */
const maxLosers = 1_024

/** The rank that nobody needs to beat. */
const noRank = 0xffffffff

/** A peer that holds a slot. */
interface Holder {
  readonly digest: Digest
  isProven: boolean
  slots: number
}

/**
 * Reserves by rank: slot i keeps the peer with the least hash of its id under the slot's secret seed, so that
 * it counts who was heard of and never how often. A slot has two holders: the least of those whose address has
 * proven true, and the least of those heard of since that would take its place, once tried.
 *
 * Source: Auvolat, Bromberg, Frey, Mvondo and Taïani, "Basalt", Middleware 2023. Departure: the second holder.
 * Without it whoever signs descriptors of peers that do not exist would fill every slot.
 */
export class RankedReserves implements Reserves {
  readonly offerable: PartialView
  readonly #untried: PartialView
  readonly #rng: Rng
  readonly #digest: PeerDigest
  readonly #seeds: Uint32Array
  readonly #proven: (PeerId | undefined)[]
  readonly #provenRank: Uint32Array
  readonly #challenger: (PeerId | undefined)[]
  readonly #challengerRank: Uint32Array
  readonly #holders = new Map<PeerId, Holder>()
  /** Ids that win no slot as long as no slot falls to a greater rank: most ids are heard of again and again. */
  readonly #losers = new Set<PeerId>()
  #nextRotated = 0

  /** `slots` >= 1. `rng` must be unpredictable to others in a network that is not simulated. */
  constructor(slots: number, rng: Rng) {
    this.#rng = rng
    this.#digest = PeerDigest.random(rng)
    this.offerable = new PartialView(slots)
    this.#untried = new PartialView(slots)
    this.#seeds = Uint32Array.from({ length: slots }, () => rng.u32())
    this.#proven = Array.from({ length: slots }, () => undefined)
    this.#challenger = Array.from({ length: slots }, () => undefined)
    this.#provenRank = new Uint32Array(slots).fill(noRank)
    this.#challengerRank = new Uint32Array(slots).fill(noRank)
  }

  get size(): number {
    return this.#holders.size
  }

  get values(): readonly KnownPeer[] {
    return [...this.offerable.values, ...this.#untried.values]
  }

  has(peer: PeerId): boolean {
    return this.#holders.has(peer)
  }

  get(peer: PeerId): KnownPeer | undefined {
    return this.offerable.get(peer) ?? this.#untried.get(peer)
  }

  untried(rng: Rng, most: number): readonly KnownPeer[] {
    const count = Math.min(most, 1 + Math.floor(this.#untried.size / waitingPerTry))
    const peers: KnownPeer[] = []
    this.#untried.sampleInto(peers, rng, count)
    if (peers.length === 0) this.offerable.sampleInto(peers, rng, Math.min(most, 1))
    return peers
  }

  wants(peer: PeerId): boolean {
    if (this.#losers.has(peer)) return false
    if (this.#slotsWon(this.#digest.of(peer), false).length > 0) return true
    if (this.#losers.size >= maxLosers) this.#losers.clear()
    this.#losers.add(peer)
    return false
  }

  take(known: KnownPeer, isProven: boolean, _given: PeerId[], left: PeerId[]): boolean {
    const { peer } = known.descriptor
    const digest = this.#digest.of(peer)
    const slots = this.#slotsWon(digest, isProven)
    if (slots.length === 0) return false
    const holder: Holder = { digest, isProven, slots: 0 }
    this.#holders.set(peer, holder)
    for (const slot of slots) this.#give(slot, peer, holder, left)
    // Those it displaced have left by now, so there is room.
    if (isProven) this.offerable.add(known)
    else this.#untried.add(known)
    return true
  }

  prove(peer: PeerId, left: PeerId[]): void {
    const known = this.#untried.get(peer)
    const holder = this.#holders.get(peer)
    if (known === undefined || holder === undefined) return
    const slots = this.#slotsWon(holder.digest, true)
    holder.isProven = true
    this.#untried.delete(peer)
    for (const slot of slots) this.#give(slot, peer, holder, left)
    // A challenger ranks before the proven holder of its slot, so it has won one.
    this.offerable.add(known)
  }

  renew(known: KnownPeer): boolean {
    return this.offerable.renew(known) || this.#untried.renew(known)
  }

  delete(peer: PeerId): boolean {
    if (!this.#holders.has(peer)) return false
    this.#remove(peer)
    return true
  }

  rotate(left: PeerId[]): void {
    const count = Math.min(rotatedSlots, this.#seeds.length)
    this.#losers.clear()
    for (let turn = 0; turn < count; turn++) {
      const slot = this.#nextRotated
      this.#nextRotated = (slot + 1) % this.#seeds.length
      this.#seeds[slot] = this.#rng.u32()
      const before = [this.#proven[slot], this.#challenger[slot]]
      this.#refill(slot)
      this.#refillChallenger(slot)
      for (const peer of before) this.#vacate(peer, left)
    }
  }

  clear(): void {
    this.offerable.clear()
    this.#untried.clear()
    this.#holders.clear()
    this.#losers.clear()
    this.#proven.fill(undefined)
    this.#challenger.fill(undefined)
    this.#provenRank.fill(noRank)
    this.#challengerRank.fill(noRank)
  }

  /** The slots where a newcomer ranks before whom it has to beat. */
  #slotsWon(digest: Digest, isProven: boolean): number[] {
    const won: number[] = []
    for (let slot = 0; slot < this.#seeds.length; slot++) {
      const rank = rankOf(digest, this.#seeds[slot]!)
      if (rank >= this.#provenRank[slot]!) continue
      if (isProven || rank < this.#challengerRank[slot]!) won.push(slot)
    }
    return won
  }

  #give(slot: number, peer: PeerId, holder: Holder, left: PeerId[]): void {
    const rank = rankOf(holder.digest, this.#seeds[slot]!)
    holder.slots++
    if (!holder.isProven) {
      this.#vacate(this.#setChallenger(slot, peer, rank), left)
      return
    }
    const before = this.#proven[slot]
    this.#proven[slot] = peer
    this.#provenRank[slot] = rank
    this.#vacate(before, left)
    if (this.#challengerRank[slot]! < rank) return
    this.#vacate(this.#setChallenger(slot, undefined, noRank), left)
  }

  /** Answers with the challenger before. */
  #setChallenger(slot: number, peer: PeerId | undefined, rank: number): PeerId | undefined {
    const before = this.#challenger[slot]
    this.#challenger[slot] = peer
    this.#challengerRank[slot] = rank
    return before
  }

  /** A peer has lost one slot; who has none is here no more. */
  #vacate(peer: PeerId | undefined, left: PeerId[]): void {
    const holder = peer === undefined ? undefined : this.#holders.get(peer)
    if (peer === undefined || holder === undefined || --holder.slots > 0) return
    this.#holders.delete(peer)
    if (holder.isProven) this.offerable.delete(peer)
    else this.#untried.delete(peer)
    left.push(peer)
  }

  /** Takes a peer out of all its slots; the best of the others get them. */
  #remove(peer: PeerId): void {
    const { isProven } = this.#holders.get(peer)!
    this.#losers.clear()
    this.#holders.delete(peer)
    this.offerable.delete(peer)
    this.#untried.delete(peer)
    for (let slot = 0; slot < this.#seeds.length; slot++) {
      if (isProven && this.#proven[slot] === peer) this.#refill(slot)
      if (!isProven && this.#challenger[slot] === peer) this.#refillChallenger(slot)
    }
  }

  /** Gives a slot to the least of the proven peers here. */
  #refill(slot: number): void {
    const [peer, rank] = this.#least(this.offerable, this.#seeds[slot]!)
    this.#proven[slot] = peer
    this.#provenRank[slot] = rank
    if (peer !== undefined) this.#holders.get(peer)!.slots++
  }

  #refillChallenger(slot: number): void {
    const [peer, rank] = this.#least(this.#untried, this.#seeds[slot]!)
    const isNeeded = rank < this.#provenRank[slot]!
    this.#setChallenger(slot, isNeeded ? peer : undefined, isNeeded ? rank : noRank)
    if (isNeeded && peer !== undefined) this.#holders.get(peer)!.slots++
  }

  #least(among: PartialView, seed: number): readonly [PeerId | undefined, number] {
    let least: PeerId | undefined
    let leastRank = noRank
    for (const { descriptor } of among) {
      const rank = rankOf(this.#holders.get(descriptor.peer)!.digest, seed)
      if (rank >= leastRank) continue
      least = descriptor.peer
      leastRank = rank
    }
    return [least, leastRank]
  }
}

/**
 * A peer's rank under a seed. The digest is secret and as good as random, so an integer mixer suffices to
 * make the ranks of one peer under two seeds independent.
 *
 * Source of the constants: the finalizer of splitmix32, as in the kernel's `seededRng`.
 */
function rankOf({ low, high }: Digest, seed: number): number {
  let word = low ^ seed
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
  word ^= high
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
  return (word ^ (word >>> 15)) >>> 0
}
