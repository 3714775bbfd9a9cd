import {
  type ContentSymbol,
  createContent,
  defaultPolicy,
  type FountainPolicy,
  type Manifest,
  memorySource,
  type RetentionTier,
} from '@kithnet/fountain'
import {
  type Fired,
  type Instant,
  instant,
  type Machine,
  seededRng,
  toHex,
  utf8,
} from '@kithnet/kernel'
import { Network, type Node } from '@kithnet/testkit'
import { hash, type PeerId, peerIdFromBytes } from '@kithnet/types'
import type { ContentMessage } from '../src/content/content-messages.ts'
import { type ContentRef, refText } from '../src/content/content-ref.ts'
import type {
  KeeperConfig,
  KeeperEffect,
  KeeperEvent,
  KeeperOutput,
  Proof,
} from '../src/content/keeper-events.ts'
import { ContentKeeper } from '../src/content/keeper.ts'
import { shareBytes } from '../src/content/known-content.ts'
import { ranked } from '../src/rank.ts'

/** A content with all of its symbols, by share and block. */
export interface Film {
  readonly ref: ContentRef
  readonly key: string
  readonly manifest: Manifest
  readonly symbols: readonly (readonly ContentSymbol[])[]
}

/** A peer that is no keeper of ours: what it says to what it hears. */
export type Stranger = (from: PeerId, message: ContentMessage) => readonly ContentMessage[]

export function peerOf(name: string): PeerId {
  return peerIdFromBytes(hash('peer', utf8(name)))
}

/** As many peers, by their place. */
export function peersOf(count: number, name = 'keeper'): readonly PeerId[] {
  return Array.from({ length: count }, (_, index) => peerOf(`${name} ${index}`))
}

export async function filmOf(
  author: PeerId,
  name: string,
  bytes = 1_280,
  policy: FountainPolicy = defaultPolicy,
  shares?: number,
): Promise<Film> {
  const source = memorySource(seededRng(name).bytes(bytes))
  const content = await createContent(source, {
    policy,
    ...(shares === undefined ? {} : { shares }),
  })
  const { manifest } = content
  const symbols: ContentSymbol[][] = Array.from({ length: manifest.shares }, () => [])
  const all = Array.from({ length: manifest.shares }, (_, share) => share)
  for await (const symbol of content.symbols(all)) symbols[symbol.id.symbol]!.push(symbol)
  const ref = { author, content: toHex(content.id) }
  return { ref, key: refText(ref), manifest, symbols }
}

type KeeperMachine = Machine<KeeperEvent, PeerId, ContentMessage, string, KeeperOutput>

class StrangeMachine implements KeeperMachine {
  readonly #stranger: Stranger

  constructor(stranger: Stranger) {
    this.#stranger = stranger
  }

  on(event: KeeperEvent | Fired<string>): readonly KeeperEffect[] {
    if (event.type !== 'received') return []
    const { from } = event
    return this.#stranger(from, event.message).map((message) => ({
      type: 'send',
      to: from,
      message,
    }))
  }
}

interface Disk {
  readonly shares: Map<string, Map<number, ContentSymbol[]>>
  readonly remembered: Map<string, Pick<Census, 'proofs' | 'unsettledMs'>>
  readonly owned: Set<string>
  bytes: number
  room: number
}

/** What a reader has of a content. */
interface Reading {
  readonly film: Film
  readonly peer: PeerId
  readonly byBlock: Map<number, Set<number>>
  /** Of a `make`: what it is for. */
  readonly make?: Extract<KeeperOutput, { readonly type: 'make' }>
  state: 'open' | 'done' | 'failed'
}

type Census = Extract<KeeperOutput, { readonly type: 'census' }>
type Placed = Extract<KeeperOutput, { readonly type: 'placed' }>

/** Keepers over a network in virtual time, with stores in memory. Contents and consents are known to all at once. */
export class KeeperWorld {
  readonly network: Network<KeeperEvent, PeerId, ContentMessage, string, KeeperOutput>
  readonly films = new Map<string, Film>()
  readonly disks = new Map<PeerId, Disk>()
  readonly placed: Placed[] = []
  readonly rejects: { readonly by: PeerId; readonly from: PeerId; readonly code: string }[] = []
  readonly notes: { readonly by: PeerId; readonly type: string; readonly shares: number }[] = []
  readonly surveyed: (readonly Proof[])[] = []
  readonly readings = new Map<number, Reading>()
  readonly #config: Partial<KeeperConfig>
  readonly #nodes = new Map<PeerId, Node<KeeperEvent, KeeperMachine>>()
  readonly #known = new Map<string, { tier: RetentionTier; until: Instant }>()
  readonly #staged = new Map<string, readonly number[]>()
  keepers: readonly PeerId[] = []
  #token = 0

