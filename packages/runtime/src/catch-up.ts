import { CodedError, type EpochMs } from '@kithnet/kernel'
import { bodyOf } from '@kithnet/overlay'
import {
  type Batch,
  contentOf,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytes,
  isTuple,
  isUint,
  type MessageId,
  messageIdFromBytes,
  messageIdOf,
  type NetworkId,
  type PeerId,
  type Signed,
  type Store,
  type TopicId,
  type Verified,
} from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'
import type { History } from './history.ts'
import {
  decodeGiven,
  decodeListing,
  encodeRequest,
  type HistoryRequest,
  type Listing,
  maxGivenMessages,
} from './history-messages.ts'
import type { Arrived } from './message.ts'
import { later } from './system.ts'

/** What catching up needs of its node. */
export interface CatchUpParts {
  readonly network: NetworkId
  readonly topic: TopicId
  readonly history: History
  readonly store: Store
  /** Oldest that is to be kept, in milliseconds before now. */
  readonly ageMs: number
  readonly signal: AbortSignal
  ask(peer: PeerId, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  check(signed: Signed, key: Uint8Array): Promise<Verified<Batch> | undefined>
  wall(): EpochMs
  accept(arrived: Arrived): void
  /** Resolves when all that was accepted is on disk. */
  settled(): Promise<void>
  onFault(peer: PeerId, fault: RuntimeFault): void
}

/** Where the history of a peer was read to: the position to go on from, and the message before it. */
interface Cursor {
  readonly from: number
  readonly after: MessageId | undefined
}

/**
 * Fetches what a durable topic lacks from the histories that neighbours keep of it, one neighbour at a time. What comes
 * is believed because its author signed it, whoever gave it.
 */
export class CatchUp {
  readonly #parts: CatchUpParts
  readonly #askedAt = new Map<PeerId, number>()
  readonly #waiting: PeerId[] = []
  #isRunning = false

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /** There is a neighbour: its history is read from where it was last read to. */
  meet(peer: PeerId): void {
    const wall = this.#parts.wall()
    for (const [asked, at] of this.#askedAt) if (wall - at > pauseMs) this.#askedAt.delete(asked)
    if (this.#askedAt.has(peer) || this.#askedAt.size >= maxAsked) return
    this.#askedAt.set(peer, wall)
    this.#waiting.push(peer)
    void this.#run()
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let peer = this.#waiting.shift(); peer !== undefined; peer = this.#waiting.shift()) {
        await this.#readFrom(peer)
      }
    } finally {
      this.#isRunning = false
    }
  }

  async #readFrom(peer: PeerId): Promise<void> {
    try {
      await this.#read(peer)
    } catch (error) {
      // Whoever does not answer, or keeps nothing of the topic, is asked again when it comes back.
      const isLie = error instanceof CodedError && error.code === 'runtime/bad-history'
      if (isLie && !this.#parts.signal.aborted) {
        this.#parts.onFault(peer, error.fault as RuntimeFault)
      }
    }
  }

