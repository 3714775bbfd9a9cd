import { defaultPolicy } from '@kithnet/fountain'
import type { Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ContentMessage } from '../../packages/holonomic/src/content/content-messages.ts'
import { refText } from '../../packages/holonomic/src/content/content-ref.ts'
import {
  defaultKeeperConfig,
  type KeeperOutput,
} from '../../packages/holonomic/src/content/keeper-events.ts'
import type { Kept, Watcher, WorldPeer } from './retention-peer.ts'
import type { RetentionWorld } from './retention-world.ts'

/** Source: the contract of this experiment. */
export const withdrawnWithinMs = 60_000
const { planMs, provenMs } = defaultKeeperConfig
const { targetHolders } = defaultPolicy

interface Holding {
  readonly peer: WorldPeer
  shares: number
}

/** What is seen of one content. */
class Ledger {
  /** Honest holders, gone ones included, by number of the peer. */
  readonly holders = new Map<number, Holding>()
  /** When somebody let go of shares because others have enough, and how many held some before. */
  readonly departures: { readonly at: Instant; readonly before: number }[] = []
  /** When honest holders left for good, that nobody has followed yet. */
  readonly vacancies: Instant[] = []
  placedAt: Instant | undefined
}

/** Sees what machines do, and notes where it is not what was promised. */
export class RetentionWatch implements Watcher {
  world: RetentionWorld | undefined
  readonly #ledgers = new Map<string, Ledger>()
  readonly #goneAt = new Map<WorldPeer, Instant>()
  /** When a liar first took something, and when it was first found out. */
  readonly #claimedAt = new Map<WorldPeer, Instant>()
  readonly #foundAt = new Map<WorldPeer, Instant>()
  /** Questions about contents that were withdrawn. */
  readonly #lateNonces = new Set<string>()
  readonly mendMs: number[] = []
  readonly withdrawMs: number[] = []
  readonly returnMs: number[] = []
  leastDistinct: number = Infinity
  leastAfterLeaving: number = Infinity
  mostBeyondSurplus: number = -Infinity
  leavers = 0
  crowded = 0
  servedLate = 0
  honestRejected = 0
  unmade = 0
  messages = 0

