import { defaultPolicy } from '@kithnet/fountain'
import { after, instant, pick, type Rng, sample } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { refText } from '../../packages/holonomic/src/content/content-ref.ts'
import { mean } from './membership-mean.ts'
import { simulatedContent } from './retention-contents.ts'
import { type Look, lookAt } from './retention-curve.ts'
import type { Kept, WorldPeer } from './retention-peer.ts'
import { RetentionWatch } from './retention-watch.ts'
import { RetentionWorld } from './retention-world.ts'

/** How large a world is. */
export interface Size {
  readonly peers: number
  readonly contents: number
  /** Contents that too many hold from the beginning. */
  readonly surplus: number
  /** When some peers lose room, when looks begin, and when the run ends. */
  readonly crowdedHours: number
  readonly lookHours: number
  readonly hours: number
}

const [secondMs, minuteMs] = [1_000, 60_000]
export const hourMs = 3_600_000
/** Means, both exponential. */
export const absenceMs: number = 30 * minuteMs
export const stayMs: number = 100 * 24 * hourMs
const liarShare = 0.1
const crowdedShare = 0.05
const withdrawnShare = 0.1
const surplusHolders = 45
const lookMs = 15 * minuteMs
const readMs = hourMs
/** Source: a keeper's `auditMs`, with its jitter, and an absence or two. */
const emptyMs = 3 * hourMs
const { sourceSymbols, repairSymbols } = defaultPolicy

/** What was seen of one world. */
export interface Outcome {
  readonly looks: readonly Look[]
  readonly watch: RetentionWatch
  /** Bytes of symbols at honest peers for a byte of content, on average. */
  readonly stored: number
  /** Holders of a content that are honest and not gone, on average. */
  readonly holders: number
  /** How long each read took of what could be read when it began, in milliseconds; Infinity when it failed. */
  readonly reads: readonly number[]
  /** Honest peers that are there and hold what was withdrawn, in the end. */
  readonly withdrawnLeft: number
  /** Liars that an honest peer counts as holders in the end. */
  readonly believed: number
  readonly unplaced: number
  readonly surplus: number
  readonly contentHours: number
}

/** One world, from the beginning to the end. */
export class Trial {
  readonly #size: Size
  readonly #availability: number
  readonly #world: RetentionWorld
  readonly #watch = new RetentionWatch()
  readonly #rng: Rng
  readonly #regular: Kept[] = []
  readonly #surplus: Kept[] = []
  readonly #looks: Look[] = []
  readonly #stored: number[] = []
  readonly #holders: number[] = []
  readonly #reads: number[] = []

