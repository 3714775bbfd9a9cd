import { type Rng, toHex } from '@kithnet/kernel'
import { ItemSet } from '@kithnet/reconcile'
import { systemHost } from '../host.ts'
import type { Records } from '../records.ts'
import { RecordCarrier } from './record-carrier.ts'
import type { SessionMessage } from './sync-messages.ts'
import { type SessionStep, type SyncReport, SyncSession } from './sync-session.ts'

/** What a merge brought to each side. */
export interface MergeReport {
  /** What the first side was given by the second: records, attestations and evidence, and their bytes. */
  readonly toFirst: Merged
  readonly toSecond: Merged
}

/** What one side was given. */
export interface Merged {
  readonly items: number
  readonly bytes: number
  /** How many it did not take: its policy forbids them, another record has their id, or they do not verify here. */
  readonly refused: number
}

/**
 * Merges two stores of one process: each ends with what either had, records, attestations and evidence of every class,
 * verified on the way in, and what waits for parents waits at both. It does not matter in which order stores are merged,
 * nor how often. Of two records that share
 * an id each side keeps its own, and evidence of what contradicts itself comes to both.
 */
export async function mergeRecords(first: Records, second: Records): Promise<MergeReport> {
  const { rng } = systemHost()
  await using one = await Side.open(first, rng)
  await using other = await Side.open(second, rng)
  // What waits here may wait for what is there.
  const waiting = [first.orphans(), second.orphans()] as const
  await second.insertMany(waiting[0])
  await first.insertMany(waiting[1])
  const toFirst = { items: 0, bytes: 0, refused: 0 }
  const toSecond = { items: 0, bytes: 0, refused: 0 }
  for (let held = -1; held !== one.size + other.size;) {
    // What came may have released what waited for it, and a comparison finds so many differences and no more.
    held = one.size + other.size
    const report = await compare(one, other)
    toFirst.items += report.received
    toFirst.bytes += report.receivedBytes
    toSecond.items += report.sent
    toSecond.bytes += report.sentBytes
    // What is refused may be offered again in each round.
    toFirst.refused = Math.max(toFirst.refused, one.refused)
    toSecond.refused = Math.max(toSecond.refused, other.refused)
  }
  return { toFirst, toSecond }
}

async function compare(one: Side, other: Side): Promise<SyncReport> {
  const session = one.begin(true)
  other.begin(false)
  const toOther: SessionMessage[] = [session.open(true)]
  const toOne: SessionMessage[] = []
  for (;;) {
    const message = toOther.shift()
    if (message !== undefined) {
      toOne.push(...(await other.take(message)))
      continue
    }
    const back = toOne.shift()
    if (back === undefined) return session.report
    toOther.push(...(await one.take(back)))
  }
}

/** One of two stores that are merged. */
class Side implements AsyncDisposable {
  refused = 0
  readonly #set = new ItemSet<string>(toHex)
  readonly #rng: Rng
  #carrier: RecordCarrier | undefined
  #session: SyncSession | undefined

  private constructor(rng: Rng) {
    this.#rng = rng
  }

  static async open(records: Records, rng: Rng): Promise<Side> {
    const side = new Side(rng)
    side.#carrier = await RecordCarrier.open({
      records,
      highest: 3,
      mode: records.mode,
      onHeld: (items) => {
        for (const { time, key } of items) side.#set.add(time, key)
      },
    })
    return side
  }

  /** How much is held, or known and not to be had. */
  get size(): number {
    return this.#set.size
  }

  begin(isOpener: boolean): SyncSession {
    this.refused = 0
    this.#session = new SyncSession(this.#set, this.#rng, isOpener, unbounded)
    return this.#session
  }

  /** Takes a message of the other side, does what it asks for, and gives what is to be said. */
  async take(message: SessionMessage): Promise<SessionMessage[]> {
    const session = this.#session!
    const carrier = this.#carrier!
    const said: SessionMessage[] = []
    const steps: SessionStep[] = [session.take(message)]
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
      said.push(...step.sends)
      if (step.take !== undefined) {
        const { forged, refused } = await carrier.take(step.take)
        this.refused += forged + refused
        steps.push(session.settled())
      }
      if (step.load !== undefined) {
        steps.push(session.loaded(await carrier.load(step.load.keys, step.load.maxBytes)))
      }
    }
    return said
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#carrier?.[Symbol.dispose]()
    return Promise.resolve()
  }
}

/** Both sides are one's own. */
const unbounded = { bytes: Infinity, items: Infinity }
