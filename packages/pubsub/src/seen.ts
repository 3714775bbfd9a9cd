import type { EpochMs } from '@kithnet/kernel'
import { ItemSet } from '@kithnet/reconcile'
import { type MessageId, messageIdFromBytes, type PeerId } from '@kithnet/types'

/** The ids that one link has brought first. */
interface Account {
  /** In the order of arrival; an id that has expired stays until its turn. */
  readonly ids: MessageId[]
  head: number
  live: number
  /** The youngest id that the bound has pushed out: up to here this link's word is not news. */
  horizon: number
}

interface SeenEntry {
  readonly hlc: EpochMs
  readonly account: Account
}

/**
 * The ids of everything accepted here, for the retention time: exactly the set that histories are compared by.
 * Each link pays for what it brought first, so none can flush another's.
 */
export class Seen {
  /** By author's time. */
  readonly items: ItemSet<MessageId> = new ItemSet(messageIdFromBytes)
  readonly #entries = new Map<MessageId, SeenEntry>()
  readonly #accounts = new Map<PeerId, Account>()
  readonly #perLink: number
  #horizon = -1

  /** `perLink` ids at most on account of one link. */
  constructor(perLink: number) {
    this.#perLink = perLink
  }

  /** Up to this time, by authors' clocks, some ids have been pushed out: what is not here may have been. */
  get horizon(): number {
    return this.#horizon
  }

  get size(): number {
    return this.#entries.size
  }

  has(id: MessageId): boolean {
    return this.#entries.has(id)
  }

  /** True when ids as old as this may have been forgotten early on account of the link. */
  mayHaveForgotten(link: PeerId, hlc: EpochMs): boolean {
    return hlc <= (this.#accounts.get(link)?.horizon ?? -1)
  }

  add(id: MessageId, hlc: EpochMs, link: PeerId): void {
    let account = this.#accounts.get(link)
    if (account === undefined) {
      account = { ids: [], head: 0, live: 0, horizon: -1 }
      this.#accounts.set(link, account)
    }
    this.#entries.set(id, { hlc, account })
    this.items.add(hlc, id)
    account.ids.push(id)
    account.live++
    while (account.live > this.#perLink) this.#pushOut(account)
  }

  /** Forgets what is older than `time` by its author's clock. */
  sweep(time: number): void {
    for (const id of this.items.evictBefore(time)) {
      const entry = this.#entries.get(id)
      if (entry === undefined) continue
      this.#entries.delete(id)
      entry.account.live--
    }
    for (const [link, account] of this.#accounts) {
      this.#compact(account)
      if (account.live === 0 && account.horizon < time) this.#accounts.delete(link)
    }
  }

  #pushOut(account: Account): void {
    const id = account.ids[account.head++]!
    const entry = this.#entries.get(id)
    if (entry?.account !== account) return
    this.#entries.delete(id)
    this.items.delete(entry.hlc, id)
    account.live--
    account.horizon = Math.max(account.horizon, entry.hlc)
    this.#horizon = Math.max(this.#horizon, entry.hlc)
    this.#compact(account)
  }

  #compact(account: Account): void {
    while (account.head < account.ids.length && !this.#entries.has(account.ids[account.head]!)) {
      account.head++
    }
    if (account.head < 1_024 || account.head * 2 < account.ids.length) return
    account.ids.splice(0, account.head)
    account.head = 0
  }
}