  constructor(seed: number, config: Partial<KeeperConfig> = { auditMs: 7_200_000 }) {
    this.#config = config
    this.network = new Network({
      seed,
      onEmit: (peer, output) => this.#emitted(peer, output),
    })
  }

  add(peer: PeerId, room = 1e9, stranger?: Stranger): void {
    this.disks.set(peer, {
      shares: new Map(),
      remembered: new Map(),
      owned: new Set(),
      bytes: 0,
      room,
    })
    const node = this.network.add(peer, (boot) => {
      if (stranger !== undefined) return new StrangeMachine(stranger)
      return new ContentKeeper({
        self: peer,
        rng: boot.rng,
        config: this.#config,
        ranked: this.#ranked,
      })
    })
    this.#nodes.set(peer, node)
    this.#brief(peer, 0)
  }

  /** Who keeps for others, from now on. */
  admit(peers: readonly PeerId[]): void {
    this.keepers = peers
    for (const peer of this.network.livingPeers) {
      this.network.inject(peer, { type: 'keepers', peers })
    }
  }

  publish(film: Film, tier: RetentionTier = 'full', until = instant(Infinity)): void {
    this.films.set(film.key, film)
    this.#known.set(film.key, { tier, until })
    for (const peer of this.network.livingPeers) {
      const { ref, manifest } = film
      this.network.inject(peer, { type: 'content', ref, manifest, tier, until })
    }
  }

  /** The author puts it: it has the whole and asks for keepers. */
  put(film: Film): void {
    const { ref } = film
    this.publish(film)
    this.disks.get(ref.author)!.owned.add(film.key)
    this.network.inject(ref.author, { type: 'owned', ref })
    this.network.inject(ref.author, { type: 'place', ref })
  }

  disown(film: Film): void {
    this.disks.get(film.ref.author)!.owned.delete(film.key)
    this.network.inject(film.ref.author, { type: 'disowned', ref: film.ref })
  }

  withdraw(film: Film): void {
    this.#known.delete(film.key)
    for (const peer of this.network.livingPeers) {
      this.network.inject(peer, { type: 'forgotten', ref: film.ref })
    }
  }

  get(film: Film, peer: PeerId): number {
    const token = ++this.#token
    this.readings.set(token, { film, peer, byBlock: new Map(), state: 'open' })
    this.#fetch(token, film, peer)
    return token
  }

  survey(film: Film, peer: PeerId): void {
    this.network.inject(peer, { type: 'survey', ref: film.ref, token: ++this.#token })
  }

  squeeze(peer: PeerId, bytes: number): void {
    this.disks.get(peer)!.room -= bytes
    this.#tellRoom(peer)
  }

  restart(peer: PeerId, freshAfterMs = 1_000): void {
    this.network.restart(peer)
    this.#brief(peer, freshAfterMs)
  }

  sharesOf(film: Film, peer: PeerId): readonly number[] {
    const shares = this.disks.get(peer)?.shares.get(film.key) ?? new Map<number, ContentSymbol[]>()
    return [...shares]
      .filter(([, symbols]) => symbols.length === film.manifest.transfer.sourceBlocks)
      .map(([share]) => share)
  }

  /** Peers that hold something of it whole, those in `among` alone. */
  holders(film: Film, among: readonly PeerId[] = this.network.livingPeers): readonly PeerId[] {
    return among.filter((peer) => this.sharesOf(film, peer).length > 0)
  }

  distinct(film: Film, among: readonly PeerId[] = this.network.livingPeers): number {
    return new Set(among.flatMap((peer) => this.sharesOf(film, peer))).size
  }

  proofs(film: Film, peer: PeerId): readonly Proof[] {
    const { machine } = this.#nodes.get(peer)!
    return machine instanceof ContentKeeper ? machine.proofs(film.ref, this.network.now) : []
  }

  inject(peer: PeerId, event: KeeperEvent): void {
    this.network.inject(peer, event)
  }

  readonly #orders = new Map<string, readonly PeerId[]>()
  readonly #ranked = (subject: Uint8Array, peers: readonly PeerId[]): readonly PeerId[] => {
    const key = toHex(subject) + peers.join()
    let order = this.#orders.get(key)
    if (order === undefined) this.#orders.set(key, (order = ranked(subject, peers)))
    return order
  }

  /** Tells a peer all that it knows at a start. */
  #brief(peer: PeerId, freshAfterMs: number): void {
    const disk = this.disks.get(peer)!
    for (const [key, { tier, until }] of this.#known) {
      const { ref, manifest } = this.films.get(key)!
      this.inject(peer, { type: 'content', ref, manifest, tier, until })
    }
    for (const [key, film] of this.films) {
      const shares = this.sharesOf(film, peer)
      const remembered = disk.remembered.get(key)
      if (shares.length === 0) continue
      const event = { type: 'held', ref: film.ref, shares } as const
      this.inject(peer, { ...event, ...remembered })
    }
    this.inject(peer, { type: 'keepers', peers: this.keepers })
    this.#tellRoom(peer)
    this.network.inject(peer, { type: 'fresh', isFresh: true }, freshAfterMs)
  }

