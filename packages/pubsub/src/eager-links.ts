import { after, BoundedMap, type Instant, instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** Which links are pruned for a source. Links that are not pruned are eager: messages are pushed on them. */
interface Tree {
  /** When this side last asked the peer to stop, or was asked. */
  readonly pruned: Map<PeerId, Instant>
  usedAt: Instant
  /** The link that messages come on: never pruned, and nothing is pushed on it. */
  parent: PeerId | undefined
  /** When the parent last pushed anything of the source, first or not. */
  parentAt: Instant
  /** Who was last a little later than the parent: the next parent, should this one go. */
  second: PeerId | undefined
  /** Messages that had to be pulled, less what pushes since have made up for. */
  misses: number
  /** Who was asked to push and has not done so since. */
  grafted: PeerId | undefined
  /** The parent before, which passed on too little, and until when it is not the parent again. */
  failed: PeerId | undefined
  failedUntil: Instant
}

/**
 * Whom to ask for a source's messages: nobody, the link that brought the last one, or all; or that link is to be
 * pruned, because it was the parent and passed on too little.
 */
export type Graft = 'none' | 'via' | 'all' | 'prune'

/** A source whose messages came on a lost link, and whom to ask alone for them, if one is enough. */
export interface Orphan {
  readonly source: PeerId
  readonly second: PeerId | undefined
}

/** What a lost link meant to the trees. */
export interface LostTrees {
  readonly orphaned: readonly Orphan[]
  readonly severed: readonly PeerId[]
}

/**
 * Decides on which links a source's messages are pushed: prunes a link that brings what is here already, and
 * grafts one that has what the tree failed to bring. Each source has a tree of its own, so that paths stay as
 * short as the first flood found them; sources beyond the bound share one tree beneath.
 *
 * Source: Leitão, Pereira and Rodrigues, "Epidemic Broadcast Trees", SRDS 2007; trees per source are our choice.
 */
export class EagerLinks {
  readonly #trees: BoundedMap<PeerId, Tree>
  readonly #capacity: number
  readonly #idleMs: number
  readonly #graftAfter: number
  readonly #shared: Tree = newTree(instant(0))

  /** `capacity` sources with trees of their own; one that was idle for `idleMs` makes room. */
  constructor(capacity: number, idleMs: number, graftAfter: number) {
    this.#capacity = capacity
    this.#idleMs = idleMs
    this.#graftAfter = graftAfter
    this.#trees = new BoundedMap(capacity)
  }

  /** Sources with trees of their own. */
  get sources(): number {
    return this.#trees.size
  }

  /** Sources of which something has come within the last second, this node itself among them. */
  heardLately(now: Instant): number {
    let count = 0
    for (const [, { usedAt }] of this.#trees) if (now - usedAt <= latelyMs) count++
    return count
  }

  /** True when the source's messages are pushed on the link: it is not pruned, and they do not come on it. */
  isEager(source: PeerId, peer: PeerId): boolean {
    const tree = this.#trees.peek(source)
    if (tree === undefined) return !this.#shared.pruned.has(peer)
    return !tree.pruned.has(peer)
  }

  /** The link that the source's messages come on, if it has a tree of its own. */
  parentOf(source: PeerId): PeerId | undefined {
    return this.#trees.peek(source)?.parent
  }

  /**
   * The source itself brought a copy right behind the parent: it is the parent from now on, because nobody between can
   * fail to pass on what comes from itself. Answers with the parent before, if that is to be told to stop.
   */
  preferSource(source: PeerId, now: Instant): PeerId | undefined {
    const tree = this.#trees.get(source)
    const before = tree?.parent
    if (tree === undefined || before === undefined || before === source) return undefined
    if (tree.failed === source && now < tree.failedUntil) return undefined
    tree.parent = source
    tree.parentAt = now
    tree.grafted = undefined
    tree.pruned.delete(source)
    return before
  }

  /** Eager for sources without trees of their own. */
  isEagerByDefault(peer: PeerId): boolean {
    return !this.#shared.pruned.has(peer)
  }

  /**
   * A message of the source was verified. `via` brought it: by a push, or because it was asked (`pulled`), perhaps
   * after a push that could not be proven (`failedPush`). On a host that is `behind`, pushes overtake each other.
   */
  delivered(
    source: PeerId,
    via: PeerId,
    how: 'pushed' | 'pulled' | 'failedPush',
    now: Instant,
    behind = false,
  ): Graft {
    const tree = this.#use(source, now)
    if (how === 'pushed') {
      const isReplaced = tree.parent !== undefined && tree.parent !== via
      if (isReplaced && tree.failed === via && now < tree.failedUntil) return 'prune'
      // Of many messages on their way some overtake the parent's: who brings them is no better parent for that.
      if (behind && isReplaced && now - tree.parentAt < freshMs) return 'prune'
      tree.parent = via
      tree.parentAt = now
      tree.misses = Math.max(0, tree.misses - missRecovery)
      tree.grafted = undefined
      // It was asked to stop while this was on its way, or has asked for that: it brought this first, so it is to go on.
      return tree.pruned.delete(via) ? 'via' : 'none'
    }
    tree.misses++
    if (how === 'pulled' && tree.misses < this.#graftAfter) return 'none'
    tree.misses = 0
    if (tree.parent !== undefined && tree.parent !== via) {
      tree.failed = tree.parent
      tree.failedUntil = after(now, failedMs)
    }
    tree.parent = via
    tree.parentAt = now
    tree.pruned.delete(via)
    const isInVain = tree.grafted === via
    tree.grafted = via
    return isInVain ? 'all' : 'via'
  }

  /**
   * A link pushed what is here, verified, already. True when the peer is to be told to stop: not the one that was last
   * first, and not again before `repeatMs`, because pushes that crossed the request are still on their way.
   */
  prune(source: PeerId, peer: PeerId, repeatMs: number, now: Instant): boolean {
    const tree = this.#use(source, now)
    // What was pulled meanwhile comes again on the tree: late, but it comes.
    if (tree.parent === peer) {
      tree.parentAt = now
      return false
    }
    if (tree.parent === undefined) {
      // Who was first is not relied on, so this one is the parent and no duplicate.
      tree.parent = peer
      tree.parentAt = now
      return false
    }
    tree.second = peer
    const at = tree.pruned.get(peer)
    if (at !== undefined && now - at < repeatMs) return false
    tree.pruned.set(peer, now)
    return true
  }

  /** The peer asks not to be pushed the source's messages. */
  pruned(source: PeerId, peer: PeerId, now: Instant): void {
    this.#peek(source).pruned.set(peer, now)
  }

  /** The link is eager again: this side asks to be pushed the source's messages. */
  grafted(source: PeerId, peer: PeerId): void {
    this.#peek(source).pruned.delete(peer)
  }

  /** The peer asks to be pushed them again. Then it is no parent: two that wait for each other get nothing. */
  requested(source: PeerId, peer: PeerId): void {
    const tree = this.#peek(source)
    tree.pruned.delete(peer)
    if (tree.parent === peer) tree.parent = undefined
  }

  /** Every link becomes eager: the source itself found none to push on. */
  reset(source: PeerId): void {
    this.#peek(source).pruned.clear()
  }

  /** A link is new: it is eager everywhere once. */
  welcome(peer: PeerId): void {
    this.#shared.pruned.delete(peer)
    for (const [, tree] of this.#trees) tree.pruned.delete(peer)
  }

  /**
   * A link is no neighbour's any more. Answers with the sources whose messages came on it. When the peer is gone,
   * those whose messages went on it are pushed on all other links again, because whoever lived off them there is
   * reached on any of these at best; a peer that lives finds itself another parent.
   */
  lost(peer: PeerId, lives: boolean, now: Instant): LostTrees {
    this.#shared.pruned.delete(peer)
    const lost: { orphaned: Orphan[]; severed: PeerId[] } = { orphaned: [], severed: [] }
    for (const [source, tree] of this.#trees) {
      const wasChild = !tree.pruned.delete(peer)
      if (tree.second === peer) tree.second = undefined
      if (tree.parent === peer) {
        tree.parent = undefined
        // Should asking others fail, the first pull mends the tree.
        tree.misses = this.#graftAfter - 1
        lost.orphaned.push({ source, second: lives ? tree.second : undefined })
      } else if (!wasChild) continue
      if (lives || now - tree.usedAt > this.#idleMs) continue
      tree.pruned.clear()
      lost.severed.push(source)
    }
    return lost
  }

  /** The peer passes nothing on. Answers with the sources whose messages came on the link; it is nobody's parent any more. */
  silenced(peer: PeerId): readonly Orphan[] {
    const orphaned: Orphan[] = []
    for (const [source, tree] of this.#trees) {
      const { second } = tree
      if (second === peer) tree.second = undefined
      if (tree.parent !== peer) continue
      tree.parent = undefined
      tree.misses = this.#graftAfter - 1
      orphaned.push({ source, second })
    }
    return orphaned
  }

  /** True when some sources have no trees of their own. */
  get isShared(): boolean {
    return this.#trees.size >= this.#capacity
  }

  #peek(source: PeerId): Tree {
    return this.#trees.peek(source) ?? this.#shared
  }

  #use(source: PeerId, now: Instant): Tree {
    const known = this.#trees.get(source)
    if (known !== undefined) {
      known.usedAt = now
      return known
    }
    if (this.#trees.size >= this.#capacity && !this.#hasIdle(now)) return this.#shared
    const tree = newTree(now)
    this.#trees.set(source, tree)
    return tree
  }

  #hasIdle(now: Instant): boolean {
    for (const [, oldest] of this.#trees) return now - oldest.usedAt > this.#idleMs
    return false
  }
}

/**
 * What a push makes up for, of a message that had to be pulled: a parent that passes on four of five is a bad one, one
 * whose link loses a twentieth is not. Source: our choice.
 */
const missRecovery = 0.25

/** How long a parent that passed on too little does not come back by being first. Source: our choice. */
const failedMs = 60_000

/** How long a parent is one without another push. Source: our choice; one that goes mute is found by what has to be pulled. */
const freshMs = 30_000

/** Source: our choice; ten of the longest pauses between two batches. */
const latelyMs = 1_000

function newTree(now: Instant): Tree {
  return {
    pruned: new Map(),
    usedAt: now,
    parent: undefined,
    misses: 0,
    grafted: undefined,
    parentAt: instant(0),
    second: undefined,
    failed: undefined,
    failedUntil: now,
  }
}
