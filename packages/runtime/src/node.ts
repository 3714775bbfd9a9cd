import { type Clock, CodedError, type Fault } from '@kithnet/kernel'
import type { OverlayOutput } from '@kithnet/overlay'
import {
  type Address,
  type Batch,
  type NetworkId,
  type PeerId,
  type Signed,
  type StandardSchema,
  type Store,
  type Verified,
} from '@kithnet/types'
import type { Overlay } from '@kithnet/overlay'
import type { RuntimeFault } from './faults.ts'
import type { KeepOptions } from './history.ts'
import type { Connection, Links, Traffic } from './links.ts'
import { Listeners } from './listeners.ts'
import { Outbox } from './outbox.ts'
import { exchange, Protocols } from './protocols.ts'
import { untilReady } from './ready.ts'
import type { Router } from './router.ts'
import { type Ticket, ticketOf, ticketText } from './ticket.ts'
import type { Guarantee } from './message.ts'
import type { Payload } from './payload.ts'
import { isSchema } from './schema.ts'
import type { Topic } from './topic.ts'
import { historyProtocol, Topics } from './topics.ts'

/** Facts that a node tells its listeners, at once and in order. */
export interface NodeEvents {
  /** A neighbour: messages are exchanged with it directly. */
  readonly neighbour: { readonly peer: PeerId }
  readonly neighbourLost: { readonly peer: PeerId; readonly cause: string }
  /** A neighbour does not answer; it may refute. */
  readonly suspected: { readonly peer: PeerId }
  readonly dead: { readonly peer: PeerId }
  readonly alive: { readonly peer: PeerId }
  /** A peer broke a rule, or something was dropped. */
  readonly fault: { readonly peer: PeerId | undefined; readonly fault: Fault }
  /** Where a peer stands by what it did here has changed. A graylisted one is heard again at a stated time. */
  readonly standing: Pick<Extract<OverlayOutput, { type: 'standing' }>, 'peer' | 'standing'>
  /** A peer broke so many that its link was cut. */
  readonly shed: { readonly peer: PeerId; readonly fault: Fault }
  /** An author signed two messages under one number. */
  readonly equivocation: Extract<OverlayOutput, { type: 'equivocation' }>
  /** A peer signed two descriptors for one life and epoch, and is not believed any more. */
  readonly descriptorFork: Extract<OverlayOutput, { type: 'descriptorFork' }>
  /** This node takes itself for cut off: `alone` has no neighbour, in `silence` none of them is heard. */
  readonly isolated: Pick<Extract<OverlayOutput, { type: 'isolated' }>, 'cause'>
  /** It was isolated, and hears a neighbour again. */
  readonly healed: { readonly neighbours: number }
  /** Something of the host failed: the store, a listener. The node goes on. */
  readonly error: { readonly error: unknown }
}

/** How a topic is opened. */
export type TopicOptions<G extends Guarantee = Guarantee> = {
  /** What the topic promises. Default `reliable`. Every peer chooses for itself, but for `ephemeral`. */
  readonly delivery?: G
} & (G extends 'durable' ? { readonly keep?: KeepOptions } : unknown)

/** How long to wait for somebody to answer. */
export interface JoinOptions {
  readonly signal?: AbortSignal
  /** Default 15,000 milliseconds. */
  readonly timeoutMs?: number
}

/** A peer to meet, and where. */
export interface Contact {
  readonly peer: PeerId
  readonly addresses: readonly Address[]
}

/** What a node says of itself. */
export interface NodeStatus {
  readonly peer: PeerId
  readonly network: NetworkId
  readonly addresses: readonly Address[]
  readonly connections: number
  readonly neighbours: readonly PeerId[]
  readonly traffic: Traffic
  readonly overlay: ReturnType<Overlay['snapshot']>
}

/** The parts that `createNode` has made. */
export interface NodeParts {
  readonly self: PeerId
  readonly network: NetworkId
  readonly overlay: Overlay
  readonly store: Store
  readonly clock: Clock
  readonly advertised: () => readonly Address[]
  /** The batch, when its author's key signed it. */
  readonly checkBatch: (signed: Signed, key: Uint8Array) => Promise<Verified<Batch> | undefined>
  /** Ends what else was made for this node, last. */
  readonly dispose: () => Promise<void>
}

/** A running member of a network. Ends with `close()` or `await using`. */
export class Node implements AsyncDisposable {
  readonly id: PeerId
  readonly network: NetworkId
  /** Streams and requests by protocol name, for services. */
  readonly protocols: Protocols = new Protocols()
  readonly #parts: NodeParts
  readonly #listeners: Listeners<NodeEvents>
  readonly #topics: Topics
  readonly #closing = new AbortController()
  readonly #outbox: Outbox
  #router: Router | undefined
  #links: Links | undefined
  #closed: Promise<void> | undefined

