import type { ContentSymbol } from '@kithnet/fountain'
import type { Instant } from '@kithnet/kernel'
import type { Node } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import type { ContentRef } from '../../packages/holonomic/src/content/content-ref.ts'
import type { ContentMessage } from '../../packages/holonomic/src/content/content-messages.ts'
import type {
  KeeperEvent,
  KeeperOutput,
  Proof,
} from '../../packages/holonomic/src/content/keeper-events.ts'
import { simulatedPeer } from './membership-peers.ts'
import type { SimulatedContent } from './retention-contents.ts'
import type { KeeperMachine, LiarMemory } from './retention-liar.ts'
import type { Presence } from './retention-presence.ts'

/** Bytes of a store that is never full here. */
const ampleBytes = 1_000_000

/** A content of the world, and what its author has said of it. */
export interface Kept {
  readonly ref: ContentRef
  readonly text: string
  readonly content: SimulatedContent
  publishedAt: Instant | undefined
  withdrawnAt: Instant | undefined
}

/** Symbols of a content that a peer is gathering, its own among them. */
export interface Gathering {
  readonly kept: Kept
  readonly gathered: Map<number, ContentSymbol>
  /** Told once: whether they rebuild it. */
  finish(isWhole: boolean): void
}

/** What a `census` says, and `held` gives back after a restart. */
export interface Remembered {
  readonly proofs: readonly Proof[]
  readonly unsettledMs: number
}

/** What it has made anew and not yet given to who is to keep it. */
export interface Made {
  readonly text: string
  readonly symbols: ReadonlyMap<number, ContentSymbol>
}

/** A peer, over all of its starts. */
export class WorldPeer {
  readonly index: number
  readonly peer: PeerId
  readonly presence: Presence
  readonly liar: LiarMemory | undefined
  /** Whole shares, by content: what is on disk. */
  readonly store = new Map<string, Map<number, ContentSymbol>>()
  /** What the machine asked to be kept of its census. */
  readonly census = new Map<string, Remembered>()
  /** Contents of which it has the whole. */
  readonly owned = new Set<string>()
  /** What it has been told of: statements are durable. */
  readonly known = new Map<string, 'published' | 'withdrawn'>()
  /** Gone for good. */
  isGone = false
  /** Bytes that it may store. */
  capacity = ampleBytes
  node: Node<KeeperEvent, KeeperMachine> | undefined
  starts = 0
  startedAt: Instant | undefined
  /** Of this start, by token of the machine. */
  readonly made = new Map<number, Made>()
  /** Of this start, by token of the fetch. */
  readonly gatherings = new Map<number, Gathering>()
  tokens = 1

  constructor(index: number, presence: Presence, liar: LiarMemory | undefined) {
    this.index = index
    this.peer = simulatedPeer(index)
    this.presence = presence
    this.liar = liar
  }

  get isHonest(): boolean {
    return this.liar === undefined
  }

  /** There and honest: connected. */
  get isThere(): boolean {
    return !this.isGone && this.presence.isThere
  }

  get storedBytes(): number {
    let bytes = 0
    for (const shares of this.store.values()) {
      for (const symbol of shares.values()) bytes += symbol.bytes.length + symbol.proof.length
    }
    return bytes
  }
}

/** What a world tells whoever watches it. */
export interface Watcher {
  /** A peer has said something. */
  said(peer: WorldPeer, to: PeerId, message: ContentMessage, now: Instant): void
  /** A machine has told something. After the world has done what is asked for. */
  told(peer: WorldPeer, output: KeeperOutput, now: Instant): void
  /** A peer holds one share more, or fewer: other than by a liar. */
  changed(kept: Kept, peer: WorldPeer, isHeld: boolean, now: Instant): void
  /** A peer has left for good. */
  left(peer: WorldPeer, now: Instant): void
}
