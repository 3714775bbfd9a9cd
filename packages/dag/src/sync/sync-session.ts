import { fromHex, type Rng, toHex } from '@kithnet/kernel'
import {
  acceptSession,
  type Answer,
  type Item,
  type ItemSet,
  type ReconcileFault,
  type Reconciler,
  startSession,
} from '@kithnet/reconcile'
import type { CborValue } from '@kithnet/types'
import type { SyncFault } from '../faults.ts'
import { type Form, formOf, itemsFrom, maxListedKeys, outlineOf } from './sync-cuts.ts'
import { keyDigits } from './sync-keys.ts'
import { type EndReason, outlineSaltBytes, type SessionMessage } from './sync-messages.ts'
import { Shipment, windowBytes } from './sync-shipment.ts'

/** Bounds of what one comparison of two peers takes; what is beyond is left to the next. */
export interface SyncLimits {
  readonly bytes: number
  readonly items: number
}

/** Source: our choice: some 40,000 records of 5 KB. */
export const defaultSyncLimits: SyncLimits = { bytes: 268_435_456, items: 65_536 }

/** What came of a comparison. */
export interface SyncReport {
  /** How the difference was found. */
  readonly form: Form['type'] | 'none'
  /** Items that were sent. */
  readonly sent: number
  /** Items that came. */
  readonly received: number
  readonly sentBytes: number
  readonly receivedBytes: number
  /** True when the whole difference was found and exchanged: nobody met a bound. */
  readonly complete: boolean
}

/** What a side of a comparison wants done, in this order. */
export interface SessionStep {
  readonly sends: readonly SessionMessage[]
  /** Items to be read from the store, as many as `maxBytes` hold and at least one; answered by `loaded`. */
  readonly load?: { readonly keys: readonly string[]; readonly maxBytes: number } | undefined
  /** Items to be verified and stored; answered by `settled`. */
  readonly take?: Extract<SessionMessage, { readonly type: 'chunk' }>['items'] | undefined
  /** The comparison is over on this side. */
  readonly over?: SyncReport | undefined
  /** A rule was broken: it is over. */
  readonly fault?: SyncFault | ReconcileFault | undefined
}

/**
 * One side of a comparison of two sets of records: finds what differs, gives what the other side lacks, ancestors first
 * and no faster than the other side verifies, and takes what it is given. Cut at any point, what came stays, and the
 * next comparison finds the rest.
 */
export class SyncSession {
  readonly #set: ItemSet
  readonly #rng: Rng
  readonly #limits: SyncLimits
  readonly #isOpener: boolean
  readonly #shipment = new Shipment()
  readonly #have: Item[] = []
  #form: SyncReport['form'] = 'none'
  #reconciler: Reconciler | undefined
  #listed: readonly string[] | undefined
  #isFound = false
  #isWhole = true
  #hasLast = false
  /** Bytes taken and not yet dealt with, chunk by chunk. */
  readonly #unsettled: number[] = []
  #received = 0
  #receivedBytes = 0
  #isOver = false

  constructor(set: ItemSet, rng: Rng, isOpener: boolean, limits: SyncLimits) {
    this.#set = set
    this.#rng = rng
    this.#limits = limits
    this.#isOpener = isOpener
  }

