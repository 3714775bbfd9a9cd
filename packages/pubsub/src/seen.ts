import { type EpochMs, epochMs } from '@kithnet/kernel'
import { ItemSet } from '@kithnet/reconcile'
import { type MessageId, messageIdFromBytes, type PeerId } from '@kithnet/types'
import type { IdPrefix } from './id-prefix.ts'
import { IdTable, noRow, type Row } from './id-table.ts'

/** The ids that one link has brought first: a list through the rows, in the order of arrival. */
interface Account {
  readonly link: PeerId
  /** Where `Seen` keeps it. */
  readonly index: number
  oldest: Row
  newest: Row
  live: number
  /** The youngest id that the bound has pushed out: up to here this link's word is not news. */
  horizon: number
}

/**
 * The ids of everything accepted here, for the retention time: exactly the set that histories are compared by.
 * Each link pays for what it brought first, so none can flush another's.
 */
export class Seen {
  /** By author's time. */
  readonly items: ItemSet<MessageId> = new ItemSet(messageIdFromBytes)
  readonly #table: IdTable
  #times = new Float64Array(0)
  /** Index of the account, the row before and the row after, for each row. */
  #links = new Int32Array(0)
  readonly #accounts = new Map<PeerId, Account>()
  readonly #accountByIndex: (Account | undefined)[] = []
  readonly #perLink: number
  #horizon = -1

  /** `perLink` ids at most on account of one link. `secret`: 32 bits that no peer knows. */
  constructor(perLink: number, secret: number) {
    this.#perLink = perLink
    this.#table = new IdTable(secret)
  }

  /** Up to this time, by authors' clocks, some ids have been pushed out: what is not here may have been. */
  get horizon(): number {
    return this.#horizon
  }

  get size(): number {
    return this.#table.size
  }

  has(id: MessageId): boolean {
    return this.#table.find(id) !== noRow
  }

  /** True when an id with this prefix is here. */
  hasPrefix(prefix: IdPrefix): boolean {
    return this.#table.hasPrefix(prefix)
  }

  /** True when ids as old as this may have been forgotten early on account of the link. */
  mayHaveForgotten(link: PeerId, hlc: EpochMs): boolean {
    return hlc <= (this.#accounts.get(link)?.horizon ?? -1)
  }

  /** What is not `compared` is never asked for, nor offered, when histories are. */
  add(id: MessageId, hlc: EpochMs, link: PeerId, compared = true): void {
    if (this.has(id)) return
    const account = this.#accounts.get(link) ?? this.#open(link)
    const row = this.#table.add(id)
    this.#makeRoom()
    if (compared) this.items.add(hlc, id)
    this.#times[row] = hlc
    this.#links.set([account.index, account.newest, noRow], row * columns)
    if (account.newest === noRow) account.oldest = row
    else this.#links[account.newest * columns + after] = row
    account.newest = row
    account.live++
    while (account.live > this.#perLink) this.#pushOut(account)
  }

  /** An id that is here, and that nobody shall ask for any more when histories are compared. */
  uncompare(id: MessageId, hlc: EpochMs): void {
    this.items.delete(hlc, id)
  }

  /** Forgets what is older than `time` by its author's clock. */
  sweep(time: number): void {
    for (const id of this.items.evictBefore(time)) {
      const row = this.#table.find(id)
      if (row !== noRow) this.#remove(row)
    }
    for (const account of this.#accounts.values()) {
      // What was not compared is in the order in which it came, which is near enough that of its times.
      while (account.oldest !== noRow && this.#times[account.oldest]! < time) {
        this.#remove(account.oldest)
      }
      if (account.live > 0 || account.horizon >= time) continue
      this.#accounts.delete(account.link)
      this.#accountByIndex[account.index] = undefined
    }
  }

  #open(link: PeerId): Account {
    const free = this.#accountByIndex.indexOf(undefined)
    const index = free < 0 ? this.#accountByIndex.length : free
    const account = { link, index, oldest: noRow, newest: noRow, live: 0, horizon: -1 }
    this.#accounts.set(link, account)
    this.#accountByIndex[index] = account
    return account
  }

  #pushOut(account: Account): void {
    const row = account.oldest
    const hlc = epochMs(this.#times[row]!)
    this.items.delete(hlc, this.#table.idAt(row))
    this.#remove(row)
    account.horizon = Math.max(account.horizon, hlc)
    this.#horizon = Math.max(this.#horizon, hlc)
  }

  #remove(row: Row): void {
    const at = row * columns
    const account = this.#accountByIndex[this.#links[at]!]!
    const [previous, next] = [this.#links[at + before]!, this.#links[at + after]!]
    if (previous === noRow) account.oldest = next
    else this.#links[previous * columns + after] = next
    if (next === noRow) account.newest = previous
    else this.#links[next * columns + before] = previous
    account.live--
    this.#table.delete(row)
  }

  /** The columns grow with the table. */
  #makeRoom(): void {
    const { capacity } = this.#table
    if (this.#times.length >= capacity) return
    const times = new Float64Array(capacity)
    times.set(this.#times)
    this.#times = times
    const links = new Int32Array(capacity * columns)
    links.set(this.#links)
    this.#links = links
  }
}

/** Of `#links`: the account comes first. */
const columns = 3
const before = 1
const after = 2
