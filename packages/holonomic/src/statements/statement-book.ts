import {
  BoundedMap,
  compareBytes,
  type EpochMs,
  fail,
  ok,
  type Result,
  toHex,
} from '@kithnet/kernel'
import { ItemSet } from '@kithnet/reconcile'
import type { NetworkId, PeerId } from '@kithnet/types'
import type { StatementFault } from '../faults.ts'
import { maxSkewMs } from '../skew.ts'
import { isFork } from '../witness/fork-proof.ts'
import type { AnyHeld, BookEvent, Held } from './held.ts'
import { type Place, Shelf } from './shelf.ts'
import { type Claimed, ruleOf } from './statement-item.ts'
import { type ClaimByKind, type StatementKind, statementKinds } from './statement-kinds.ts'

/** What a book is made from. */
export interface BookOptions {
  /** Whose book it is: its own statements are never pushed out. */
  readonly self: PeerId
  readonly network: NetworkId
  /** Whom this peer has a reason to listen to: others share a small room. Everybody when left out. */
  readonly trusts?: (peer: PeerId) => boolean
  /** Called when what decides whom to trust has changed: a grant, a revocation or a fork. */
  readonly changed?: () => void
  readonly bounds?: Partial<BookBounds>
}

/** How much a book holds. */
export interface BookBounds {
  /** Statements in all. */
  readonly statements: number
  /** Of these, those of signers that are not trusted. */
  readonly ofStrangers: number
}

/** Source: our choice: some 3.6 KB each, so 120 MB at most, of which 8 are of strangers. */
export const defaultBookBounds: BookBounds = { statements: 32_768, ofStrangers: 2_048 }

/** What becomes of a statement that is offered to a book. */
export type Judgement = 'news' | 'known'

/**
 * All statements that a peer knows, one for each slot: the later of two stays. What it comes to hangs on what was put in and
 * not on the order, as long as nothing that trust or time would decide was pushed out. It verifies nothing and stores
 * nothing: what is added was verified and is on disk.
 */
export class StatementBook {
  /** The ids of all that is held, at time 0: for sessions of `@kithnet/reconcile`. */
  readonly items: ItemSet = new ItemSet(toHex)
  readonly #self: PeerId
  readonly #network: NetworkId
  readonly #trusts: (peer: PeerId) => boolean
  readonly #changed: () => void
  readonly #bounds: BookBounds
  readonly #bySlot = new Map<StatementKind, Map<string, AnyHeld>>()
  readonly #byId = new Map<string, AnyHeld>()
  readonly #shelves = new Map<PeerId, Shelf>()
  /** How many statements stand on shelves of strangers. */
  #strangers = 0
  /** What was pushed out lately: it is not verified once more at each comparison. */
  readonly #pushedOut = new BoundedMap<string, true>(maxPushedOut)

  constructor(options: BookOptions) {
    const { self, network, trusts = () => true, changed = () => {}, bounds } = options
    this.#self = self
    this.#network = network
    this.#trusts = trusts
    this.#changed = changed
    this.#bounds = { ...defaultBookBounds, ...bounds }
    for (const kind of statementKinds) this.#bySlot.set(kind, new Map())
  }

  /** How many statements are held. */
  get size(): number {
    return this.#byId.size
  }

  get<K extends StatementKind>(kind: K, slot: string): Held<K> | undefined {
    return this.#slots(kind).get(slot)
  }

  /** All of a kind, in the order in which their slots were first filled. */
  all<K extends StatementKind>(kind: K): IterableIterator<Held<K>> {
    return this.#slots(kind).values()
  }

  /** By what it is called in comparisons. */
  byId(id: string): AnyHeld | undefined {
    return this.#byId.get(id)
  }

  /** The public key of a signer of which something is held. */
  keyOf(signer: PeerId): Uint8Array | undefined {
    return this.#shelves.get(signer)?.publicKey
  }

  /** What of a signer was pushed out, so that nothing older is taken. */
  floorsOf(signer: PeerId): readonly Place[] {
    return this.#shelves.get(signer)?.floors ?? []
  }

  /** Remembers such a floor from before a restart. */
  raise(signer: PeerId, floor: Place): void {
    this.#shelves.get(signer)?.raise(floor)
  }