  /** The first message. `careful`: nothing is taken for equal because sums of it are. */
  open(careful: boolean): SessionMessage {
    return { type: 'open', ...outlineOf(this.#set, this.#rng.bytes(outlineSaltBytes), careful) }
  }

  /** Takes a message of the other side. Keeps nothing of it but the items that it returns. */
  take(message: SessionMessage): SessionStep {
    if (this.#isOver) return idle
    switch (message.type) {
      case 'open':
        if (this.#isOpener || this.#form !== 'none') return this.#broken(message)
        return this.#answer(formOf(this.#set, message))
      case 'coded':
        return this.#coded(message.from, message.value)
      case 'tell':
        if (!this.#isOpener || this.#form !== 'none') return this.#broken(message)
        return this.#list(message.from)
      case 'list':
        return this.#compare(message.from, message.keys)
      case 'lacks':
        return this.#lacking(message.bits)
      case 'chunk':
        return this.#chunk(message)
      case 'credit':
        if (!this.#shipment.credit(message.bytes)) return this.#broken(message)
        return this.#goOn([])
      case 'end':
        return this.#ended(message.reason)
    }
  }

  /** Answers `load`: of the keys that were asked for so many, in order; `undefined` where there is none any more. */
  loaded(items: readonly (SessionItem | undefined)[]): SessionStep {
    if (this.#isOver) return idle
    return this.#goOn(this.#shipment.loaded(items))
  }

  /** Answers `take`: the oldest chunk that was not answered is dealt with. */
  settled(): SessionStep {
    const bytes = this.#unsettled.shift()
    if (this.#isOver || bytes === undefined) return idle
    // Whoever sent its last chunk needs no more room.
    return this.#goOn(this.#hasLast ? [] : [{ type: 'credit', bytes }])
  }

  /** Ends it because a bound of this side was met. */
  stop(): SessionStep {
    if (this.#isOver) return idle
    this.#isWhole = false
    return this.#finish([{ type: 'end', reason: 'bound' }])
  }

  /** What has come of it so far. */
  get report(): SyncReport {
    return {
      form: this.#form,
      sent: this.#shipment.sent,
      received: this.#received,
      sentBytes: this.#shipment.sentBytes,
      receivedBytes: this.#receivedBytes,
      complete: this.#isFound && this.#isWhole && this.#hasLast && this.#isAllGiven,
    }
  }

  get #isAllGiven(): boolean {
    return this.#form === 'same' || this.#shipment.isDone
  }

  #answer(form: Form): SessionStep {
    this.#form = form.type
    if (form.type === 'same') {
      this.#isFound = true
      this.#hasLast = true
      return this.#finish([{ type: 'end', reason: 'same' }])
    }
    if (form.type === 'listed') {
      if (form.by === 'ours') return this.#list(form.from)
      return { sends: [{ type: 'tell', from: form.from }] }
    }
    const opening = startSession(this.#set, this.#rng, windowFrom(form.from))
    this.#reconciler = opening.session
    return { sends: [{ type: 'coded', from: form.from, value: opening.message }] }
  }

  #list(from: number): SessionStep {
    this.#form = 'listed'
    const keys: string[] = []
    for (const { id } of itemsFrom(this.#set, from)) {
      if (keys.length === maxListedKeys) {
        this.#isWhole = false
        break
      }
      keys.push(id)
    }
    this.#listed = keys
    return { sends: [{ type: 'list', from, keys: fromHex(keys.join(''))! }] }
  }

  #compare(from: number, bytes: Uint8Array): SessionStep {
    if (this.#isFound || this.#listed !== undefined || this.#reconciler !== undefined) {
      return this.#broken({ type: 'list' })
    }
    this.#form = 'listed'
    const digits = toHex(bytes)
    const ours = new Set<string>()
    const theirs = new Set<string>()
    for (let at = 0; at < digits.length; at += keyDigits)
      theirs.add(digits.slice(at, at + keyDigits))
    for (const item of itemsFrom(this.#set, from)) {
      ours.add(item.id)
      if (!theirs.has(item.id)) this.#have.push(item)
    }
    const bits = new Uint8Array(Math.ceil(theirs.size / 8))
    let index = 0
    for (const key of theirs) {
      if (!ours.has(key)) bits[index >> 3]! |= 1 << (index & 7)
      index++
    }
    return this.#found([{ type: 'lacks', bits }])
  }

  #lacking(bits: Uint8Array): SessionStep {
    if (this.#listed === undefined || this.#isFound) return this.#broken({ type: 'lacks' })
    for (const [index, id] of this.#listed.entries()) {
      // In their order, which is the one that is sent in.
      if ((bits[index >> 3] ?? 0) & (1 << (index & 7))) this.#have.push({ time: index, id })
    }
    return this.#found([])
  }

  #coded(from: number, value: CborValue): SessionStep {
    if (this.#isFound || (this.#form !== 'none' && this.#reconciler === undefined)) {
      return this.#broken({ type: 'coded' })
    }
    this.#form = 'coded'
    this.#reconciler ??= acceptSession(this.#set, this.#rng, windowFrom(from))
    const answer: Answer = this.#reconciler.answer(value)
    this.#have.push(...answer.have)
    const sends: SessionMessage[] = []
    if (answer.reply !== undefined) sends.push({ type: 'coded', from, value: answer.reply })
    if (!answer.done) return { sends }
    if (answer.fault !== undefined) {
      this.#isWhole = false
      if (!isBound(answer.fault)) return this.#fail(answer.fault, sends)
    }
    return this.#found(sends)
  }

  #found(sends: readonly SessionMessage[]): SessionStep {
    this.#isFound = true
    this.#reconciler = undefined
    this.#have.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
    this.#shipment.begin(this.#have.map(({ id }) => id))
    return this.#goOn(sends)
  }

  #chunk(message: Extract<SessionMessage, { readonly type: 'chunk' }>): SessionStep {
    if (this.#hasLast || this.#form === 'none') return this.#broken(message)
    const bytes = message.items.reduce((sum, item) => sum + item.bytes.length, 0)
    const waiting = this.#unsettled.reduce((sum, one) => sum + one, 0)
    if (waiting > windowBytes) return this.#broken(message)
    this.#received += message.items.length
    this.#receivedBytes += bytes
    this.#hasLast = message.last
    this.#unsettled.push(bytes)
    if (this.#received > this.#limits.items || this.#receivedBytes > this.#limits.bytes) {
      return { ...this.stop(), take: message.items }
    }
    if (message.items.length > 0) return { sends: [], take: message.items }
    return this.settled()
  }

  #ended(reason: EndReason): SessionStep {
    if (reason === 'same') {
      if (this.#form === 'none') this.#form = 'same'
      this.#isFound = true
      this.#hasLast = true
    } else {
      this.#isWhole = false
      this.#hasLast = false
    }
    return this.#finish([])
  }

  /** Goes on giving, and ends when all is given and taken. */
  #goOn(sends: readonly SessionMessage[]): SessionStep {
    const load = this.#isFound ? this.#shipment.next() : undefined
    const all = [...sends]
    if (this.#isFound && this.#shipment.isToSayLast()) {
      all.push({ type: 'chunk', last: true, items: [] })
    }
    const isDone =
      this.#isFound && this.#shipment.isDone && this.#hasLast && this.#unsettled.length === 0
    return isDone ? this.#finish(all) : { sends: all, load }
  }

  #finish(sends: readonly SessionMessage[]): SessionStep {
    this.#isOver = true
    return { sends, over: this.report }
  }

  #broken({ type }: { readonly type: SessionMessage['type'] }): SessionStep {
    return this.#fail({ code: 'dag/sync-unexpected', kind: type }, [])
  }

  #fail(fault: SyncFault | ReconcileFault, sends: readonly SessionMessage[]): SessionStep {
    this.#isWhole = false
    const { over } = this.#finish(sends)
    return { sends, over, fault }
  }
}

type SessionItem = Extract<SessionMessage, { readonly type: 'chunk' }>['items'][number]

const idle: SessionStep = { sends: [] }

/** What is compared where everything below a depth is the same. */
function windowFrom(from: number): { readonly from?: number } {
  return from > 0 ? { from } : {}
}

/** True when nobody broke a rule, and what was found so far holds. */
function isBound({ code }: ReconcileFault): boolean {
  return (
    code === 'reconcile/too-many-rounds' ||
    code === 'reconcile/too-different' ||
    code === 'reconcile/stopped'
  )
}
