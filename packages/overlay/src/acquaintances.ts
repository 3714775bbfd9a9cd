import { after, BoundedMap, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KeyDirectory } from './key-directory.ts'

/** Peers cut for their faults that are remembered. Source: our choice. */
const maxBanned = 1_024

/** Who is linked, who is described and who is banned: whose keys to keep, and whom not to hear. */
export class Acquaintances {
  readonly #directory: KeyDirectory
  readonly #banMs: number
  readonly #linked = new Set<PeerId>()
  /** Peers that membership holds a descriptor of. */
  readonly #described = new Set<PeerId>()
  /** Bounded by the scores of pubsub, which say who it is. */
  readonly #graylisted = new Set<PeerId>()
  readonly #bannedUntil = new BoundedMap<PeerId, Instant>(maxBanned)

  constructor(directory: KeyDirectory, banMs: number) {
    this.#directory = directory
    this.#banMs = banMs
  }

  get links(): number {
    return this.#linked.size
  }

  linked(peer: PeerId, is: boolean): void {
    this.#pin(this.#linked, peer, is)
  }

  described(peer: PeerId, is: boolean): void {
    this.#pin(this.#described, peer, is)
  }

  /** Answers with when the ban ends. */
  ban(peer: PeerId, now: Instant): Instant {
    const until = after(now, this.#banMs)
    this.#bannedUntil.set(peer, until)
    return until
  }

  /** Only proof of life is heard of the peer, or everything again. */
  graylist(peer: PeerId, is: boolean): void {
    if (is) this.#graylisted.add(peer)
    else this.#graylisted.delete(peer)
  }

  /** True when such a frame of the peer is looked at. */
  hears(peer: PeerId, isProofOfLife: boolean, now: Instant): boolean {
    if (this.#graylisted.has(peer) && !isProofOfLife) return false
    return !this.isBanned(peer, now)
  }

  isBanned(peer: PeerId, now: Instant): boolean {
    const until = this.#bannedUntil.peek(peer)
    return until !== undefined && until > now
  }

  #pin(set: Set<PeerId>, peer: PeerId, is: boolean): void {
    if (set.has(peer) === is) return
    if (is) {
      set.add(peer)
      this.#directory.pin(peer)
    } else {
      set.delete(peer)
      this.#directory.unpin(peer)
    }
  }
}