  /** Use `createNode`. */
  constructor(parts: NodeParts) {
    this.id = parts.self
    this.network = parts.network
    this.#parts = parts
    this.#listeners = new Listeners((error) => this.#failed(error))
    this.#outbox = new Outbox((token, message) =>
      this.#router?.feed({ type: 'publish', token, ...message }),
    )
    this.#topics = new Topics({
      network: this.network,
      self: this.id,
      store: parts.store,
      outbox: this.#outbox,
      feed: (event) => this.#router?.feed(event),
      overlay: parts.overlay,
      clock: parts.clock,
      signal: this.signal,
      neighbours: () => this.neighbours,
      check: (signed, key) => parts.checkBatch(signed, key),
      ask: (peer, message, signal) => this.#ask(peer, message, signal),
      ready: (options) => untilReady(this, options),
      onFault: (peer, fault) => this.#listeners.emit('fault', { peer, fault }),
      onError: (error) => this.#failed(error),
    })
  }

  /** Aborted when the node begins to close. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Where peers can reach this node. Empty when it only dials. */
  get addresses(): readonly Address[] {
    return this.#parts.advertised()
  }

  /** The node's store, for services. */
  get store(): Store {
    return this.#parts.store
  }

  /** The neighbours, with whom messages are exchanged directly. */
  get neighbours(): readonly PeerId[] {
    return this.#parts.overlay.snapshot().activeView
  }

  /**
   * Meets the peer of a ticket; resolves when a neighbour stands that was none before, or at once when the
   * peer is a neighbour already.
   *
   * @throws CodedError `runtime/bad-ticket`, `runtime/wrong-network` or `runtime/unreachable`.
   */
  async join(ticket: string | Ticket, options: JoinOptions = {}): Promise<void> {
    this.#assertOpen()
    const contact = typeof ticket === 'string' ? ticketOf(ticket) : ticket
    if (contact.network !== this.network) throw wrongNetwork()
    if (contact.peer === this.id || this.neighbours.includes(contact.peer)) return
    await this.meet([contact], options)
  }

  /** Joins through any of these contacts. For `createNode`; users call `join`. */
  async meet(contacts: readonly Contact[], options: JoinOptions): Promise<void> {
    for (const { peer, addresses } of contacts) this.#links?.book.keep(peer, addresses)
    const waitMs = options.timeoutMs ?? defaultJoinTimeoutMs
    const given = options.signal === undefined ? [] : [options.signal]
    const signal = AbortSignal.any([AbortSignal.timeout(waitMs), this.signal, ...given])
    const first = new Promise<void>((resolve, reject) => {
      this.on('neighbour', () => resolve(), { signal })
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
    this.#router?.feed({ type: 'join', contacts })
    try {
      await first
    } catch (cause) {
      options.signal?.throwIfAborted()
      this.#assertOpen()
      throw unreachable(contacts.length, waitMs, cause)
    }
  }

  /** Text with which another node can join: network, id and addresses. */
  ticket(): string {
    return ticketText({ network: this.network, peer: this.id, addresses: this.addresses })
  }

  /**
   * A topic by its name. The same name gives the same topic; the first call subscribes at once and says what the
   * topic promises and carries, so that no message between it and a later `messages()` of a durable topic is lost.
   *
   * @throws CodedError `runtime/closed`, or `runtime/bad-option` when the name is open in another way.
   */
  topic(name: string): Topic
  topic<G extends Guarantee = 'reliable'>(name: string, options: TopicOptions<G>): Topic<Payload, G>
  topic<Input, Output, G extends Guarantee = 'reliable'>(
    name: string,
    schema: StandardSchema<Input, Output>,
    options?: TopicOptions<G>,
  ): Topic<Output, G, Input>
  topic(name: string, first?: StandardSchema | TopicOptions, second?: TopicOptions): unknown {
    this.#assertOpen()
    const schema = isSchema(first) ? first : undefined
    const options = (schema === undefined ? (first as TopicOptions | undefined) : second) ?? {}
    return this.#topics.open(name, schema, options)
  }

  /** Forgets a topic: its readers end, and its messages are relayed but no longer delivered. */
  leaveTopic(name: string): void {
    this.#topics.leave(name)
  }

  /** Names of the topics that are subscribed to. */
  get topics(): readonly string[] {
    return this.#topics.names
  }

  /** Every link: peer, cryptography, round trip, queued bytes. */
  connections(): readonly Connection[] {
    return this.#links?.connections ?? []
  }

  status(): NodeStatus {
    return {
      peer: this.id,
      network: this.network,
      addresses: this.addresses,
      connections: this.connections().length,
      neighbours: this.neighbours,
      traffic: this.#links?.traffic ?? { bytesSent: 0, bytesReceived: 0 },
      overlay: this.#parts.overlay.snapshot(),
    }
  }

  /** Listens to facts until disposed or aborted. */
  on<Name extends keyof NodeEvents>(
    name: Name,
    listener: (fact: NodeEvents[Name]) => void,
    options: { readonly signal?: AbortSignal } = {},
  ): Disposable {
    return this.#listeners.on(name, listener, options)
  }

  /** Says goodbye, delivers what is queued, and ends everything that was opened. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Called once by `createNode`: from here on the overlay runs. */
  attach(router: Router, links: Links): void {
    this.#router = router
    this.#links = links
    this.protocols.answer(historyProtocol, (message, from) => this.#topics.answer(message, from))
  }

  /** What the overlay tells. */
  take(output: OverlayOutput): void {
    switch (output.type) {
      case 'deliver':
      case 'own':
        this.#topics.take(output)
        return
      case 'published':
        this.#outbox.progressed(output.token, output)
        return
      case 'refused':
        this.#outbox.refused(output.token, output.fault)
        return
      case 'neighbourUp':
        this.#links?.neighbour(output.peer, true)
        this.#topics.meet(output.peer)
        this.#listeners.emit('neighbour', { peer: output.peer })
        return
      case 'neighbourDown':
        this.#links?.neighbour(output.peer, false)
        this.#listeners.emit('neighbourLost', { peer: output.peer, cause: output.cause ?? 'left' })
        return
      case 'suspected':
      case 'dead':
      case 'alive':
        this.#listeners.emit(output.type, { peer: output.peer })
        return
      case 'learned':
        this.#links?.book.learn(output.peer, output.addresses)
        return
      case 'forgot':
        this.#links?.book.forget(output.peer)
        return
      case 'penalised':
        this.#listeners.emit('fault', { peer: output.peer, fault: output.fault })
        return
      case 'standing':
        this.#listeners.emit('standing', { peer: output.peer, standing: output.standing })
        return
      case 'shed':
        this.#listeners.emit('shed', { peer: output.peer, fault: output.fault })
        this.#links?.cut(output.peer)
        return
      case 'gap':
      case 'repaired':
      case 'lost':
        this.#topics.take(output)
        return
      case 'equivocation':
        this.#listeners.emit('equivocation', output)
        return
      case 'descriptorFork':
        this.#listeners.emit('descriptorFork', output)
        return
      case 'isolated':
        this.#listeners.emit('isolated', { cause: output.cause })
        return
      case 'healed':
        this.#listeners.emit('healed', { neighbours: this.neighbours.length })
        return
      case 'sign':
      case 'verify':
        return
    }
  }

  /** A fault of a link or a queue. */
  noted(peer: PeerId | undefined, fault: Fault): void {
    this.#listeners.emit('fault', { peer, fault })
  }

  /** A failure of the host. */
  failed(error: unknown): void {
    this.#failed(error)
  }

  async #close(): Promise<void> {
    this.#closing.abort(closedError())
    this.#outbox.close()
    this.#topics.close()
    this.#router?.feed({ type: 'leave' })
    await this.#parts.dispose()
    this.#listeners.clear()
  }

  async #ask(peer: PeerId, message: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const links = this.#links
    if (links === undefined) throw closedError()
    const stream = this.protocols.begin(await links.open(peer), historyProtocol)
    return exchange(stream, historyProtocol, message, signal)
  }

  #failed(error: unknown): void {
    if (!this.#closing.signal.aborted) this.#listeners.emit('error', { error })
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw closedError()
  }
}

function closedError(): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>({ code: 'runtime/closed' }, 'This node has been closed.')
}

/** A ticket of another network than the node's. */
export function wrongNetwork(): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/wrong-network' },
    'The ticket is of another network. Leave out network, or name the one that the ticket is of.',
  )
}

function unreachable(tried: number, waitMs: number, cause: unknown): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/unreachable', tried },
    `No contact of ${tried} answered within ${waitMs} ms. Check that one of them runs, and that the ticket is fresh.`,
    { cause },
  )
}

/** Source: our choice; two dials that time out and one that answers. */
const defaultJoinTimeoutMs = 15_000
