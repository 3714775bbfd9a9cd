import type { Rng } from '@kithnet/kernel'
import {
  acceptSession,
  type Answer,
  type ReconcileFault,
  type Reconciler,
  startSession,
} from '@kithnet/reconcile'
import type { CborValue } from '@kithnet/types'
import type { ExchangeFault } from '../faults.ts'
import type { ExchangeReport } from './exchange-events.ts'
import {
  type ComparisonMessage,
  maxParcelItems,
  type Parcel,
  parcelBytes,
  sizeOfItem,
} from './exchange-messages.ts'
import type { AnyHeld } from './held.ts'
import type { StatementBook } from './statement-book.ts'

/** What a side of a comparison wants done, in this order. */
export interface ComparisonStep {
  readonly sends: readonly ComparisonMessage[]
  /** To be verified and stored; answered by `settled`. */
  readonly take?: Parcel | undefined
  /** It is over on this side. */
  readonly over?: ExchangeReport | undefined
  /** A rule was broken: it is over. */
  readonly fault?: ExchangeFault | ReconcileFault | undefined
}

/**
 * One side of a comparison of two books: finds what differs, gives what the other side lacks, no faster than the other side
 * verifies, and takes what it is given. Cut at any point, what came stays, and the next comparison finds the rest.
 */
export class Comparison {
  readonly #book: StatementBook
  readonly #rng: Rng
  #reconciler: Reconciler | undefined
  /** What the other side lacks, by what it is called. */
  readonly #lacking: string[] = []
  #isFound = false
  #isWhole = true
  #hasSaidLast = false
  #hasLast = false
  #underwayBytes = 0
  /** Bytes taken and not yet dealt with, parcel by parcel. */
  readonly #unsettled: number[] = []
  #sent = 0
  #received = 0
  #receivedBytes = 0
  #isOver = false

  constructor(book: StatementBook, rng: Rng) {
    this.#book = book
    this.#rng = rng
  }

