import type { Identity } from '@kithnet/identity'
import {
  CodedError,
  drive,
  fail,
  type Fault,
  type Fired,
  type Instant,
  type Io,
  ok,
  type Result,
  type Rng,
} from '@kithnet/kernel'
import type { PeerId, ServiceHost, Signed } from '@kithnet/types'
import type { StatementFault } from '../faults.ts'
import { PeerStreams } from '../peer-streams.ts'
import type { ExchangeConfig, ExchangeEvent, ExchangeOutput, Taken } from './exchange-events.ts'
import {
  decodeExchangeMessage,
  decodeParcel,
  encodeExchangeMessage,
  encodeParcel,
  type ExchangeMessage,
  type ExchangeMessageFault,
  type Parcel,
} from './exchange-messages.ts'
import type { AnyHeld, BookEvent, Held } from './held.ts'
import type { StatementBook } from './statement-book.ts'
import { StatementExchange } from './statement-exchange.ts'
import { StatementIntake } from './statement-intake.ts'
import { readItem, type StatementItem, verifyItemSync } from './statement-item.ts'
import type { SignedStatementKind, StatementKind } from './statement-kinds.ts'
import type { Statements } from './statements.ts'

/** What a node's statements are made from. */
export interface NetworkStatementsOptions {
  readonly host: ServiceHost
  readonly identity: Identity
  readonly rng: Rng
  readonly book: StatementBook
  readonly config: Partial<ExchangeConfig>
}

