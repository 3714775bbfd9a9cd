import { assert, fail, fromHex, ok, type Result, type Rng } from '@kithnet/kernel'
import type { ChainPlace } from '../author/author-chain.ts'
import type { GraphFault, KnownIdFault } from '../faults.ts'
import type { HeaderSink, PackedHeader, RecordHeader } from '../stores/record-store.ts'
import { Adjacency } from './adjacency.ts'
import { ChainIndex } from './chain-index.ts'
import { withRoom } from './columns.ts'
import { Frontier } from './frontier.ts'
import type { ContentConflict, Equivocation, RecordEntry, Relation, Walk } from './graph-answers.ts'
import { defaultWalkRecords, GraphWalks, type NumberWalk, type WalkBounds } from './graph-walks.ts'
import { KeyHash, type Words } from './key-table.ts'
import { digestWords, RecordFacts, type Said, type Shared, writeDigest } from './record-facts.ts'
import { idWords, RecordIds } from './record-ids.ts'
import { queryNumbers, type RecordFilter } from './record-query.ts'
import { Zones } from './zones.ts'

/**
 * The graph of records in memory: who came before whom, the tips and roots, and indexes by hash, content, creator, time,
 * class and zone. It knows no signatures and no metadata, does no IO, and takes a record only after its parents. Lists
 * come in the order of insertion, which is a topological one.
 */
export class RecordGraph implements HeaderSink {
  readonly #ids: RecordIds
  readonly #edges = new Adjacency()
  readonly #facts: RecordFacts
  readonly #walks: GraphWalks
  readonly #tips = new Frontier()
  readonly #roots: number[] = []
  readonly #zones: Zones
  readonly #chains: ChainIndex
  /** The parents, and the three hashes, of the record that is being added. */
  #parents = new Int32Array(16)
  readonly #digests: Words = new Uint32Array(3 * digestWords)

  /** `rng` makes the tables unpredictable to those who choose ids; no answer depends on it. */
  constructor(rng: Rng) {
    const hash = new KeyHash(rng)
    this.#ids = new RecordIds(hash)
    this.#facts = new RecordFacts(hash)
    this.#chains = new ChainIndex(hash)
    this.#walks = new GraphWalks(this.#edges)
    this.#zones = new Zones(this.#tips, this.#roots)
  }

  get size(): number {
    return this.#edges.size
  }

  /** Pairs of parent and child. */
  get edgeCount(): number {
    return this.#edges.edges
  }

  /** Names of the zones in the order in which they appeared. */
  get zones(): readonly string[] {
    return this.#zones.names
  }

  /** Makes room for so many records in all, where a store knows how many it will bring. */
  reserve(records: number): void {
    this.#ids.reserve(records)
    this.#facts.reserve(records)
    this.#edges.reserve(records)
    this.#tips.reserve(records)
  }

