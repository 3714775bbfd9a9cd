import { type Clock, CodedError, type Fault } from '@kithnet/kernel'
import type { OverlayOutput } from '@kithnet/overlay'
import {
  type Address,
  type NetworkId,
  type PeerId,
  type Store,
  type TopicId,
  topicId,
} from '@kithnet/types'
import type { Overlay } from '@kithnet/overlay'
import type { RuntimeFault } from './faults.ts'
import { History } from './history.ts'
import type { Connection, Links, Traffic } from './links.ts'
import { Listeners } from './listeners.ts'
import { Outbox } from './outbox.ts'
import { Protocols } from './protocols.ts'
import type { Router } from './router.ts'
import { type Ticket, ticketOf, ticketText } from './ticket.ts'
import { type Arrived, Topic } from './topic.ts'

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
  /** A peer broke so many that its link was cut. */
  readonly shed: { readonly peer: PeerId; readonly fault: Fault }
  /** An author's messages between two are missing and being fetched, or an author signed two versions. */
  readonly gap: Extract<OverlayOutput, { type: 'gap' }>
  readonly equivocation: Extract<OverlayOutput, { type: 'equivocation' }>
  /** No neighbour is left. */
  readonly isolated: { readonly knownPeers: number }
  /** Something of the host failed: the store, a listener. The node goes on. */
  readonly error: { readonly error: unknown }
}

/** How a topic is kept. */
export interface TopicOptions {
  /** Keep what arrives in the node's store, so that `messages({ since })` finds it. Default false. */
  readonly durable?: boolean
}

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
  readonly #topics = new Map<TopicId, Topic>()
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
    this.#outbox = new Outbox((token, topic, payload) =>
      this.#router?.feed({ type: 'publish', token, topic, payload }),
    )
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
    for (const { peer, addresses } of contacts) this.#links?.book.learn(peer, addresses)
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
   * A topic by its name. The same name gives the same topic; the first call subscribes at once, so that no
   * message between it and a later `messages()` of a durable topic is lost.
   *
   * @throws CodedError `runtime/closed`.
   */
  topic(name: string, options: TopicOptions = {}): Topic {
    this.#assertOpen()
    const id = topicId(this.network, name)
    const known = this.#topics.get(id)
    if (known !== undefined) return known
    const onError = (error: unknown): void => this.#failed(error)
    const history =
      options.durable === true ? new History(this.#parts.store, id, onError) : undefined
    const topic = new Topic({
      id,
      name,
      outbox: this.#outbox,
      history,
      self: this.id,
      wall: () => this.#parts.clock.wall(),
      onMalformed: (arrived) => this.#malformed(arrived),
      onError,
    })
    this.#topics.set(id, topic)
    this.#router?.feed({ type: 'subscribe', topic: id })
    return topic
  }

  /** Forgets a topic: its readers end, and its messages are relayed but no longer delivered. */
  leaveTopic(name: string): void {
    const id = topicId(this.network, name)
    const topic = this.#topics.get(id)
    if (topic === undefined) return
    this.#topics.delete(id)
    topic.end()
    this.#router?.feed({ type: 'unsubscribe', topic: id })
  }

  /** Names of the topics that are subscribed to. */
  get topics(): readonly string[] {
    return [...this.#topics.values()].map((topic) => topic.name)
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
  }

  /** What the overlay tells. */
  take(output: OverlayOutput): void {
    switch (output.type) {
      case 'deliver':
        this.#topics.get(output.message.topic)?.accept(output.message)
        return
      case 'published':
        this.#outbox.progressed(output.token, output)
        return
      case 'refused':
        this.#outbox.refused(output.token, output.fault)
        return
      case 'neighbourUp':
        this.#links?.neighbour(output.peer, true)
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
      case 'shed':
        this.#listeners.emit('shed', { peer: output.peer, fault: output.fault })
        this.#links?.cut(output.peer)
        return
      case 'gap':
        this.#listeners.emit('gap', output)
        return
      case 'equivocation':
        this.#listeners.emit('equivocation', output)
        return
      case 'isolated':
        this.#listeners.emit('isolated', { knownPeers: 0 })
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
    for (const topic of this.#topics.values()) topic.end()
    this.#router?.feed({ type: 'leave' })
    await this.#parts.dispose()
    this.#listeners.clear()
  }

  #malformed(arrived: Arrived): void {
    const fault = { code: 'runtime/malformed-payload', message: arrived.id }
    this.#listeners.emit('fault', { peer: arrived.author, fault })
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