/** Drives the exchange of a book over a node: streams, timers, the topic and the store. */
export class NetworkStatements
  implements Statements, Io<PeerId, ExchangeMessage, string, ExchangeOutput>
{
  readonly ready: Promise<void>
  readonly compared: Set<PeerId> = new Set()
  readonly neighbours: Set<PeerId> = new Set()
  readonly #host: ServiceHost
  readonly #identity: Identity
  readonly #book: StatementBook
  readonly #intake: StatementIntake
  readonly #streams: PeerStreams<ExchangeMessage, ExchangeMessageFault>
  readonly #timers = new Map<string, Disposable>()
  readonly #listeners = new Set<(event: BookEvent) => void>()
  readonly #comparedListeners = new Set<(peer: PeerId) => void>()
  readonly #feed: (event: ExchangeEvent | Fired<string>) => void
  #resolveReady: () => void = () => {}

  private constructor({ host, identity, rng, book, config }: NetworkStatementsOptions) {
    this.#host = host
    this.#identity = identity
    this.#book = book
    this.ready = new Promise((resolve) => (this.#resolveReady = resolve))
    this.#intake = new StatementIntake({
      host,
      book,
      changed: (events) => {
        for (const event of events) for (const listener of this.#listeners) listener(event)
      },
      found: (id) => this.#feed({ type: 'made', id }),
    })
    const feed = drive(new StatementExchange({ self: host.self, rng, book, config }), this)
    this.#feed = (event) => {
      if (!host.signal.aborted) feed(event)
    }
    this.#streams = new PeerStreams(host, {
      protocol: exchangeProtocol,
      encode: encodeExchangeMessage,
      decode: decodeExchangeMessage,
      received: (from, message) => this.#feed({ type: 'received', from, message }),
      malformed: (from, fault) => this.#feed({ type: 'malformed', from, fault }),
      down: (peer, cause) => this.#feed({ type: 'linkDown', peer, cause }),
    })
  }

  /** Reads and verifies what is on disk, and begins to exchange. */
  static async open(options: NetworkStatementsOptions): Promise<NetworkStatements> {
    const statements = new NetworkStatements(options)
    await statements.#open()
    return statements
  }

  get fresh(): boolean {
    return this.compared.size > 0
  }

  async publish<K extends SignedStatementKind>(kind: K, body: Uint8Array): Promise<Held<K>> {
    const signature = await this.#identity.sign(kind, body)
    const item = { kind, body, signature }
    const taken = await this.#state(item, this.#identity.publicKey, (one) =>
      this.#intake.state(one),
    )
    if (!taken.ok) throw unpublished(kind, taken.fault)
    const { held, refusal } = taken.value
    if (refusal !== undefined) throw unpublished(kind, refusal)
    return held as unknown as Held<K>
  }

  async take<K extends SignedStatementKind>(
    kind: K,
    { body, signature }: Signed,
    publicKey: Uint8Array,
  ): Promise<Result<Held<K>>> {
    const taken = await this.#state({ kind, body, signature }, Uint8Array.from(publicKey))
    if (!taken.ok) return taken
    const { held, refusal } = taken.value
    const isRefused = refusal !== undefined && refusal.why !== 'older'
    return isRefused ? fail(refusal) : ok(held as unknown as Held<K>)
  }

  async accuse(proof: Uint8Array): Promise<boolean> {
    const item = { kind: 'fork', body: proof, signature: new Uint8Array(0) } as const
    const taken = await this.#state(item, new Uint8Array(0))
    return taken.ok && taken.value.refusal?.why !== 'network'
  }

  get<K extends StatementKind>(kind: K, slot: string): Held<K> | undefined {
    return this.#book.get(kind, slot)
  }

  all<K extends StatementKind>(kind: K): readonly Held<K>[] {
    return [...this.#book.all(kind)]
  }

  on(listener: (event: BookEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  onCompared(listener: (peer: PeerId) => void): Disposable {
    this.#comparedListeners.add(listener)
    return { [Symbol.dispose]: () => void this.#comparedListeners.delete(listener) }
  }

  now(): Instant {
    return this.#host.now()
  }

  send(to: PeerId, message: ExchangeMessage): void {
    this.#streams.send(to, message)
  }

  arm(key: string, at: Instant): void {
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
    // The machine keeps nothing that must survive: statements are stored by `take`.
  }

  emit(output: ExchangeOutput): void {
    switch (output.type) {
      case 'publish': {
        const payload = encodeParcel(output.parcel)
        // It waits for a first neighbour. What is not published is found by comparisons.
        this.#host.publish(statementsTopic, payload, this.#host.signal).catch(() => {})
        return
      }
      case 'take':
        void this.#take(output.token, output.parcel)
        return
      case 'synced':
        if (output.report.complete) this.#synced(output.peer)
        return
      case 'reject':
      // The machine avoids the peer by itself.
    }
  }

  async #open(): Promise<void> {
    const { signal } = this.#host
    signal.addEventListener('abort', () => this.#close(), { once: true })
    this.#host.onNeighbour((peer, isUp) => {
      if (isUp) this.neighbours.add(peer)
      else this.neighbours.delete(peer)
      this.#feed({ type: isUp ? 'neighbourUp' : 'neighbourDown', peer })
    })
    this.#host.subscribe(statementsTopic, ({ author, payload }) => {
      const parcel = decodeParcel(payload)
      if (parcel.ok) this.#feed({ type: 'heard', author, parcel: parcel.value })
      else this.#feed({ type: 'malformed', from: author, fault: parcel.fault })
    })
    await this.#intake.load()
    this.#sweep()
    this.#feed({ type: 'opened' })
  }

  /** Takes in a statement that others lack. `refusal`: it was signed by its signer, and is not in the book all the same. */
  async #state(
    item: StatementItem,
    publicKey: Uint8Array,
    admit: (one: AnyHeld) => Promise<boolean> = (one) => this.#admit(one),
  ): Promise<Result<{ readonly held: AnyHeld; readonly refusal?: StatementFault }>> {
    const claimed = readItem(item)
    if (!claimed.ok) return claimed
    const verified = verifyItemSync(claimed.value, publicKey)
    if (!verified.ok) return verified
    const held = verified.value
    const judged = this.#book.judge(claimed.value, this.#host.wall())
    if (!judged.ok) return ok({ held, refusal: judged.fault })
    if (judged.value === 'news') {
      const refusal = { code: 'holonomic/not-taken', why: 'older' } as const
      if (!(await admit(held))) return ok({ held, refusal })
      this.#feed({ type: 'made', id: held.id })
    }
    return ok({ held })
  }

  async #admit(one: AnyHeld): Promise<boolean> {
    await this.#intake.admit([one])
    return true
  }

  async #take(token: number, parcel: Parcel): Promise<void> {
    let taken: Taken
    try {
      taken = await this.#intake.take(parcel)
    } catch {
      // The store failed: comparisons will try again.
      taken = { forged: 0, stored: [], known: [] }
    }
    this.#feed({ type: 'taken', token, taken })
  }

  #synced(peer: PeerId): void {
    // Anybody may come and compare. Who is let in as a neighbour is compared with anew, and counts.
    if (!this.neighbours.has(peer)) return
    if (this.compared.size < maxCompared) this.compared.add(peer)
    this.#resolveReady()
    for (const listener of this.#comparedListeners) listener(peer)
  }

  #sweep(): void {
    this.#timers.set(
      sweepTimer,
      this.#host.timer(sweepMs, () => {
        this.#intake.expire().catch(() => {})
        this.#sweep()
      }),
    )
  }

  #close(): void {
    this.#streams[Symbol.dispose]()
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
    this.#listeners.clear()
    this.#comparedListeners.clear()
  }
}

function unpublished(kind: StatementKind, fault: Fault): CodedError {
  const full = 'Others keep no more of one peer: go on with another identity.'
  const late = `It does not hold, or not after what was published before: check its dates and this machine's clock.`
  const isFull = 'why' in fault && fault.why === 'full'
  return new CodedError(fault, `The ${kind} was not published. ${isFull ? full : late}`)
}

/** The protocol's name and version. */
const exchangeProtocol = 'kithnet/statements/1'
/** Where statements are broadcast. The version is that of the form. */
const statementsTopic = 'kithnet/statements/1'
const sweepTimer = 'sweep'
/** Most peers of which it is remembered that they were compared with. Source: our choice, far above what any fence asks. */
const maxCompared = 1_024
/** What is over is forgotten within this time; nothing hangs on it. Source: our choice. */
const sweepMs = 600_000
