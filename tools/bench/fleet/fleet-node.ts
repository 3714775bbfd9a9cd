import { readFileSync } from 'node:fs'
import type { Answer, Load, Order, RunResult } from './fleet.ts'

/** What one kind of node does for a benchmark. */
export interface FleetNode {
  /** How others dial it. */
  readonly contact: string
  publish(payload: Uint8Array): void
  /** Signatures of batches checked since the start. */
  readonly checks?: () => number
}

type Run = Extract<Order, { type: 'run' }>

/** Counts what arrives: each message begins with its run, its author, its number and its time. */
class Tally {
  readonly #run: number
  readonly #seenByAuthor = new Map<number, { count: number; bits: Uint8Array }>()
  readonly latenciesMs: number[] = []
  arrived = 0
  duplicates = 0

  constructor(run: number) {
    this.#run = run
  }

  take(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    if (view.getUint32(0) !== this.#run) return
    const author = view.getUint32(4)
    const number = view.getUint32(8)
    let seen = this.#seenByAuthor.get(author)
    if (seen === undefined) {
      seen = { count: 0, bits: new Uint8Array(1024) }
      this.#seenByAuthor.set(author, seen)
    }
    if (number >= seen.bits.length) {
      const larger = new Uint8Array(number * 2)
      larger.set(seen.bits)
      seen.bits = larger
    }
    if (seen.bits[number] === 1) {
      this.duplicates++
      return
    }
    seen.bits[number] = 1
    seen.count++
    this.arrived++
    this.latenciesMs.push(performance.timeOrigin + performance.now() - view.getFloat64(12))
  }

  /** The fewest messages that any of so many others has brought. */
  least(others: number): number {
    if (this.#seenByAuthor.size < others) return 0
    let least = Number.POSITIVE_INFINITY
    for (const { count } of this.#seenByAuthor.values()) least = Math.min(least, count)
    return least
  }
}

/** Serves orders over the process channel. `start` makes the node, which gives `take` every payload that arrives. */
export function serve(
  start: (contacts: readonly string[], take: (payload: Uint8Array) => void) => Promise<FleetNode>,
): void {
  const say = (answer: Answer): void => {
    process.send?.(answer)
  }
  let node: FleetNode | undefined
  let index = 0
  let tally = new Tally(0)
  let onArrival = (): void => {}
  const take = (payload: Uint8Array): void => {
    tally.take(payload)
    onArrival()
  }
  const run = async (order: Run, publishing: FleetNode): Promise<RunResult> => {
    tally = new Tally(order.run)
    await sleep(order.startMs - Date.now())
    const cpu = process.cpuUsage()
    const wire = socketBytes()
    const checks = publishing.checks?.() ?? 0
    const publisher = new Publisher(order, index, tally, (payload) => publishing.publish(payload))
    onArrival = () => publisher.arrived()
    await publisher.run()
    onArrival = () => {}
    const { user, system } = process.cpuUsage(cpu)
    const within = {
      ms: Date.now() - order.startMs,
      delivered: tally.arrived,
      cpuUs: user + system,
      wireBytes: socketBytes() - wire,
    }
    await stragglers(tally)
    const step = Math.max(1, Math.ceil(tally.latenciesMs.length / 20_000))
    return {
      published: publisher.published,
      ...within,
      arrived: tally.arrived,
      duplicates: tally.duplicates,
      latenciesMs: tally.latenciesMs.filter((_, at) => at % step === 0),
      checks: (publishing.checks?.() ?? 0) - checks,
      rssBytes: process.memoryUsage.rss(),
    }
  }
  process.on('message', (order: Order) => {
    if (order.type === 'start') {
      index = order.index
      void start(order.contacts, take).then((made) => {
        node = made
        const rssBytes = process.memoryUsage.rss()
        say({ type: 'started', contact: made.contact, rssBytes })
      })
      return
    }
    void run(order, node!).then((result) => say({ type: 'ran', result }))
  })
  process.on('disconnect', () => process.exit(0))
  say({ type: 'loaded' })
}

/** Publishes as an order says, until its time is over. */
class Publisher {
  readonly #order: Run
  readonly #author: number
  readonly #tally: Tally
  readonly #publish: (payload: Uint8Array) => void
  #asked = false
  #over = false
  published = 0

  constructor(order: Run, author: number, tally: Tally, publish: (payload: Uint8Array) => void) {
    this.#order = order
    this.#author = author
    this.#tally = tally
    this.#publish = publish
  }

  async run(): Promise<void> {
    const { load, startMs, ms } = this.#order
    if (this.#author < load.authors) {
      if (load.kind === 'paced') await this.#pace(load)
      else this.arrived()
    }
    await sleep(startMs + ms - Date.now())
    this.#over = true
  }

  /** Fills the window again once the host has handed over all that it has. */
  arrived(): void {
    const { load } = this.#order
    if (this.#asked || this.#over || load.kind !== 'closed' || this.#author >= load.authors) return
    this.#asked = true
    setImmediate(() => {
      this.#asked = false
      const most = this.#tally.least(load.authors - 1) + load.window
      while (!this.#over && this.published < most) this.#send(Date.now())
    })
  }

  /** Publishes on schedule, whether or not the last ones have arrived; nodes take turns. */
  async #pace(load: Extract<Load, { kind: 'paced' }>): Promise<void> {
    const { startMs, ms } = this.#order
    const periodMs = 1_000 / load.perSecond
    const firstMs = startMs + (periodMs * this.#author) / load.authors
    const total = Math.floor(ms / periodMs)
    while (this.published < total) {
      const dueMs = firstMs + this.published * periodMs
      const waitMs = dueMs - wallMs()
      if (waitMs > 0) await sleep(waitMs)
      else this.#send(dueMs)
    }
  }

  #send(scheduledMs: number): void {
    const payload = new Uint8Array(this.#order.bytes)
    crypto.getRandomValues(payload)
    const view = new DataView(payload.buffer)
    view.setUint32(0, this.#order.run)
    view.setUint32(4, this.#author)
    view.setUint32(8, this.published++)
    view.setFloat64(12, scheduledMs)
    this.#publish(payload)
  }
}

/** Bytes that this process has written, as Linux counts them: sockets are all that it writes to. NaN elsewhere. */
function socketBytes(): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
  } catch {
    return Number.NaN
  }
}

function wallMs(): number {
  return performance.timeOrigin + performance.now()
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}

/** Until nothing has come for a while. */
async function stragglers(tally: Tally): Promise<void> {
  const endMs = Date.now() + longestMs
  let arrived = -1
  while (tally.arrived > arrived && Date.now() < endMs) {
    arrived = tally.arrived
    await sleep(quietMs)
  }
}

/** Source: our choice; several repairs of a good network. */
const quietMs = 1_500
/** Source: our choice; what gossipsub has in its queues takes longer, and is counted as not arrived. */
const longestMs = 15_000