  async #read(peer: PeerId): Promise<void> {
    const { history, signal } = this.#parts
    let cursor = await this.#cursorOf(peer)
    let had: Set<MessageId> | undefined
    while (!signal.aborted) {
      const listing = await this.#list(peer, cursor)
      if (listing.ids.length === 0) return
      had ??= await history.ids()
      const known = had
      const wanted = listing.ids.flatMap((id, index) =>
        id === undefined || known.has(id) ? [] : [{ id, position: listing.first + index }],
      )
      for (let at = 0; at < wanted.length;) {
        const chunk = wanted.slice(at, at + maxGivenMessages)
        const taken = await this.#get(peer, chunk, known)
        // What a whole answer leaves out cannot be proven any more.
        at += taken === 0 ? chunk.length : taken
      }
      await this.#parts.settled()
      cursor = { from: listing.first + listing.ids.length, after: listing.ids.at(-1) }
      await this.#save(peer, cursor)
      if (cursor.from >= listing.end) return
    }
  }

  async #list(peer: PeerId, { from, after }: Cursor): Promise<Listing> {
    const { topic } = this.#parts
    const answer = await this.#ask(peer, { type: 'list', topic, from, after })
    const listing = decodeListing(answer)
    if (!listing.ok) throw badHistory(peer, listing.fault.code)
    return listing.value
  }

  /** Fetches some of a listing; how many of them were dealt with. */
  async #get(
    peer: PeerId,
    wanted: readonly { readonly id: MessageId; readonly position: number }[],
    known: Set<MessageId>,
  ): Promise<number> {
    const { topic } = this.#parts
    const positions = wanted.map(({ position }) => position)
    const answer = await this.#ask(peer, { type: 'get', topic, positions })
    const arrivals = await openGiven(answer, peer, this.#parts)
    let last = -1
    for (const arrived of arrivals) {
      const index = wanted.findIndex(({ id }) => id === arrived.id)
      if (index < 0) throw badHistory(peer, 'not asked for')
      last = Math.max(last, index)
      if (known.has(arrived.id) || !this.#isInTime(arrived)) continue
      known.add(arrived.id)
      this.#parts.accept(arrived)
    }
    return last + 1
  }

  /** Asks, and asks again after a while when the peer has no time. */
  async #ask(peer: PeerId, request: HistoryRequest): Promise<Uint8Array> {
    const { ask, signal } = this.#parts
    const message = encodeRequest(request)
    for (let tries = 1; ; tries++) {
      try {
        return await ask(peer, message, AbortSignal.any([signal, AbortSignal.timeout(waitMs)]))
      } catch (error) {
        if (signal.aborted || tries === maxTries) throw error
        await new Promise<void>((resolve) => void later(retryMs, resolve))
      }
    }
  }

  #isInTime({ hlc }: Arrived): boolean {
    const wall = this.#parts.wall()
    return hlc >= wall - this.#parts.ageMs && hlc <= wall + futureMs
  }

  async #cursorOf(peer: PeerId): Promise<Cursor> {
    const stored = await this.#parts.store.get(this.#space, idToBytes(peer))
    const decoded = stored === undefined ? undefined : decodeCbor(stored)
    const value = decoded?.ok === true ? decoded.value : undefined
    if (!isTuple(value, 2) || !isUint(value[0]) || !isBytes(value[1], idBytes)) {
      return { from: 1, after: undefined }
    }
    return { from: value[0], after: messageIdFromBytes(value[1]) }
  }

  async #save(peer: PeerId, { from, after }: Cursor): Promise<void> {
    if (after === undefined) return
    const value = encodeCbor([from, idToBytes(after)])
    await this.#parts.store.write([{ space: this.#space, key: idToBytes(peer), value }])
  }

  get #space(): string {
    return `catch-up/${this.#parts.topic}`
  }
}

/**
 * The messages of an answer, each proven by its author's signature over the very bytes that came.
 *
 * @throws CodedError `runtime/bad-history` when anything of it is not what it says.
 */
export async function openGiven(
  answer: Uint8Array,
  from: PeerId,
  { network, topic, check }: Pick<CatchUpParts, 'network' | 'topic' | 'check'>,
): Promise<readonly Arrived[]> {
  const decoded = decodeGiven(answer)
  if (!decoded.ok) throw badHistory(from, decoded.fault.code)
  const { keys, batches, messages } = decoded.value
  const proven: Verified<Batch>[] = []
  for (const { signed, key } of batches) {
    const batch = await check(signed, keys[key]!)
    if (batch === undefined) throw badHistory(from, 'a signature that does not hold')
    if (batch.network !== network || batch.topic !== topic) throw badHistory(from, 'another topic')
    proven.push(batch)
  }
  return messages.map(({ batch: index, seq, carried }) => {
    const batch = proven[index]!
    const { signed, key } = batches[index]!
    const { author, stream, hlc } = batch
    const id = messageIdOf({ network, topic, author, stream, seq }, contentOf(carried))
    if (batch.ids[seq - batch.firstSeq] !== id)
      throw badHistory(from, 'a message that was not signed')
    const place = { id, author, stream, seq, hlc }
    const payload = bodyOf(carried)
    const proof = { signed, key: keys[key]! }
    return { ...place, payload, carried, late: true, via: from, unmet: 0, ...proof }
  })
}

function badHistory(peer: PeerId, why: string): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/bad-history', peer, why },
    `A peer's history of a topic is not what it says: ${why}.`,
  )
}

/** A peer is asked again after this long, when it is met again. Source: our choice; pubsub repairs what is younger. */
const pauseMs = 600_000
/** Peers that were asked lately. Source: our choice; far above a neighbourhood. */
const maxAsked = 256
/** Longest wait for an answer. Source: our choice. */
const waitMs = 10_000
/** Source: our choice; a peer answers again within a second when it was asked too often. */
const maxTries = 4
const retryMs = 1_000
/** Source: the trust rules' bound on what is pushed. */
const futureMs = 120_000