  constructor(size: Size, availability: number, seed: number) {
    this.#size = size
    this.#availability = availability
    this.#world = new RetentionWorld({
      seed: `retention ${seed} ${availability}`,
      peers: size.peers,
      liarShare,
      coming: { availability, absenceMs, stayMs },
      watcher: this.#watch,
    })
    this.#watch.world = this.#world
    this.#rng = this.#world.network.rng('trial')
  }

  async run(): Promise<Outcome> {
    const { network } = this.#world
    const { contents, surplus, crowdedHours, lookHours, hours } = this.#size
    const authors = sample(
      this.#rng,
      this.#world.peers.filter(({ isHonest, isThere }) => isHonest && isThere),
      contents + surplus,
    )
    for (const [index, author] of authors.entries()) {
      const kept = await this.#publish(author, index)
      if (index < contents) this.#regular.push(kept)
      else this.#surplus.push(kept)
    }
    network.run(10 * secondMs)
    for (const kept of this.#surplus) this.#crowd(kept)
    for (const kept of this.#regular) this.#place(kept)
    const endMs = hours * hourMs
    const withdrawMs = (endMs * 2) / 3
    network.at(instant(crowdedHours * hourMs), () => this.#loseRoom())
    network.at(instant(withdrawMs), () => this.#withdraw())
    for (let at = lookHours * hourMs; at <= endMs; at += lookMs) {
      network.run(at - network.now)
      this.#lookAtAll(at % readMs === 0)
    }
    return this.#outcome()
  }

  async #publish(author: WorldPeer, index: number): Promise<Kept> {
    const content = await simulatedContent(author.peer, this.#rng.fork(`content ${index}`))
    const ref = { author: author.peer, content: content.id }
    const kept: Kept = {
      ref,
      text: refText(ref),
      content,
      publishedAt: undefined,
      withdrawnAt: undefined,
    }
    this.#world.publish(kept)
    return kept
  }

  /** Places it, again and again until it is; an author that goes away meanwhile does so when it is back. */
  #place(kept: Kept): void {
    const { network } = this.#world
    if (this.#watch.ledgerOf(kept.text).placedAt !== undefined) return
    this.#world.place(kept)
    network.at(after(network.now, 10 * minuteMs), () => this.#place(kept))
  }

  /** More honest peers than the target hold it, each share as often as the others. */
  #crowd(kept: Kept): void {
    const ranked = this.#world.rankedFor(kept).map((peer) => this.#world.peerOf(peer))
    const holders = ranked.filter(({ isHonest }) => isHonest).slice(0, surplusHolders)
    const shares = sourceSymbols + repairSymbols
    for (const [index, holder] of holders.entries()) {
      this.#world.plant(kept, holder, index % shares)
    }
    this.#watch.ledgerOf(kept.text).placedAt = instant(0)
  }

  #loseRoom(): void {
    const there = this.#world.peers.filter(({ isHonest, isThere }) => isHonest && isThere)
    const count = Math.round(there.length * crowdedShare)
    for (const peer of sample(this.#rng, there, count)) {
      this.#world.limit(peer, Math.floor(peer.storedBytes / 2))
    }
  }

  #withdraw(): void {
    const there = this.#regular.filter(({ ref }) => this.#world.peerOf(ref.author).isThere)
    const count = Math.max(1, Math.round(this.#regular.length * withdrawnShare))
    for (const kept of sample(this.#rng, there, count)) this.#world.withdraw(kept)
  }

  #lookAtAll(isRead: boolean): void {
    for (const kept of this.#regular) {
      if (kept.withdrawnAt !== undefined) continue
      const holders = this.#watch.presentHolders(kept.text)
      this.#watch.countDistinct(kept)
      const copies = new Map<number, number>()
      const shares = new Set<number>()
      let bytes = 0
      for (const { store, isThere } of holders) {
        for (const [share, symbol] of store.get(kept.text)!) {
          copies.set(share, (copies.get(share) ?? 0) + 1)
          bytes += symbol.bytes.length
          if (isThere) shares.add(share)
        }
      }
      const survives = shares.size >= sourceSymbols && kept.content.isRebuiltBy(shares)
      this.#looks.push(
        lookAt(survives, shares.size, copies.values(), sourceSymbols, this.#availability),
      )
      if (isRead && survives) this.#read(kept)
      this.#stored.push(bytes / kept.content.length)
      this.#holders.push(holders.length)
    }
  }

  /** Somebody who holds nothing of it, and is honest and there, reads what can be read at this moment. */
  #read(kept: Kept): void {
    const readers = this.#world.peers.filter(
      ({ isHonest, isThere, startedAt, store, owned }) =>
        isHonest &&
        isThere &&
        startedAt! + minuteMs < this.#world.network.now &&
        !store.has(kept.text) &&
        !owned.has(kept.text),
    )
    const began = this.#world.network.now
    this.#world.read(kept, pick(this.#rng, readers)!, (isWhole) => {
      this.#reads.push(isWhole ? this.#world.network.now - began : Infinity)
    })
  }

  /** A liar that has kept nothing for long enough for everybody to have asked it. */
  #isEmpty({ liar }: WorldPeer): boolean {
    if (liar === undefined) return false
    if (liar.lie !== 'forgetful') return true
    const { turnAt } = liar
    return turnAt !== undefined && after(turnAt, emptyMs) <= this.#world.network.now
  }

  #outcome(): Outcome {
    const world = this.#world
    const there = world.peers.filter(({ isHonest, isThere }) => isHonest && isThere)
    const withdrawn = [...world.contents.values()].filter((kept) => kept.withdrawnAt !== undefined)
    const believed = new Set<PeerId>()
    for (const { census, store } of there) {
      for (const [text, { proofs }] of census) {
        // Who no longer holds anything of it asks nobody any more.
        if (!store.has(text)) continue
        for (const { peer, until } of proofs) {
          if (until > world.network.now && this.#isEmpty(world.peerOf(peer))) believed.add(peer)
        }
      }
    }
    return {
      looks: this.#looks,
      watch: this.#watch,
      stored: mean(this.#stored),
      holders: mean(this.#holders),
      reads: this.#reads,
      withdrawnLeft: there.filter(({ store }) => withdrawn.some(({ text }) => store.has(text)))
        .length,
      believed: believed.size,
      surplus: this.#surplus.length,
      unplaced: this.#regular.filter(
        ({ text }) => this.#watch.ledgerOf(text).placedAt === undefined,
      ).length,
      contentHours: world.contents.size * this.#size.hours,
    }
  }
}
