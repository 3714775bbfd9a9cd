/** A record that waits for parents. */
export interface Orphan<T> {
  /** What tells it from every other one, its hash as hexadecimal: strangers may give two records one id. */
  readonly key: string
  readonly id: string
  /** Who is charged for it: its creator, as text. */
  readonly author: string
  /** Bytes that it keeps in memory. */
  readonly bytes: number
  /** Ids of the parents that are not here: at least one. */
  readonly missing: readonly string[]
  readonly value: T
}

/** How much may wait. Bytes count `bytes` of each orphan and `bytesPerMissing` for each parent that it waits for. */
export interface OrphanBounds {
  readonly maxRecords: number
  readonly maxBytes: number
  readonly maxRecordsPerAuthor: number
  readonly maxBytesPerAuthor: number
}

/**
 * Records that wait for parents. Bounded in all and per author: beyond an author's bounds its oldest goes, beyond those of
 * all the oldest of the author who takes most, so that nobody pushes out the records of others by sending many.
 */
export class Orphans<T> {
  readonly #bounds: OrphanBounds
  readonly #waitingByKey = new Map<string, Waiting<T>>()
  readonly #countsById = new Map<string, number>()
  /** By the id of a parent that is missing, who waits for it. */
  readonly #waitingByParent = new Map<string, Set<Waiting<T>>>()
  readonly #accountsByAuthor = new Map<string, Account<T>>()
  #bytes = 0

  constructor(bounds: OrphanBounds = defaultOrphanBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#waitingByKey.size
  }

  /** As the bounds count them. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a record of this id waits. */
  has(id: string): boolean {
    return this.#countsById.has(id)
  }

  /** Those that wait, in the order in which they came. */
  values(): T[] {
    return [...this.#waitingByKey.values()].map(({ orphan }) => orphan.value)
  }

  /** Ids for which records wait and that do not wait themselves, those asked for longest first. */
  missing(): string[] {
    return [...this.#waitingByParent.keys()].filter((id) => !this.has(id))
  }

  /** Keeps a record until its parents come; again, nothing happens. Gives what had to go, which may be the record itself. */
  add(orphan: Orphan<T>): readonly Orphan<T>[] {
    if (this.#waitingByKey.has(orphan.key)) return []
    const parents = new Set(orphan.missing)
    const cost = orphan.bytes + parents.size * bytesPerMissing
    const waiting: Waiting<T> = { orphan, parents, cost }
    this.#keep(waiting)
    const gone: Orphan<T>[] = []
    for (let next = this.#excess(orphan.author); next !== undefined;) {
      this.#drop(next)
      gone.push(next.orphan)
      next = this.#excess(orphan.author)
    }
    return gone
  }

  /** A parent is here: gives those that wait for nothing any more, in the order in which they came, and forgets them. */
  release(parent: string): T[] {
    const released: T[] = []
    for (const waiting of this.#waitingByParent.get(parent) ?? []) {
      waiting.parents.delete(parent)
      if (waiting.parents.size > 0) continue
      this.#drop(waiting)
      released.push(waiting.orphan.value)
    }
    this.#waitingByParent.delete(parent)
    return released
  }

  #keep(waiting: Waiting<T>): void {
    const { key, id, author } = waiting.orphan
    this.#waitingByKey.set(key, waiting)
    this.#countsById.set(id, (this.#countsById.get(id) ?? 0) + 1)
    for (const parent of waiting.parents) {
      const waiters = this.#waitingByParent.get(parent)
      if (waiters === undefined) this.#waitingByParent.set(parent, new Set([waiting]))
      else waiters.add(waiting)
    }
    let account = this.#accountsByAuthor.get(author)
    if (account === undefined) {
      account = { records: new Set(), bytes: 0 }
      this.#accountsByAuthor.set(author, account)
    }
    account.records.add(waiting)
    account.bytes += waiting.cost
    this.#bytes += waiting.cost
  }

  #drop(waiting: Waiting<T>): void {
    const { key, id, author } = waiting.orphan
    this.#waitingByKey.delete(key)
    const count = this.#countsById.get(id)! - 1
    if (count === 0) this.#countsById.delete(id)
    else this.#countsById.set(id, count)
    for (const parent of waiting.parents) {
      const waiters = this.#waitingByParent.get(parent)!
      waiters.delete(waiting)
      if (waiters.size === 0) this.#waitingByParent.delete(parent)
    }
    const account = this.#accountsByAuthor.get(author)!
    account.records.delete(waiting)
    account.bytes -= waiting.cost
    this.#bytes -= waiting.cost
    if (account.records.size === 0) this.#accountsByAuthor.delete(author)
  }

  /** Who has to go next, while a bound is passed. */
  #excess(author: string): Waiting<T> | undefined {
    const account = this.#accountsByAuthor.get(author)
    const { maxRecords, maxBytes, maxRecordsPerAuthor, maxBytesPerAuthor } = this.#bounds
    const isAuthorOver =
      account !== undefined &&
      (account.records.size > maxRecordsPerAuthor || account.bytes > maxBytesPerAuthor)
    if (isAuthorOver) return oldest(account)
    if (this.size <= maxRecords && this.#bytes <= maxBytes) return undefined
    let greediest: Account<T> | undefined
    for (const other of this.#accountsByAuthor.values()) {
      if (greediest === undefined || other.bytes > greediest.bytes) greediest = other
    }
    return greediest && oldest(greediest)
  }
}

interface Waiting<T> {
  readonly orphan: Orphan<T>
  /** Those still missing. */
  readonly parents: Set<string>
  readonly cost: number
}

interface Account<T> {
  /** In the order in which they came. */
  readonly records: Set<Waiting<T>>
  bytes: number
}

function oldest<T>(account: Account<T>): Waiting<T> | undefined {
  return account.records.values().next().value
}

/** Source: measured, rounded up: an entry of a set in a map, and an id of 36 characters. */
const bytesPerMissing = 256

/** Source: our choice: an author's burst that arrives backwards, and 64 such authors. */
export const defaultOrphanBounds: OrphanBounds = {
  maxRecords: 16_384,
  maxBytes: 64 * 2 ** 20,
  maxRecordsPerAuthor: 256,
  maxBytesPerAuthor: 4 * 2 ** 20,
}