  said(peer: WorldPeer, _to: PeerId, message: ContentMessage, now: Instant): void {
    this.messages++
    if (message.type === 'kept' && !peer.isHonest && message.shares.length > 0) {
      if (!this.#claimedAt.has(peer)) this.#claimedAt.set(peer, now)
    }
    if (message.type === 'challenge' && this.#isWithdrawn(refText(message), now)) {
      this.#lateNonces.add(message.nonce)
    }
    if (!peer.isHonest) return
    const served =
      message.type === 'symbols'
        ? message.symbols.length > 0 && this.#isOver(peer, refText(message.ref), now)
        : (message.type === 'shown' || message.type === 'answer') &&
          this.#lateNonces.has(message.nonce)
    if (served) this.servedLate++
  }

  told(peer: WorldPeer, output: KeeperOutput, now: Instant): void {
    if (!peer.isHonest) return
    if (output.type === 'reject') {
      const rejected = this.world!.peerOf(output.from)
      if (rejected.isHonest) this.honestRejected++
      else this.#found(rejected, now)
    }
    if (output.type === 'placed') {
      if (output.holders.size >= targetHolders) this.ledgerOf(refText(output.ref)).placedAt ??= now
      for (const { peer: refused } of output.refused) {
        const one = this.world!.peerOf(refused)
        if (!one.isHonest) this.#found(one, now)
      }
    }
    if (output.type !== 'noted') return
    if (output.note.type === 'left') this.#left(refText(output.ref), now)
    if (output.note.type === 'crowded') this.crowded++
    if (output.note.type === 'unmade') this.unmade++
  }

  changed(kept: Kept, peer: WorldPeer, isHeld: boolean, now: Instant): void {
    const ledger = this.ledgerOf(kept.text)
    const holding = ledger.holders.get(peer.index) ?? { peer, shares: 0 }
    holding.shares += isHeld ? 1 : -1
    if (holding.shares === 0) ledger.holders.delete(peer.index)
    else ledger.holders.set(peer.index, holding)
    if (kept.withdrawnAt !== undefined && !isHeld) {
      const { startedAt } = peer
      if (startedAt! > kept.withdrawnAt) this.returnMs.push(now - startedAt!)
      else this.withdrawMs.push(now - kept.withdrawnAt)
      return
    }
    if (isHeld && holding.shares === 1) {
      const vacantSince = ledger.vacancies.shift()
      if (vacantSince !== undefined) this.mendMs.push(now - vacantSince)
    }
    if (!isHeld && ledger.placedAt !== undefined) this.countDistinct(kept)
  }

  left(peer: WorldPeer, now: Instant): void {
    this.#goneAt.set(peer, now)
    if (!peer.isHonest) return
    for (const text of peer.store.keys()) {
      const ledger = this.ledgerOf(text)
      if (this.world!.contents.get(text)!.withdrawnAt !== undefined) continue
      // One more than the target may be missed without anybody following.
      if (this.presentHolders(text).length < targetHolders) ledger.vacancies.push(now)
      if (ledger.placedAt !== undefined) this.countDistinct(this.world!.contents.get(text)!)
    }
  }

  ledgerOf(text: string): Ledger {
    let ledger = this.#ledgers.get(text)
    if (ledger === undefined) this.#ledgers.set(text, (ledger = new Ledger()))
    return ledger
  }

  /** Honest holders that have not left for good, whether they are there or not. */
  presentHolders(text: string): readonly WorldPeer[] {
    return [...this.ledgerOf(text).holders.values()]
      .map(({ peer }) => peer)
      .filter(({ isGone }) => !isGone)
  }

  /** Notes how many distinct shares honest peers have. */
  countDistinct(kept: Kept): void {
    const shares = new Set(
      this.presentHolders(kept.text).flatMap(({ store }) => [...store.get(kept.text)!.keys()]),
    )
    this.leastDistinct = Math.min(this.leastDistinct, shares.size)
  }

  /** Liars that took something, how many of them were found out, and how long that took. */
  liars(): { readonly claimed: number; readonly found: number; readonly ms: readonly number[] } {
    const ms: number[] = []
    for (const [liar, at] of this.#claimedAt) {
      const foundAt = this.#foundAt.get(liar)
      if (foundAt !== undefined) ms.push(foundAt - at)
    }
    return { claimed: this.#claimedAt.size, found: ms.length, ms }
  }

  #found(liar: WorldPeer, now: Instant): void {
    if (!this.#foundAt.has(liar)) this.#foundAt.set(liar, now)
  }

  /** Somebody let go: not beyond the surplus there was when the time of a plan began, and not below the target. */
  #left(text: string, now: Instant): void {
    const ledger = this.ledgerOf(text)
    const isCounted = (peer: WorldPeer): boolean => now - (this.#goneAt.get(peer) ?? now) < provenMs
    const after = [...ledger.holders.values()].filter(({ peer }) => isCounted(peer)).length
    ledger.departures.push({ at: now, before: after + 1 })
    const recent = ledger.departures.filter(({ at }) => now - at < planMs)
    const surplus = recent[0]!.before - targetHolders
    this.mostBeyondSurplus = Math.max(this.mostBeyondSurplus, recent.length - surplus)
    this.leastAfterLeaving = Math.min(this.leastAfterLeaving, after)
    this.leavers++
  }

  #isWithdrawn(text: string, now: Instant): boolean {
    const at = this.world!.contents.get(text)?.withdrawnAt
    return at !== undefined && now - at > withdrawnWithinMs
  }

  /** Whether nothing of it may be served any more: by who has heard of it at once, by all others after the time that is stated. */
  #isOver(peer: WorldPeer, text: string, now: Instant): boolean {
    return peer.known.get(text) === 'withdrawn' || this.#isWithdrawn(text, now)
  }
}
