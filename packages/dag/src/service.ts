import { drive, type Fired, type Io, type Signal } from '@kithnet/kernel'
import type { PeerId, Service, ServiceHost } from '@kithnet/types'
import type { Classification } from '@kithnet/wire'
import { systemHost } from './host.ts'
import { openRecords } from './open-records.ts'
import type { Records, RecordsOptions } from './records.ts'
import type { GossipEvent, Taken } from './sync/gossip-events.ts'
import { RecordCarrier } from './sync/record-carrier.ts'
import { RecordGossip } from './sync/record-gossip.ts'
import { decodeAnnouncement, encodeAnnouncement, type SyncMessage } from './sync/sync-messages.ts'
import type { SyncReport } from './sync/sync-session.ts'
import type { GossipOutput } from './sync/sync-sessions.ts'
import { SyncStreams } from './sync/sync-streams.ts'

/** Options of `records`. */
export interface RecordsServiceOptions extends RecordsOptions {
  /** The highest class of records that leaves this node, and that it takes; public alone unless said. */
  readonly highest?: Classification
  /** Mean time between comparisons with a random neighbour, in milliseconds; 30,000 unless said. */
  readonly syncIntervalMs?: number
}

/** What happens between this node's records and those of others. */
export type RecordsServiceEvent =
  /** A comparison with a peer is over. */
  | { readonly type: 'synced'; readonly peer: PeerId; readonly report: SyncReport }
  /** A peer broke a rule, and is not listened to for ten minutes. */
  | {
      readonly type: 'rejected'
      readonly peer: PeerId
      readonly fault: Extract<GossipOutput, { readonly type: 'reject' }>['fault']
    }
  /** The store could not take or give something. Comparisons will try again. */
  | { readonly type: 'failed'; readonly error: unknown }

/**
 * Records on a network: what is written to `book` is announced, what others write comes to it, and sets are compared with
 * neighbours, so that in the end all have the same.
 */
export class NetworkRecords {
  /** The records of this node: write, query and prove here. */
  readonly book: Records
  readonly #closing: Signal
  readonly #feed: (event: GossipEvent) => void
  readonly #listeners: Set<(event: RecordsServiceEvent) => void>

  /** Use `records`. */
  constructor(
    book: Records,
    closing: Signal,
    feed: (event: GossipEvent) => void,
    listeners: Set<(event: RecordsServiceEvent) => void>,
  ) {
    this.book = book
    this.#closing = closing
    this.#feed = feed
    this.#listeners = listeners
  }

  /**
   * Compares with a peer now, dialling it when there is no link. The report says whether all was compared and exchanged.
   * Rejects when the node closes.
   */
  compare(peer: PeerId): Promise<SyncReport> {
    const closing = this.#closing
    return new Promise((resolve, reject) => {
      const closed = (): void => {
        listening[Symbol.dispose]()
        reject(closing.reason)
      }
      const listening = this.on((event) => {
        if (event.type !== 'synced' || event.peer !== peer) return
        listening[Symbol.dispose]()
        closing.removeEventListener('abort', closed)
        resolve(event.report)
      })
      if (closing.aborted) closed()
      else closing.addEventListener('abort', closed, { once: true })
      this.#feed({ type: 'compare', peer })
    })
  }

  /** Calls back on what happens, at once and in order. */
  on(listener: (event: RecordsServiceEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}

/** Records as a capability of a node: `createNode({ services: [records({ store })] })` gives it `node.records`. */
export function records(options: RecordsServiceOptions): Service<'records', NetworkRecords> {
  return {
    name: 'records',
    start: async (host) => {
      const book = await openRecords(options)
      const runner = new Runner(host, book, options)
      await runner.open(options.highest ?? 0)
      return runner.api
    },
  }
}

/** Drives the machine over a node: streams, timers, the topic and the store. */
class Runner implements Io<PeerId, SyncMessage, string, GossipOutput> {
  readonly api: NetworkRecords
  readonly #host: ServiceHost
  readonly #book: Records
  readonly #streams: SyncStreams
  readonly #listeners = new Set<(event: RecordsServiceEvent) => void>()
  readonly #timers = new Map<string, Disposable>()
  readonly #feed: (event: GossipEvent | Fired<string>) => void
  /** What is heard while the store is being read waits for it. */
  #opening: Promise<RecordCarrier> | undefined

  constructor(host: ServiceHost, book: Records, { syncIntervalMs }: RecordsServiceOptions) {
    this.#host = host
    this.#book = book
    const config = syncIntervalMs === undefined ? {} : { syncIntervalMs }
    const machine = new RecordGossip({ self: host.self, rng: systemHost().rng, config })
    const feed = drive(machine, this)
    this.#feed = (event) => {
      if (!host.signal.aborted) feed(event)
    }
    this.#streams = new SyncStreams(host, {
      received: (from, message) => this.#feed({ type: 'received', from, message }),
      malformed: (from, fault) => this.#feed({ type: 'malformed', from, fault }),
      down: (peer, cause) => this.#feed({ type: 'linkDown', peer, cause }),
    })
    this.api = new NetworkRecords(book, host.signal, this.#feed, this.#listeners)
  }