  /** True when a proof is held that a peer has said two things at once. */
  isConvicted(peer: PeerId): boolean {
    return (this.#shelves.get(peer)?.countOf('fork') ?? 0) > 0
  }

  /**
   * What would become of a statement, judged by what it says and before anything is verified: so a flood of what is old
   * costs no signatures. A second checkpoint of one epoch is news: it proves a fork.
   */
  judge(claimed: Claimed, now: EpochMs): Result<Judgement, StatementFault> {
    const { kind, slot, id, signer, claim, item } = claimed
    if (this.#byId.has(id)) return ok('known')
    const rule = ruleOf(kind)
    const network = rule.network(claim)
    if (network !== undefined && network !== this.#network) return refuse('network')
    if (rule.until(claim) <= now) return refuse('expired')
    if (rule.from(claim) > now + maxSkewMs) return refuse('early')
    const held = this.#bySlot.get(kind)!.get(slot)
    if (held !== undefined) {
      const isNews = isLater(claim, item.body, held) || this.#isFork(claimed, held)
      return isNews ? ok('news') : refuse('older')
    }
    const shelf = this.#shelves.get(signer)
    if (signer === this.#self) {
      // Nothing of one's own is pushed out: others would keep no more of it.
      return (shelf?.countOf(kind) ?? 0) < rule.most ? ok('news') : refuse('full')
    }
    if (this.#pushedOut.has(id) && !this.#trusts(signer)) return refuse('full')
    const first = rule.order(claim)[0]
    return shelf?.admits({ kind, first, slot }) === false ? refuse('full') : ok('news')
  }

  /** Puts in what was verified, and tells what has changed: nothing, when it is no news. */
  add(one: AnyHeld, now: EpochMs): readonly BookEvent[] {
    const events = this.restore(one, now)
    if (events.length === 0 || one.signer === this.#self) return events
    const gone = this.#makeRoom(one.signer)
    return gone.some(({ id }) => id === one.id) ? [] : [...events, ...gone.map(lost)]
  }

  /** The same for what was held before a restart: nothing is pushed out before all of it is there, and `fit` is called. */
  restore(one: AnyHeld, now: EpochMs): readonly BookEvent[] {
    const { kind, slot, id, signer } = one
    const judged = this.judge({ kind, slot, id, signer, claim: claimOf(one), item: one }, now)
    if (!judged.ok || judged.value === 'known') return []
    const before = this.#bySlot.get(one.kind)!.get(one.slot)
    // A fork of what is held may be news, and yet not later.
    if (before !== undefined && !isLater(claimOf(one), one.body, before)) return []
    if (before !== undefined) this.#remove(before, true)
    const held = this.#put(one)
    return [{ type: 'held', held, ...(before === undefined ? {} : { replaced: before }) }]
  }

  /** Pushes out what there is too much of. */
  fit(): readonly BookEvent[] {
    const { statements, ofStrangers } = this.#bounds
    if (this.#strangers <= ofStrangers && this.size <= statements) return []
    const gone: AnyHeld[] = []
    this.#lookAtTrust()
    while (this.#strangers > ofStrangers) gone.push(...this.#pushOutOfMost(true))
    while (this.size > statements) {
      const pushed = this.#pushOutOfMost(this.#strangers > 0)
      if (pushed.length === 0) break
      gone.push(...pushed)
    }
    return gone.map(lost)
  }

  /** Forgets what can say nothing any more. */
  expire(now: EpochMs): readonly BookEvent[] {
    const over = [...this.#byId.values()].filter(
      (held) => ruleOf(held.kind).until(claimOf(held)) <= now,
    )
    for (const held of over) this.#remove(held)
    return over.map((held) => ({ type: 'gone', held }))
  }

  #slots<K extends StatementKind>(kind: K): Map<string, Held<K>> {
    return this.#bySlot.get(kind) as unknown as Map<string, Held<K>>
  }

  #isFork({ kind, claim, signer }: Claimed, held: AnyHeld): boolean {
    if (kind !== 'checkpoint' || held.kind !== 'checkpoint') return false
    // Once there are as many proofs as are kept of a peer, one more is of no use.
    const proofs = this.#shelves.get(signer)?.countOf('fork') ?? 0
    return (
      proofs < ruleOf('fork').most && isFork(claim as ClaimByKind['checkpoint'], held.statement)
    )
  }

  #put(one: AnyHeld): AnyHeld {
    let shelf = this.#shelves.get(one.signer)
    if (shelf === undefined) {
      shelf = new Shelf(one.publicKey)
      this.#shelves.set(one.signer, shelf)
    }
    // One copy of the key for all that its owner signed.
    const held: AnyHeld = { ...one, publicKey: shelf.publicKey }
    shelf.put(placeOf(held))
    if (shelf.isStranger) this.#strangers++
    this.#bySlot.get(held.kind)!.set(held.slot, held)
    this.#byId.set(held.id, held)
    this.items.add(0, held.id)
    if (decisive.has(held.kind)) this.#changed()
    return held
  }

  /** `isReplaced`: another of the signer follows, so its shelf stays, with what it remembers. */
  #remove(held: AnyHeld, isReplaced = false): void {
    const shelf = this.#shelves.get(held.signer)!
    shelf.remove(placeOf(held))
    if (shelf.isStranger) this.#strangers--
    if (shelf.size === 0 && !isReplaced) this.#shelves.delete(held.signer)
    this.#bySlot.get(held.kind)!.delete(held.slot)
    this.#byId.delete(held.id)
    this.items.delete(0, held.id)
    if (decisive.has(held.kind)) this.#changed()
  }

  /** Pushes out what a signer has too much of, then what strangers have, then what whoever has most has. */
  #makeRoom(signer: PeerId): readonly AnyHeld[] {
    const gone: AnyHeld[] = []
    const shelf = this.#shelves.get(signer)!
    for (let place = shelf.excess; place !== undefined; place = shelf.excess) {
      gone.push(...this.#pushOut(shelf, place))
    }
    return [...gone, ...this.fit().map(({ held }) => held)]
  }

  /** Whoever has most loses its last: so nobody is pushed out by another's flood. */
  #pushOutOfMost(ofStrangers: boolean): readonly AnyHeld[] {
    let most: Shelf | undefined
    let whose: PeerId | undefined
    for (const [signer, shelf] of this.#shelves) {
      if (signer === this.#self || (ofStrangers && !shelf.isStranger)) continue
      const isMore = most === undefined || shelf.size > most.size
      if (isMore || (shelf.size === most?.size && signer > whose!)) [most, whose] = [shelf, signer]
    }
    const last = most?.last
    return last === undefined ? [] : this.#pushOut(most!, last)
  }

  #pushOut(shelf: Shelf, place: Place): readonly AnyHeld[] {
    return [place, ...shelf.pushedOut(place)].map(({ kind, slot }) => {
      const held = this.#bySlot.get(kind)!.get(slot)!
      this.#remove(held)
      this.#pushedOut.set(held.id, true)
      return held
    })
  }

  /** Whoever is new counts as a stranger until this is asked. */
  #lookAtTrust(): void {
    this.#strangers = 0
    for (const [signer, shelf] of this.#shelves) {
      shelf.isStranger = signer !== this.#self && !this.#trusts(signer)
      if (shelf.isStranger) this.#strangers += shelf.size
    }
  }
}

/** What a held statement says, for rules of any kind. */
function claimOf(held: AnyHeld): ClaimByKind[StatementKind] {
  return held.statement as unknown as ClaimByKind[StatementKind]
}

function lost(held: AnyHeld): BookEvent {
  return { type: 'gone', held }
}

function placeOf(held: AnyHeld): Place {
  const { kind, slot } = held
  return { kind, first: ruleOf(kind).order(claimOf(held))[0], slot }
}

/** Whether a claim stands before what has its slot: by its order, then the lower body, so that all decide the same. */
function isLater(claim: ClaimByKind[StatementKind], body: Uint8Array, held: AnyHeld): boolean {
  if (held.kind === 'fork') return false
  const { order } = ruleOf(held.kind)
  const [first, second] = order(claim)
  const [heldFirst, heldSecond] = order(claimOf(held))
  if (first !== heldFirst) return first > heldFirst
  if (second !== heldSecond) return second > heldSecond
  return compareBytes(body, held.body) < 0
}

function refuse(why: StatementFault['why']): Result<never, StatementFault> {
  return fail({ code: 'holonomic/not-taken', why })
}

/** What decides whom to trust. */
const decisive: ReadonlySet<StatementKind> = new Set(['grant', 'revocation', 'fork'])
/** Source: our choice, some times the room of strangers. */
const maxPushedOut = 8_192
