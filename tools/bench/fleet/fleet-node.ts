import type { Answer, Order, RunResult } from './fleet.ts'

/** What one kind of node does for a benchmark. */
export interface FleetNode {
  readonly contact: string
  /** Meets others; resolves with the number of neighbours. */
  meet(contacts: readonly string[]): Promise<number>
  publish(payload: Uint8Array): void
  /** Bytes handed to links since the start. */
  bytesSent(): number
}

/** Keeps count of what a node delivers: each message begins with its sender's tag, its number and its time. */
export class Deliveries {
  readonly #seen = new Set<string>()
  readonly #latenciesMs: number[] = []
  delivered = 0
  duplicates = 0

  take(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    const key = `${view.getUint32(0)}/${view.getUint32(4)}`
    if (this.#seen.has(key)) {
      this.duplicates++
      return
    }
    this.#seen.add(key)
    this.delivered++
    this.#latenciesMs.push(performance.timeOrigin + performance.now() - view.getFloat64(8))
  }

  /** Takes what was counted, and begins anew. */
  reset(): {
    readonly delivered: number
    readonly duplicates: number
    readonly latenciesMs: number[]
  } {
    const step = Math.max(1, Math.ceil(this.#latenciesMs.length / 20_000))
    const latenciesMs = this.#latenciesMs.filter((_, index) => index % step === 0)
    const { delivered, duplicates } = this
    this.#latenciesMs.length = 0
    this.delivered = 0
    this.duplicates = 0
    return { delivered, duplicates, latenciesMs }
  }
}

/** Serves a node's orders over the process channel until it is told to end. */
export function serve(node: FleetNode, deliveries: Deliveries): void {
  const say = (answer: Answer): void => {
    process.send?.(answer)
  }
  const tag = process.pid
  let number = 0
  process.on('message', (order: Order) => {
    if (order.type === 'end') process.exit(0)
    if (order.type === 'meet') {
      void node.meet(order.contacts).then((neighbours) => say({ type: 'met', neighbours }))
      return
    }
    void run(order, (scheduledMs) => {
      node.publish(messageOf(tag, number++, scheduledMs, order.bytes))
    }).then((published) => say({ type: 'ran', result: resultOf(published) }))
    const cpu = process.cpuUsage()
    const sent = node.bytesSent()
    const resultOf = (published: number): RunResult => {
      const { user, system } = process.cpuUsage(cpu)
      return {
        published,
        ...deliveries.reset(),
        cpuUs: user + system,
        bytesSent: node.bytesSent() - sent,
        rssBytes: process.memoryUsage.rss(),
      }
    }
  })
  say({ type: 'ready', contact: node.contact })
}

/** Publishes on schedule, whether or not the last ones have arrived (open loop); waits a while for stragglers. */
async function run(
  order: Extract<Order, { type: 'run' }>,
  publish: (scheduledMs: number) => void,
): Promise<number> {
  await sleep(order.startMs - Date.now())
  const total = Math.round((order.perSecond * order.ms) / 1000)
  for (let published = 0; published < total;) {
    const due = 1 + Math.floor(((Date.now() - order.startMs) * order.perSecond) / 1000)
    while (published < Math.min(due, total)) {
      publish(order.startMs + (published * 1000) / order.perSecond)
      published++
    }
    await sleep(1)
  }
  await sleep(stragglersMs)
  return total
}

function messageOf(tag: number, number: number, scheduledMs: number, bytes: number): Uint8Array {
  const payload = new Uint8Array(bytes)
  crypto.getRandomValues(payload)
  const view = new DataView(payload.buffer)
  view.setUint32(0, tag)
  view.setUint32(4, number)
  view.setFloat64(8, scheduledMs)
  return payload
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}

/** Source: our choice; several repairs of the local preset. */
const stragglersMs = 1_500
