import type { Identity } from '@kithnet/identity'
import { CodedError, toHex } from '@kithnet/kernel'
import {
  type ElraRecord,
  type MetadataValue,
  recordHash,
  uuid7Source,
  type Uuid7Source,
} from '@kithnet/wire'
import type { ClassifiedParentFault, MissingParentFault } from '../faults.ts'
import type { RecordGraph } from '../graph/record-graph.ts'
import { visibleTips } from '../graph/visible-tips.ts'
import type { RecordHost } from '../host.ts'
import { chainMetadata, type ChainPlace } from './author-chain.ts'
import { type Draft, signDraft } from './draft.ts'

/** Where a draft goes. */
export interface Placement {
  /** What it follows; the visible tips, at most 64, when left out. */
  readonly parents?: readonly string[]
  /** Whether it takes the next place in its author's chain, so that whoever signs another for the same place is found out. */
  readonly chained?: boolean
  /** Whether it may follow records of a higher class than its own, which tells its readers that they exist. */
  readonly allowClassifiedParents?: boolean
}

interface Link {
  readonly place: ChainPlace
  /** Of the record at the place. */
  readonly id: string
  readonly hash: string
}

/** Writes records: places drafts after what is there and signs them. */
export class Author {
  readonly #graph: RecordGraph
  readonly #host: RecordHost
  readonly #ids: Uuid7Source
  /** The last record of each chain that was begun here, by author and class: a chain names nothing of a higher class. */
  readonly #links = new Map<string, Link>()
  /** What the next record of a chain waits for: two at one place would be equivocation. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(graph: RecordGraph, host: RecordHost) {
    this.#graph = graph
    this.#host = host
    this.#ids = uuid7Source(host.rng.fork('ids'))
  }

  /** Signs a draft in its place. A chained one stays out of the chain until it is published. */
  sign(draft: Draft, identity: Identity, placement: Placement): Promise<ElraRecord> {
    return this.#sign(draft, identity, placement, undefined)
  }

  /** Signs a draft and gives it to `store`; the next of the same chain waits until that has resolved. */
  async publish<T>(
    draft: Draft,
    identity: Identity,
    placement: Placement,
    store: (record: ElraRecord) => Promise<T>,
  ): Promise<T> {
    if (placement.chained !== true) return store(await this.sign(draft, identity, placement))
    const key = `${identity.peer}/${draft.classification ?? 0}`
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(() =>
      this.#publishNext(key, draft, identity, placement, store),
    )
    const settled = turn.catch(() => {})
    this.#turns.set(key, settled)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === settled) this.#turns.delete(key)
    }
  }

  async #publishNext<T>(
    key: string,
    draft: Draft,
    identity: Identity,
    placement: Placement,
    store: (record: ElraRecord) => Promise<T>,
  ): Promise<T> {
    const last = this.#links.get(key)
    // If anything fails from here on, this place may have been signed: the next record begins another chain.
    this.#links.delete(key)
    const place =
      last === undefined
        ? { stream: toHex(this.#host.rng.bytes(16)), seq: 0, prev: undefined }
        : { stream: last.place.stream, seq: last.place.seq + 1, prev: last.hash }
    const record = await this.#sign(draft, identity, placement, { place, previous: last?.id })
    const stored = await store(record)
    this.#links.set(key, { place, id: record.id, hash: toHex(recordHash(record)) })
    return stored
  }

  #sign(
    draft: Draft,
    identity: Identity,
    placement: Placement,
    chain: { readonly place: ChainPlace; readonly previous: string | undefined } | undefined,
  ): Promise<ElraRecord> {
    const classification = draft.classification ?? 0
    const chosen = placement.parents ?? visibleTips(this.#graph, classification, maxOwnParents)
    const first = chain?.previous === undefined ? [] : [chain.previous]
    const parents = [...new Set([...first, ...chosen])]
    const newest = this.#newestOf(parents, classification, placement)
    const metadata = new Map<string, MetadataValue>([
      ...(draft.metadata ?? []),
      ...(chain === undefined ? [] : chainMetadata(chain.place)),
    ])
    const wall = this.#host.wall()
    const placed = {
      ...draft,
      metadata,
      id: this.#ids.next(wall),
      timestamp: Math.max(wall / 1000, newest),
      parents,
    }
    return signDraft(placed, identity)
  }

  /** The newest time of the parents, once they are found fit to be named. */
  #newestOf(parents: readonly string[], classification: number, placement: Placement): number {
    let newest = -Infinity
    for (const parent of parents) {
      const entry = this.#graph.entry(parent)
      if (entry === undefined) throw missingParent(parent)
      if (entry.classification > classification && placement.allowClassifiedParents !== true) {
        throw classifiedParent(parent)
      }
      newest = Math.max(newest, entry.timestamp)
    }
    return newest
  }
}

/** Parents of a record whose author names none. Source: our choice; 2.4 KB of ids, and a merge takes the rest. */
const maxOwnParents = 64

function missingParent(parent: string): CodedError<MissingParentFault> {
  return new CodedError<MissingParentFault>(
    { code: 'dag/missing-parent', id: parent, parents: [parent] },
    `There is no record ${parent} here to follow: insert it first, or name another parent.`,
  )
}

function classifiedParent(parent: string): CodedError<ClassifiedParentFault> {
  return new CodedError<ClassifiedParentFault>(
    { code: 'dag/classified-parent', parent },
    `Record ${parent} is of a higher class than the one that would follow it, whose readers would learn that it exists: ` +
      'give the new record the same class, or set allowClassifiedParents.',
  )
}