  /** Adds a record and gives its index: its place in the order of insertion, from 0. A parent that comes twice counts once. */
  add(header: RecordHeader): Result<number, GraphFault> {
    const { id, parents } = header
    writeDigest(header.hash, this.#digests, 0)
    const known = this.#ids.candidate(id)
    if (known >= 0) return this.#refuseKnown(known, this.#digests, 0)
    let count = 0
    for (const [place, text] of parents.entries()) {
      const parent = this.#ids.find(text)
      if (parent < 0) {
        return fail({ code: 'dag/missing-parent', id, parents: this.#missing(parents, place) })
      }
      this.#noteParent(parent, count++)
    }
    writeDigest(header.contentHash, this.#digests, digestWords)
    writeDigest(header.creatorKeyHash, this.#digests, 2 * digestWords)
    this.#ids.admit()
    const node = this.#insert(this.#digests, 0, header, count, header.zone)
    if (header.chain !== undefined) this.#chain(node, header.chain)
    return ok(node)
  }

  /** As `add`; parents are indexes. */
  addPacked(header: PackedHeader): Result<number, KnownIdFault> {
    const { words, parents, parentCount } = header
    const known = this.#ids.candidatePacked(words, 0)
    if (known >= 0) return this.#refuseKnown(known, words, idWords)
    for (let place = 0; place < parentCount; place++) {
      const parent = parents[place]!
      assert(parent >= 0 && parent < this.size, 'a parent is in the graph before its child')
      this.#noteParent(parent, place)
    }
    this.#ids.admit()
    return ok(this.#insert(words, idWords, header, parentCount))
  }

  has(id: string): boolean {
    return this.#ids.find(id) >= 0
  }

  indexOf(id: string): number | undefined {
    const node = this.#ids.find(id)
    return node < 0 ? undefined : node
  }

  /** The id at an index below `size`. */
  idAt(index: number): string {
    assert(index >= 0 && index < this.size, 'an index lies within the graph')
    return this.#ids.at(index)
  }

  /** What the graph keeps of a record. */
  entry(id: string): RecordEntry | undefined {
    const node = this.#ids.find(id)
    if (node < 0) return undefined
    return {
      index: node,
      hash: this.#facts.hash(node),
      contentHash: this.#facts.content(node),
      creatorKeyHash: this.#facts.creator(node),
      classification: this.#facts.classOf(node),
      zone: this.#zones.nameOf(node),
      timestamp: this.#facts.time(node),
      firstSeen: this.#facts.firstSeen(node),
      notBefore: this.#facts.notBefore(node),
      depth: this.#edges.depthOf(node),
    }
  }

  /** The id of the record with this hash. */
  withHash(hash: Uint8Array): string | undefined {
    const node = this.#facts.withHash(hash)
    return node < 0 ? undefined : this.#ids.at(node)
  }

  /** Records without a child; with a zone, those of it without a child in it. Of more than `most` the newest. */
  tips(zone?: string, most: number = Infinity): string[] {
    if (zone === undefined) return this.#texts(this.#tips.list(0, most))
    const number = this.#zones.find(zone)
    return number < 0 ? [] : this.#texts(this.#zones.tips(number, most))
  }

  /** Whether a record is here and has no child. */
  isTip(id: string): boolean {
    const node = this.#ids.find(id)
    return node >= 0 && this.#edges.newestChild(node) === 0
  }

  /** How many records have no child. */
  get tipCount(): number {
    return this.#tips.count(0)
  }

  /** Records without a parent; with a zone, those of it without a parent in it. */
  roots(zone?: string): string[] {
    if (zone === undefined) return this.#texts(this.#roots)
    const number = this.#zones.find(zone)
    return number < 0 ? [] : this.#texts(this.#zones.roots(number))
  }

  /** In the record's order; `[]` also when the id is not known. */
  parents(id: string): string[] {
    const node = this.#ids.find(id)
    return node < 0 ? [] : this.#texts(this.#edges.parents(node))
  }

  children(id: string): string[] {
    const node = this.#ids.find(id)
    return node < 0 ? [] : this.#texts(this.#edges.children(node))
  }

  /** Edges on the longest way down to a root: 0 for a root. */
  depthOf(id: string): number | undefined {
    const node = this.#ids.find(id)
    return node < 0 ? undefined : this.#edges.depthOf(node)
  }

  /** `undefined` when an id is not known, or more than `maxVisits` records would have to be visited. */
  relation(a: string, b: string, maxVisits: number = defaultWalkRecords): Relation | undefined {
    const nodeA = this.#ids.find(a)
    const nodeB = this.#ids.find(b)
    if (nodeA < 0 || nodeB < 0) return undefined
    if (nodeA === nodeB) return 'same'
    const leads = this.#walks.leadsTo(Math.min(nodeA, nodeB), Math.max(nodeA, nodeB), maxVisits)
    if (leads !== true) return leads === false ? 'concurrent' : undefined
    return nodeA < nodeB ? 'before' : 'after'
  }

  ancestors(id: string, bounds: WalkBounds = {}): Walk {
    const node = this.#ids.find(id)
    return node < 0 ? nothing : this.#walk(this.#walks.ancestors(node, bounds))
  }

  descendants(id: string, bounds: WalkBounds = {}): Walk {
    const node = this.#ids.find(id)
    return node < 0 ? nothing : this.#walk(this.#walks.descendants(node, bounds))
  }

  /**
   * The nearest common ancestors, a record counting as its own: all others are ancestors of these. `undefined` as in
   * `relation`.
   */
  commonAncestors(
    a: string,
    b: string,
    maxVisits: number = defaultWalkRecords,
  ): string[] | undefined {
    const nodeA = this.#ids.find(a)
    const nodeB = this.#ids.find(b)
    if (nodeA < 0 || nodeB < 0) return undefined
    const common = this.#walks.nearestCommon(nodeA, nodeB, maxVisits)
    return common && this.#texts(common)
  }

  /**
   * From an ancestor to its descendant along the fewest edges, both included; `[]` when there is no way. `undefined` as in
   * `relation`.
   */
  path(from: string, to: string, maxVisits: number = defaultWalkRecords): string[] | undefined {
    const low = this.#ids.find(from)
    const high = this.#ids.find(to)
    if (low < 0 || high < 0) return undefined
    const path = low > high ? [] : this.#walks.path(low, high, maxVisits)
    return path && this.#texts(path)
  }

  /** All ids from an index on: ancestors before their descendants. */
  *ids(from = 0): Generator<string, undefined> {
    for (let node = from; node < this.size; node++) yield this.#ids.at(node)
  }

  /** Those of the ids that are known, each once, ancestors before their descendants. */
  inOrder(ids: Iterable<string>): string[] {
    const nodes = new Set<number>()
    for (const id of ids) {
      const node = this.#ids.find(id)
      if (node >= 0) nodes.add(node)
    }
    return this.#texts(Int32Array.from(nodes).sort())
  }

  /** The records that fulfil the whole filter, newest claimed time first; those of one time by insertion. */
  query(filter: RecordFilter): string[] {
    return this.#texts(queryNumbers(filter, this.#facts, this.#zones))
  }

  /** The conflict that a record's content is part of. */
  conflictOf(id: string): ContentConflict | undefined {
    const node = this.#ids.find(id)
    if (node < 0) return undefined
    const first = this.#facts.firstWithContent(this.#facts.content(node))
    const shared = this.#facts.sharedOf(first)
    return shared && this.#conflict(first, shared)
  }

  /** Every content that more than one record has. */
  *conflicts(): Generator<ContentConflict, undefined> {
    for (const [first, shared] of this.#facts.shared()) yield this.#conflict(first, shared)
  }

  /** How many equivocations were found so far. */
  get equivocationCount(): number {
    return this.#chains.forks.length
  }

  /** In the order in which they were found, from the one at `from` on. A record is named against the first of its place only. */
  equivocations(from = 0): Equivocation[] {
    return this.#chains.forks.slice(from).map(({ kind, first, second }) => ({
      kind,
      creatorKeyHash: this.#facts.creator(second),
      ids: [this.#ids.at(first), this.#ids.at(second)],
    }))
  }

  /** Every index takes in the next record; `#parents` has its parents. */
  #insert(words: Words, at: number, said: Said, count: number, zone = ''): number {
    const parents = this.#parents
    const node = this.size
    this.#zones.add(node, zone, parents, count)
    for (let place = 0; place < count; place++) this.#tips.remove(0, parents[place]!)
    this.#tips.add(0, node)
    if (count === 0) this.#roots.push(node)
    this.#facts.add(words, at, said, parents, count)
    return this.#edges.add(parents, count)
  }

  #chain(node: number, place: ChainPlace): void {
    const author = this.#facts.creatorOf(node)
    const hash = place.prev === undefined ? undefined : fromHex(place.prev)
    if (hash === undefined) return this.#chains.add(node, author, place, undefined)
    const found = this.#facts.withHash(hash)
    const isOwn = found >= 0 && this.#facts.creatorOf(found) === author
    this.#chains.add(node, author, place, { hash, node: isOwn ? found : -1 })
  }

  #noteParent(parent: number, at: number): void {
    if (at === this.#parents.length) this.#parents = withRoom(this.#parents, at + 1)
    this.#parents[at] = parent
  }

  #refuseKnown(known: number, words: Words, at: number): Result<never, KnownIdFault> {
    const code = this.#facts.hasHash(known, words, at) ? 'dag/duplicate' : 'dag/id-taken'
    return fail({ code, id: this.#ids.at(known) })
  }

  #missing(parents: readonly string[], from: number): string[] {
    return [...new Set(parents.slice(from).filter((id) => !this.has(id)))]
  }

  #conflict(first: number, { count, isByOne }: Shared): ContentConflict {
    return {
      kind: isByOne ? 'same-creator' : 'different-creators',
      contentHash: this.#facts.content(first),
      count,
      ids: this.#texts(this.#facts.sharers(first, maxConflictIds)),
    }
  }

  #walk({ numbers, complete }: NumberWalk): Walk {
    return { ids: this.#texts(numbers), complete }
  }

  #texts(nodes: readonly number[] | Int32Array): string[] {
    const texts: string[] = []
    for (const node of nodes) texts.push(this.#ids.at(node))
    return texts
  }
}

/** Ids of one conflict. Source: our choice; a stranger can write one content as often as it likes. */
export const maxConflictIds = 64

const nothing: Walk = { ids: [], complete: true }