  /** The first message. */
  open(): ComparisonMessage {
    const { session, message } = startSession(this.#book.items, this.#rng, { limits })
    this.#reconciler = session
    return { type: 'coded', value: message }
  }

  /** Takes a message of the other side. Keeps nothing of it. */
  take(message: ComparisonMessage): ComparisonStep {
    if (this.#isOver) return idle
    switch (message.type) {
      case 'coded':
        return this.#coded(message.value)
      case 'parcel':
        return this.#parcel(message.parcel, message.last)
      case 'credit':
        if (message.bytes > this.#underwayBytes) return this.#broken()
        this.#underwayBytes -= message.bytes
        return this.#goOn([])
      case 'end':
        return this.#stopped([])
    }
  }

  /** Answers `take`: the oldest parcel that was not answered is dealt with. */
  settled(): ComparisonStep {
    const bytes = this.#unsettled.shift()
    if (this.#isOver || bytes === undefined) return idle
    // Whoever sent its last parcel needs no more room.
    return this.#goOn(this.#hasLast ? [] : [{ type: 'credit', bytes }])
  }

  /** What has come of it so far. */
  get report(): ExchangeReport {
    const complete = this.#isFound && this.#isWhole && this.#hasSaidLast && this.#hasLast
    return { sent: this.#sent, received: this.#received, complete }
  }

  #coded(value: CborValue): ComparisonStep {
    if (this.#isFound) return this.#broken()
    this.#reconciler ??= acceptSession(this.#book.items, this.#rng, { limits })
    const answer: Answer = this.#reconciler.answer(value)
    for (const { id } of answer.have) this.#lacking.push(id)
    const sends: ComparisonMessage[] = []
    if (answer.reply !== undefined) sends.push({ type: 'coded', value: answer.reply })
    if (!answer.done) return { sends }
    if (answer.fault !== undefined) {
      this.#isWhole = false
      if (!isBound(answer.fault)) return { ...this.#finish(sends), fault: answer.fault }
    }
    this.#isFound = true
    this.#reconciler = undefined
    this.#sort()
    return this.#goOn(sends)
  }

  /** By signer, so that a key goes with many items. */
  #sort(): void {
    const signerOf = (id: string): string => this.#book.byId(id)?.signer ?? ''
    const named = this.#lacking.map((id) => ({ id, signer: signerOf(id) }))
    named.sort((a, b) =>
      a.signer === b.signer ? (a.id < b.id ? -1 : 1) : a.signer < b.signer ? -1 : 1,
    )
    this.#lacking.splice(0, this.#lacking.length, ...named.map(({ id }) => id))
  }

  #parcel(parcel: Parcel, last: boolean): ComparisonStep {
    const waiting = this.#unsettled.reduce((sum, one) => sum + one, 0)
    const isUnasked = this.#reconciler === undefined && !this.#isFound
    if (this.#hasLast || isUnasked || waiting > windowBytes) return this.#broken()
    const bytes = sizeOf(parcel)
    this.#received += parcel.items.length
    this.#receivedBytes += bytes
    this.#hasLast = last
    this.#unsettled.push(bytes)
    if (this.#receivedBytes > maxReceivedBytes) {
      return { ...this.#stopped([{ type: 'end' }]), take: parcel }
    }
    return parcel.items.length > 0 ? { sends: [], take: parcel } : this.settled()
  }

  /** Goes on giving, and ends when all is given and taken. */
  #goOn(sends: readonly ComparisonMessage[]): ComparisonStep {
    if (!this.#isFound) return { sends }
    const all = [...sends]
    while (!this.#hasSaidLast && this.#underwayBytes <= windowBytes - parcelBytes) {
      const parcel = this.#next()
      this.#sent += parcel.items.length
      this.#underwayBytes += sizeOf(parcel)
      this.#hasSaidLast = this.#lacking.length === 0
      all.push({ type: 'parcel', last: this.#hasSaidLast, parcel })
    }
    const isDone = this.#hasSaidLast && this.#hasLast && this.#unsettled.length === 0
    return isDone ? this.#finish(all) : { sends: all }
  }

  #next(): Parcel {
    const items: AnyHeld[] = []
    let bytes = 0
    while (this.#lacking.length > 0 && items.length < maxParcelItems && bytes < parcelBytes) {
      // What was replaced meanwhile is not given any more.
      const held = this.#book.byId(this.#lacking.shift()!)
      if (held === undefined) continue
      items.push(held)
      bytes += sizeOfItem(held)
    }
    return parcelOf(items)
  }

  #stopped(sends: readonly ComparisonMessage[]): ComparisonStep {
    this.#isWhole = false
    return this.#finish(sends)
  }

  #finish(sends: readonly ComparisonMessage[]): ComparisonStep {
    this.#isOver = true
    return { sends, over: this.report }
  }

  #broken(): ComparisonStep {
    return { ...this.#stopped([]), fault: { code: 'holonomic/exchange-unexpected' } }
  }
}

/** Statements with the keys of their signers. */
export function parcelOf(items: readonly AnyHeld[]): Parcel {
  const keys = new Set<Uint8Array>()
  for (const { kind, publicKey } of items) if (kind !== 'fork') keys.add(publicKey)
  return { keys: [...keys], items }
}

function sizeOf({ items }: Parcel): number {
  return items.reduce((sum, item) => sum + sizeOfItem(item), 0)
}

/** True when nobody broke a rule, and what was found so far holds. */
function isBound({ code }: ReconcileFault): boolean {
  return (
    code === 'reconcile/too-many-rounds' ||
    code === 'reconcile/too-different' ||
    code === 'reconcile/stopped'
  )
}

const idle: ComparisonStep = { sends: [] }
/** A newcomer lacks everything. Source: our choice: as many as a book holds, and some. */
const limits = { difference: 40_000, rounds: 128 }
/** Bytes of parcels on their way or being verified, in each direction, but for the last item. Source: our choice. */
const windowBytes = 524_288
/** What one comparison takes; more is left to the next. Source: our choice: half of a full book. */
const maxReceivedBytes = 67_108_864
