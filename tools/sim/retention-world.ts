/**
 * A simulated network of keepers: the machine that ships at every honest peer, liars at others, stores that survive restarts,
 * and statements that reach whoever is there. Nothing here decides anything that the machines are to decide.
 */
import { type ContentSymbol, defaultPolicy } from '@kithnet/fountain'
import { after, type Instant, type Rng } from '@kithnet/kernel'
import { createNetwork, type Network, uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import type { ContentMessage } from '../../packages/holonomic/src/content/content-messages.ts'
import { refText } from '../../packages/holonomic/src/content/content-ref.ts'
import { ContentKeeper } from '../../packages/holonomic/src/content/keeper.ts'
import type {
  KeeperConfig,
  KeeperEvent,
  KeeperOutput,
} from '../../packages/holonomic/src/content/keeper-events.ts'
import { type KeeperMachine, liarMemory, LyingKeeper } from './retention-liar.ts'
import { type Kept, type Watcher, WorldPeer } from './retention-peer.ts'
import { type Coming, Presence } from './retention-presence.ts'
import { RememberedRanks, subjectOf } from './retention-ranks.ts'

/** Source: our choice: a disk's flush, a read, and what rebuilding some kilobytes takes. */
const [storeMs, loadMs, makeMs] = [2, 1, 5]
/** How long a statement takes to whoever is there, and a comparison of statements after a start. Source: our choice. */
const [leastNewsMs, mostNewsMs] = [100, 2_000]
const { targetHolders } = defaultPolicy

/** How a world is made. */
export interface WorldOptions {
  readonly seed: string
  readonly peers: number
  readonly liarShare: number
  readonly coming: Coming
  readonly config?: Partial<KeeperConfig>
  readonly watcher: Watcher
}

/** The peers, what they hold, and what happens to them. */
export class RetentionWorld {
  readonly network: Network<KeeperEvent, PeerId, ContentMessage, string, KeeperOutput>
  readonly peers: WorldPeer[] = []
  readonly contents = new Map<string, Kept>()
  readonly #options: WorldOptions
  readonly #peerById = new Map<PeerId, WorldPeer>()
  readonly #rng: Rng
  readonly #ranks = new RememberedRanks()
  #keepers: readonly PeerId[] = []

  constructor(options: WorldOptions) {
    this.#options = options
    this.network = createNetwork({
      seed: options.seed,
      latency: uniformLatency(10, 60),
      onEmit: (peer, output, now) => this.#told(this.#peerById.get(peer)!, output, now),
    })
    this.#rng = this.network.rng('world')
    for (let count = 0; count < options.peers; count++) this.#create()
    this.#keepers = Object.freeze(this.peers.map(({ peer }) => peer))
    for (const peer of this.peers) this.#begin(peer)
  }

  peerOf(peer: PeerId): WorldPeer {
    return this.#peerById.get(peer)!
  }

  /** Keepers of a content, the first by rank first. */
  rankedFor({ ref }: Kept): readonly PeerId[] {
    return this.#ranks.of(subjectOf(ref), this.#keepers)
  }

  /** The author publishes it, now: everybody who is there hears of it. */
  publish(kept: Kept): void {
    kept.publishedAt = this.network.now
    this.contents.set(kept.text, kept)
    const author = this.#peerById.get(kept.ref.author)!
    author.owned.add(kept.text)
    this.#learn(author, kept)
    author.node?.inject({ type: 'owned', ref: kept.ref })
    this.#spread(kept)
  }

  /** The author finds keepers for it. */
  place(kept: Kept): void {
    this.#peerById.get(kept.ref.author)!.node?.inject({ type: 'place', ref: kept.ref })
  }

  /** The author withdraws its consent. */
  withdraw(kept: Kept): void {
    kept.withdrawnAt = this.network.now
    this.#learn(this.#peerById.get(kept.ref.author)!, kept)
    this.#spread(kept)
  }

  /** A peer reads it; tells whether it got the whole, unless the peer goes away before. */
  read(kept: Kept, peer: WorldPeer, told: (isWhole: boolean) => void): void {
    this.#fetch(peer, kept, new Map(), told)
  }

  /** Puts a share where it would be, had it been given there before the beginning. */
  plant(kept: Kept, peer: WorldPeer, share: number): void {
    this.#put(kept, peer, share, kept.content.symbols[share]!)
    peer.known.set(kept.text, 'published')
    if (peer.isThere) peer.node!.inject({ type: 'held', ref: kept.ref, shares: [share] })
  }

  /** A peer may store no more than this from now on. */
  limit(peer: WorldPeer, capacity: number): void {
    peer.capacity = capacity
    this.#tellRoom(peer)
  }

  #create(): WorldPeer {
    const rng = this.#rng.fork(`peer ${this.peers.length}`)
    const isLiar = rng.unit() < this.#options.liarShare
    const presence = new Presence(rng.fork('presence'), this.#options.coming)
    const liar = isLiar ? liarMemory(rng.fork('lies')) : undefined
    const peer = new WorldPeer(this.peers.length, presence, liar)
    this.peers.push(peer)
    this.#peerById.set(peer.peer, peer)
    return peer
  }

  /** Its first start; it is put into the network when it is there, and comes, goes and leaves from then on. */
  #begin(peer: WorldPeer): void {
    peer.node = this.network.add(peer.peer, ({ rng }) => this.#machineOf(peer, rng))
    if (peer.presence.isThere) this.#started(peer)
    else this.network.crash(peer.peer)
    this.#later(peer.presence.stayMs(), () => this.#leave(peer))
    this.#later(peer.presence.holdMs(), () => this.#turn(peer))
  }

  #turn(peer: WorldPeer): void {
    if (peer.isGone) return
    peer.presence.turn()
    if (peer.presence.isThere) {
      this.network.restart(peer.peer)
      this.#started(peer)
    } else {
      this.network.crash(peer.peer)
    }
    this.#later(peer.presence.holdMs(), () => this.#turn(peer))
  }

  /** Leaves for good; another peer joins in its place. */
  #leave(peer: WorldPeer): void {
    if (peer.presence.isThere) this.network.crash(peer.peer)
    peer.isGone = true
    this.#options.watcher.left(peer, this.network.now)
    const newcomer = this.#create()
    this.#keepers = Object.freeze([...this.#keepers, newcomer.peer])
    this.#begin(newcomer)
    for (const other of this.peers) {
      if (!other.isThere || other === newcomer) continue
      other.node!.inject({ type: 'keepers', peers: this.#keepers }, this.#newsMs())
    }
  }

  /** Tells a machine that has just started what its peer has on disk; and, a comparison later, what is new. */
  #started(peer: WorldPeer): void {
    peer.starts++
    peer.startedAt = this.network.now
    peer.made.clear()
    peer.gatherings.clear()
    const node = peer.node!
    for (const [text, state] of peer.known) {
      if (state === 'published') node.inject(contentEvent(this.contents.get(text)!))
    }
    for (const [text, shares] of peer.store) {
      const { ref } = this.contents.get(text)!
      const held = [...shares.keys()].sort((a, b) => a - b)
      node.inject({ type: 'held', ref, shares: held, ...peer.census.get(text) })
    }
    for (const text of peer.owned) {
      if (peer.known.get(text) !== 'published') continue
      node.inject({ type: 'owned', ref: this.contents.get(text)!.ref })
    }
    node.inject({ type: 'keepers', peers: this.#keepers })
    this.#tellRoom(peer)
    const { starts } = peer
    this.#later(this.#newsMs(), () => {
      if (!peer.isThere || peer.starts !== starts) return
      for (const kept of this.contents.values()) this.#learn(peer, kept)
      node.inject({ type: 'keepers', peers: this.#keepers })
      node.inject({ type: 'fresh', isFresh: true })
    })
  }

  /** A statement reaches everybody who is there, each at a time of its own. */
  #spread(kept: Kept): void {
    for (const peer of this.peers) {
      if (!peer.isThere) continue
      const { starts } = peer
      this.#later(this.#newsMs(), () => {
        // Whoever went meanwhile hears of it when it is back.
        if (peer.isThere && peer.starts === starts) this.#learn(peer, kept)
      })
    }
  }

  #learn(peer: WorldPeer, kept: Kept): void {
    const state = kept.withdrawnAt === undefined ? 'published' : 'withdrawn'
    if (peer.known.get(kept.text) === state) return
    const isNews = state === 'published' || peer.known.has(kept.text)
    peer.known.set(kept.text, state)
    if (!isNews) return
    const { ref } = kept
    peer.node!.inject(state === 'published' ? contentEvent(kept) : { type: 'forgotten', ref })
  }

  #machineOf(peer: WorldPeer, rng: Rng): KeeperMachine {
    const honest = (): KeeperMachine =>
      new ContentKeeper({
        self: peer.peer,
        rng: rng.fork('keeper'),
        ranked: (subject, peers) => this.#ranks.of(subject, peers),
        ...(this.#options.config === undefined ? {} : { config: this.#options.config }),
      })
    const { liar } = peer
    const machine =
      liar === undefined
        ? honest()
        : new LyingKeeper(rng, liar, liar.lie === 'forgetful' ? honest() : undefined)
    const { watcher } = this.#options
    return {
      on: (event, now) => {
        // A service does not tell that a link stands: a keeper need not know.
        if ((event.type as string) === 'linkUp') return []
        const effects = machine.on(event, now)
        for (const effect of effects) {
          if (effect.type === 'send') watcher.said(peer, effect.to, effect.message, now)
        }
        return effects
      },
    }
  }

  #told(peer: WorldPeer, output: KeeperOutput, now: Instant): void {
    switch (output.type) {
      case 'store':
        this.#store(peer, output)
        break
      case 'load': {
        const { ref, share, token } = output
        const symbol = this.#symbolAt(peer, refText(ref), share)
        const symbols = symbol === undefined ? [] : [symbol]
        peer.node!.inject({ type: 'loaded', token, symbols }, loadMs)
        break
      }
      case 'drop':
        this.#drop(peer, this.contents.get(refText(output.ref))!, output.shares)
        break
      case 'make':
        this.#make(peer, output)
        break
      case 'release':
        peer.made.delete(output.token)
        break
      case 'symbols':
        this.#gather(peer, output.token, output.symbols)
        break
      case 'failed':
        this.#gathered(peer, output.token, false)
        break
      case 'placed':
        if (output.holders.size < targetHolders) break
        // A user who has put a file away keeps no copy for others.
        peer.owned.delete(refText(output.ref))
        peer.node!.inject({ type: 'disowned', ref: output.ref })
        break
      case 'census':
        peer.census.set(refText(output.ref), {
          proofs: output.proofs,
          unsettledMs: output.unsettledMs,
        })
        break
      default:
    }
    this.#options.watcher.told(peer, output, now)
  }

  #store(
    peer: WorldPeer,
    { ref, share, symbols, isLast }: Extract<KeeperOutput, { type: 'store' }>,
  ): void {
    const kept = this.contents.get(refText(ref))!
    const { starts } = peer
    const [symbol] = symbols
    if (!isLast || symbol === undefined) return
    this.#later(storeMs, () => {
      if (!peer.isThere || peer.starts !== starts) return
      const isStored = peer.known.get(kept.text) === 'published'
      if (isStored) this.#put(kept, peer, share, symbol)
      peer.node!.inject({ type: 'stored', ref, share, isStored })
      this.#tellRoom(peer)
    })
  }

  #put(kept: Kept, peer: WorldPeer, share: number, symbol: ContentSymbol): void {
    const shares = peer.store.get(kept.text) ?? new Map<number, ContentSymbol>()
    peer.store.set(kept.text, shares.set(share, symbol))
    if (peer.isHonest) this.#options.watcher.changed(kept, peer, true, this.network.now)
  }

  #drop(peer: WorldPeer, kept: Kept, shares: readonly number[]): void {
    const held = peer.store.get(kept.text)
    for (const share of shares) {
      if (held?.delete(share) !== true || !peer.isHonest) continue
      this.#options.watcher.changed(kept, peer, false, this.network.now)
    }
    if (held?.size === 0) peer.store.delete(kept.text)
    this.#tellRoom(peer)
  }

  #tellRoom(peer: WorldPeer): void {
    if (!peer.isThere) return
    peer.node!.inject({ type: 'room', bytes: peer.capacity - peer.storedBytes })
  }

  #symbolAt(peer: WorldPeer, text: string, share: number): ContentSymbol | undefined {
    const stored = peer.store.get(text)?.get(share)
    if (stored !== undefined) return stored
    if (peer.owned.has(text)) return this.contents.get(text)!.content.symbols[share]
    for (const { symbols } of [...peer.made.values()].filter((made) => made.text === text)) {
      const symbol = symbols.get(share)
      if (symbol !== undefined) return symbol
    }
    return undefined
  }

  /** Makes shares anew as a service would: from what is held, and what a fetch brings. */
  #make(peer: WorldPeer, { token, ref, shares }: Extract<KeeperOutput, { type: 'make' }>): void {
    const kept = this.contents.get(refText(ref))!
    const gathered = new Map(peer.store.get(kept.text))
    this.#fetch(peer, kept, gathered, (isWhole) => {
      const made = isWhole ? kept.content.made(gathered.values(), shares) : []
      const isMade = made.length === shares.length
      if (isMade) {
        const symbols = new Map(made.map((symbol) => [symbol.id.symbol, symbol]))
        peer.made.set(token, { text: kept.text, symbols })
      }
      peer.node!.inject({ type: 'made', token, isMade }, makeMs)
    })
  }

  #fetch(
    peer: WorldPeer,
    kept: Kept,
    gathered: Map<number, ContentSymbol>,
    finish: (isWhole: boolean) => void,
  ): void {
    const token = peer.tokens++
    peer.gatherings.set(token, { kept, gathered, finish })
    const has = [...gathered.keys()].sort((a, b) => a - b)
    peer.node!.inject({ type: 'fetch', token, ref: kept.ref, has, toBlock: 1 })
  }

  #gather(peer: WorldPeer, token: number, symbols: readonly ContentSymbol[]): void {
    const gathering = peer.gatherings.get(token)
    if (gathering === undefined) return
    const { kept, gathered } = gathering
    for (const symbol of symbols) gathered.set(symbol.id.symbol, symbol)
    if (gathered.size < kept.content.manifest.policy.sourceSymbols) return
    if (!kept.content.isRebuiltFrom(gathered.values())) {
      peer.node!.inject({ type: 'more', token, block: 0 })
      return
    }
    peer.node!.inject({ type: 'cancel', token })
    this.#gathered(peer, token, true)
  }

  #gathered(peer: WorldPeer, token: number, isWhole: boolean): void {
    const gathering = peer.gatherings.get(token)
    peer.gatherings.delete(token)
    gathering?.finish(isWhole)
  }

  #newsMs(): number {
    return leastNewsMs + this.#rng.below(mostNewsMs - leastNewsMs)
  }

  #later(ms: number, action: () => void): void {
    this.network.at(after(this.network.now, ms), action)
  }
}

function contentEvent({ ref, content }: Kept): KeeperEvent {
  // Consent of a hundred days: longer than any run.
  const until = after(0 as Instant, 100 * 86_400_000)
  return { type: 'content', ref, manifest: content.manifest, tier: 'full', until }
}