  #tellRoom(peer: PeerId): void {
    const { room, bytes } = this.disks.get(peer)!
    this.inject(peer, { type: 'room', bytes: room - bytes })
  }

  #fetch(token: number, { ref }: Film, peer: PeerId, has: readonly number[] = []): void {
    this.inject(peer, { type: 'fetch', token, ref, has, toBlock: 255 })
  }

  #emitted(peer: PeerId, output: KeeperOutput): void {
    const disk = this.disks.get(peer)!
    switch (output.type) {
      case 'store': {
        const key = refText(output.ref)
        const film = this.films.get(key)!
        const shares = disk.shares.get(key) ?? new Map<number, ContentSymbol[]>()
        disk.shares.set(key, shares)
        const symbols = [...(shares.get(output.share) ?? []), ...output.symbols]
        shares.set(output.share, symbols)
        if (!output.isLast) return
        disk.bytes += shareBytes(film.manifest)
        this.#tellRoom(peer)
        const { ref, share } = output
        this.inject(peer, { type: 'stored', ref, share, isStored: true })
        return
      }
      case 'drop': {
        const key = refText(output.ref)
        const film = this.films.get(key)!
        for (const share of output.shares) {
          const symbols = disk.shares.get(key)?.get(share)
          if (symbols?.length === film.manifest.transfer.sourceBlocks) {
            disk.bytes -= shareBytes(film.manifest)
          }
          disk.shares.get(key)?.delete(share)
        }
        this.#tellRoom(peer)
        return
      }
      case 'load':
        this.inject(peer, {
          type: 'loaded',
          token: output.token,
          symbols: this.#load(peer, output),
        })
        return
      case 'make': {
        const token = ++this.#token
        const film = this.films.get(refText(output.ref))!
        const own = this.sharesOf(film, peer)
        const reading: Reading = {
          film,
          peer,
          byBlock: new Map(),
          make: output,
          state: 'open',
        }
        this.readings.set(token, reading)
        this.#fetch(token, film, peer, own)
        this.#read(token, [])
        return
      }
      case 'release':
        this.#staged.delete(`${peer} ${output.token}`)
        return
      case 'symbols':
        this.#read(output.token, output.symbols)
        return
      case 'failed': {
        const reading = this.readings.get(output.token)
        if (reading === undefined) return
        reading.state = 'failed'
        if (reading.make !== undefined) {
          this.inject(peer, { type: 'made', token: reading.make.token, isMade: false })
        }
        return
      }
      case 'placed':
        this.placed.push(output)
        return
      case 'surveyed':
        this.surveyed.push(output.proofs)
        return
      case 'census':
        disk.remembered.set(refText(output.ref), {
          proofs: output.proofs,
          unsettledMs: output.unsettledMs,
        })
        return
      case 'noted':
        this.notes.push({
          by: peer,
          type: output.note.type,
          shares: output.note.shares.length,
        })
        return
      case 'reject':
        this.rejects.push({ by: peer, from: output.from, code: output.fault.code })
    }
  }

  #load(
    peer: PeerId,
    { ref, share, fromBlock, count }: Extract<KeeperOutput, { readonly type: 'load' }>,
  ): readonly ContentSymbol[] {
    const key = refText(ref)
    const film = this.films.get(key)!
    const disk = this.disks.get(peer)!
    const isStaged = [...this.#staged].some(
      ([name, shares]) => name.startsWith(peer) && shares.includes(share),
    )
    const all =
      disk.owned.has(key) || isStaged ? film.symbols[share] : disk.shares.get(key)?.get(share)
    return all?.slice(fromBlock, fromBlock + count) ?? []
  }

  #read(token: number, symbols: readonly ContentSymbol[]): void {
    const reading = this.readings.get(token)
    if (reading === undefined || reading.state !== 'open') return
    const { film, peer, byBlock, make } = reading
    for (const { id } of symbols) {
      const shares = byBlock.get(id.block) ?? new Set()
      byBlock.set(id.block, shares.add(id.symbol))
    }
    const own = make === undefined ? [] : this.sharesOf(film, peer)
    const { sourceBlocks } = film.manifest.transfer
    for (let block = 0; block < sourceBlocks; block++) {
      const got = new Set([...(byBlock.get(block) ?? []), ...own])
      if (got.size < film.manifest.policy.sourceSymbols) return
    }
    reading.state = 'done'
    this.inject(peer, { type: 'cancel', token })
    if (make === undefined) return
    this.#staged.set(`${peer} ${make.token}`, make.shares)
    this.inject(peer, { type: 'made', token: make.token, isMade: true })
  }
}