  /** Tells the machine what is held, and lets it begin. */
  async open(highest: Classification): Promise<void> {
    this.#opening = RecordCarrier.open({
      records: this.#book,
      highest,
      mode: 'strict',
      onHeld: (items) => this.#feed({ type: 'held', items }),
    })
    const { signal } = this.#host
    signal.addEventListener('abort', () => void this.#close(), { once: true })
    this.#host.onNeighbour((peer, isUp) =>
      this.#feed({ type: isUp ? 'neighbourUp' : 'neighbourDown', peer }),
    )
    this.#host.subscribe(topicName, ({ author, payload }) => {
      const announcement = decodeAnnouncement(payload)
      if (announcement.ok) this.#feed({ type: 'heard', author, announcement: announcement.value })
      else this.#feed({ type: 'malformed', from: author, fault: announcement.fault })
    })
    await this.#opening
    this.#feed({ type: 'ready' })
  }

  now(): ReturnType<ServiceHost['now']> {
    return this.#host.now()
  }

  send(to: PeerId, message: SyncMessage): void {
    this.#streams.send(to, message)
  }

  arm(key: string, at: ReturnType<ServiceHost['now']>): void {
    this.disarm(key)
    const fire = (): void => {
      this.#timers.delete(key)
      this.#feed({ type: 'fired', key })
    }
    this.#timers.set(key, this.#host.timer(Math.max(0, at - this.now()), fire))
  }

  disarm(key: string): void {
    this.#timers.get(key)?.[Symbol.dispose]()
    this.#timers.delete(key)
  }

  release(): void {
    // Streams are closed when nothing was said for a while.
  }

  persist(): void {
    // The machine keeps nothing that must survive: records are stored by `take`.
  }

  emit(output: GossipOutput): void {
    switch (output.type) {
      case 'publish': {
        const payload = encodeAnnouncement(output.announcement)
        // It waits for a first neighbour. What is not published is found by comparisons.
        this.#host.publish(topicName, payload, this.#host.signal).catch(() => {})
        return
      }
      case 'take':
        void this.#take(output)
        return
      case 'load':
        void this.#load(output)
        return
      case 'synced':
        this.#tell({ type: 'synced', peer: output.peer, report: output.report })
        return
      case 'reject':
        this.#tell({ type: 'rejected', peer: output.from, fault: output.fault })
    }
  }

  async #take({ token, items }: Extract<GossipOutput, { readonly type: 'take' }>): Promise<void> {
    try {
      const carrier = await this.#opening!
      const taken = await carrier.take(items)
      this.#feed({ type: 'taken', token, taken })
    } catch (error) {
      this.#failed(error)
      this.#feed({ type: 'taken', token, taken: nothingTaken })
    }
  }

  async #load(load: Extract<GossipOutput, { readonly type: 'load' }>): Promise<void> {
    const { token, keys, maxBytes } = load
    try {
      const carrier = await this.#opening!
      const items = await carrier.load(keys, maxBytes)
      this.#feed({ type: 'loaded', token, items })
    } catch (error) {
      this.#failed(error)
      this.#feed({ type: 'loaded', token, items: [] })
    }
  }

  #failed(error: unknown): void {
    if (!this.#host.signal.aborted) this.#tell({ type: 'failed', error })
  }

  #tell(event: RecordsServiceEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  async #close(): Promise<void> {
    this.#streams[Symbol.dispose]()
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
    const carrier = await this.#opening?.catch(() => undefined)
    carrier?.[Symbol.dispose]()
    await this.#book[Symbol.asyncDispose]()
  }
}

const nothingTaken: Taken = { forged: 0, stored: [], waiting: [], missing: [], known: [] }

/** Where records are announced. The version is that of the form. */
const topicName = 'kithnet/records/1'
