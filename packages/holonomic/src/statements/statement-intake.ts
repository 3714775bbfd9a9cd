import { type Fault, fromHex } from '@kithnet/kernel'
import { peerIdOf, type PeerId, type ServiceHost } from '@kithnet/types'
import type { Taken } from './exchange-events.ts'
import type { Parcel } from './exchange-messages.ts'
import type { AnyHeld, BookEvent } from './held.ts'
import { forksAmong } from './fork-evidence.ts'
import type { StatementBook } from './statement-book.ts'
import { type Claimed, readItem, type StatementItem, verifyItem } from './statement-item.ts'
import { StatementStore } from './statement-store.ts'

/** What an intake is made from. */
export interface IntakeOptions {
  readonly host: ServiceHost
  readonly book: StatementBook
  /** What has changed, once it is on disk. */
  readonly changed: (events: readonly BookEvent[]) => void
  /** Evidence was found here, and is in the book. */
  readonly found: (id: string) => void
}

/** The way into a book: judged, verified, on disk, and only then in the book. One at a time, in order. */
export class StatementIntake {
  readonly #options: IntakeOptions
  readonly #store: StatementStore
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#store = new StatementStore(options.host.store)
  }

  /** Takes what another peer gives. Rejects when the store fails; nothing of it is then taken. */
  async take(parcel: Parcel): Promise<Taken> {
    const { book, host } = this.#options
    const keys = new Map(parcel.keys.map((key) => [peerIdOf(key), Uint8Array.from(key)]))
    const known: string[] = []
    const claims: Claimed[] = []
    let forged = 0
    for (const item of parcel.items) {
      const claimed = readItem(item)
      const judged = claimed.ok ? book.judge(claimed.value, host.wall()) : claimed
      if (!claimed.ok || (!judged.ok && isForgery(judged.fault))) forged++
      else if (judged.ok && judged.value === 'known') known.push(claimed.value.id)
      else if (judged.ok) claims.push(claimed.value)
    }
    const verified = await Promise.all(
      claims.map((claimed) => {
        const key = keys.get(claimed.signer) ?? book.keyOf(claimed.signer)
        // Who gives a statement of somebody gives the key, too.
        return verifyItem(claimed, key ?? noKey)
      }),
    )
    const news = verified.flatMap((one) => (one.ok ? [one.value] : []))
    forged += verified.length - news.length
    const stored = await this.admit(news)
    return { forged, known, stored }
  }

  /** Puts in what was verified. What those are called that are new. Rejects when the store fails. */
  admit(news: readonly AnyHeld[]): Promise<readonly string[]> {
    if (news.length === 0) return Promise.resolve([])
    return this.#inTurn(() => this.#admit(news))
  }

  /** Puts in what this node has just signed. False, and it is nowhere, when it would prove a fork of its own. */
  state(one: AnyHeld): Promise<boolean> {
    const { book } = this.#options
    // A twin's may have come while this one was signed or waited for its turn.
    return this.#inTurn(async () => {
      if (forksAmong([one], book).length > 0) return false
      await this.#admit([one])
      return true
    })
  }

  /** Forgets what is over. */
  expire(): Promise<void> {
    return this.#inTurn(async () => {
      const events = this.#options.book.expire(this.#options.host.wall())
      if (events.length === 0) return
      this.#options.changed(events)
      await this.#drop(events, [])
    })
  }

  /** Reads what is on disk. What is damaged or over is dropped: others give it again. */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      const { book, host } = this.#options
      const useless: Uint8Array[] = []
      for await (const entries of this.#store.statements()) {
        const read = await Promise.all(entries.map(({ item }) => this.#verified(item)))
        for (const [index, { key }] of entries.entries()) {
          const held = read[index]
          const events = held === undefined ? [] : book.restore(held, host.wall())
          if (events.length === 0) useless.push(key)
          useless.push(...keysOf(lostOf(events)))
        }
      }
      for (const [signer, floors] of await this.#store.floors()) {
        for (const floor of floors) book.raise(signer, floor)
      }
      if (useless.length > 0) await this.#store.drop(useless)
      // Whom to trust is known only now.
      await this.#drop(book.fit(), [])
    })
  }

  async #verified(item: StatementItem | undefined): Promise<AnyHeld | undefined> {
    const claimed = item && readItem(item)
    if (claimed?.ok !== true) return undefined
    const key = await this.#store.keyOf(claimed.value.signer)
    const held = await verifyItem(claimed.value, key ?? noKey)
    return held.ok ? held.value : undefined
  }

  async #admit(news: readonly AnyHeld[]): Promise<readonly string[]> {
    const { book, changed, found } = this.#options
    const all = [...news, ...forksAmong(news, book)]
    const proofs = all.slice(news.length)
    await this.#store.put(all)
    const events = all.flatMap((one) => this.#add(one))
    changed(events)
    for (const { id } of proofs) if (book.byId(id) !== undefined) found(id)
    await this.#drop(events, all)
    return [...new Set(all.map(({ id }) => id))].filter((id) => book.byId(id) !== undefined)
  }

  #add(one: AnyHeld): readonly BookEvent[] {
    return this.#options.book.add(one, this.#options.host.wall())
  }

  /** Takes off the disk what lost its place, and what came too late to get one. */
  async #drop(events: readonly BookEvent[], put: readonly AnyHeld[]): Promise<void> {
    const { book } = this.#options
    const lost = [...lostOf(events), ...put].filter(({ id }) => book.byId(id) === undefined)
    if (lost.length === 0) return
    const signers = [...new Set<PeerId>(lost.map(({ signer }) => signer))]
    const floors = signers.map((signer) => [signer, book.floorsOf(signer)] as const)
    const raised = floors.filter(([, places]) => places.length > 0)
    // Before what was pushed out is gone, what stands in for it is there.
    if (raised.length > 0) await this.#store.putFloors(raised)
    await this.#store.drop(
      keysOf(lost),
      signers.filter((signer) => book.keyOf(signer) === undefined),
    )
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#last.then(job)
    this.#last = done.catch(() => {})
    return done
  }
}

function lostOf(events: readonly BookEvent[]): readonly AnyHeld[] {
  return events.flatMap((event) => {
    if (event.type === 'gone') return [event.held]
    return event.replaced === undefined ? [] : [event.replaced]
  })
}

function keysOf(statements: readonly AnyHeld[]): readonly Uint8Array[] {
  return statements.map(({ id }) => fromHex(id)!)
}

/** An honest peer has none of another network. */
function isForgery(fault: Fault): boolean {
  return 'why' in fault && fault.why === 'network'
}

const noKey = new Uint8Array(0)
