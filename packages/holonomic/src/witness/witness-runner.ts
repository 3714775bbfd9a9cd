import { verifySigned } from '@kithnet/identity'
import { CodedError, drive, type Fault, hasCode, type Instant, type Io } from '@kithnet/kernel'
import type { PeerId, Verified } from '@kithnet/types'
import type { Part } from '../part.ts'
import { PeerStreams } from '../peer-streams.ts'
import type { BookEvent, Held } from '../statements/held.ts'
import { type Checkpoint, checkpointKind, encodeCheckpoint, logIdOf } from './checkpoint.ts'
import { checkpointId, encodeCosignature } from './cosignature.ts'
import type { LogOwner } from './log-owner.ts'
import { heardEnough } from './heard-enough.ts'
import { changeOf, readHeads, readLogs } from './witness-disk.ts'
import {
  defaultWitnessConfig,
  type StateDifference,
  type WitnessConfig,
  type WitnessInput,
  type WitnessOutput,
} from './witness-events.ts'
import { WitnessExchange, type WitnessExchangeOptions } from './witness-exchange.ts'
import { uncommitted, uncompared } from './witness-errors.ts'
import {
  decodeWitnessMessage,
  encodeWitnessMessage,
  type WitnessMessage,
  type WitnessMessageFault,
} from './witness-messages.ts'

/** What happens between this node's logs and those of others. */
export type WitnessServiceEvent =
  | Extract<WitnessOutput, { readonly type: 'witnessed' | 'behind' | 'refused' }>
  /** There is proof that a peer has signed two states at once. */
  | { readonly type: 'fork'; readonly peer: PeerId; readonly proof: Uint8Array }
  /** A peer gave what nobody has signed, or bytes that are no message. */
  | { readonly type: 'rejected'; readonly peer: PeerId; readonly fault: Fault }
  /** The store or the signer could not do what was asked. It is tried again. */
  | { readonly type: 'failed'; readonly error: unknown }

/** Who waits for what. */
interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

type Signing = Extract<WitnessOutput, { readonly type: 'publish' | 'cosign' }>

/** Drives the machine over a node: streams, timers, the store and the book of statements. */
export class WitnessRunner implements Io<PeerId, WitnessMessage, string, WitnessOutput> {
  readonly config: WitnessConfig
  readonly #part: Part
  readonly #machine: WitnessExchange
  readonly #feed: (event: WitnessInput) => void
  readonly #streams: PeerStreams<WitnessMessage, WitnessMessageFault>
  readonly #timers = new Map<string, Disposable>()
  readonly #listeners = new Set<(event: WitnessServiceEvent) => void>()
  readonly #committing = new Map<number, Waiting<Checkpoint>>()
  readonly #comparing = new Map<number, Waiting<StateDifference>>()
  readonly #open: Disposable[] = []
  /** Rejects when the node closes. */
  readonly #closed: Promise<never>
  readonly #ready: Promise<void>
  /** Commits are made one after the other. */
  #lastCommit: Promise<unknown>
  /** Of the last checkpoint that was to be signed. */
  #published: Promise<unknown> = Promise.resolve()
  #token = 0

  private constructor(part: Part, kept: Pick<WitnessExchangeOptions, 'logs' | 'heads'>) {
    this.#part = part
    const { host, rng, options } = part
    this.config = { ...defaultWitnessConfig, ...options.witness }
    this.#ready = heardEnough(part)
    this.#lastCommit = this.#ready
    this.#closed = new Promise((_, reject) => {
      const close = (): void => reject(host.signal.reason)
      host.signal.addEventListener('abort', close, { once: true })
    })
    this.#closed.catch(() => undefined)
    this.#machine = new WitnessExchange({
      self: host.self,
      network: host.network,
      rng: rng.fork('witness'),
      config: this.config,
      ...kept,
    })
    const feed = drive(this.#machine, this)
    this.#feed = (event) => {
      if (!host.signal.aborted) feed(event)
    }
    this.#streams = new PeerStreams(host, {
      protocol: witnessProtocol,
      encode: encodeWitnessMessage,
      decode: decodeWitnessMessage,
      received: (from, message) => this.#feed({ type: 'received', from, message }),
      malformed: (from, fault) => this.#feed({ type: 'malformed', from, fault }),
      down: (peer, cause) => this.#feed({ type: 'linkDown', peer, cause }),
    })
  }

  /** @throws CodedError when what is on disk is damaged. */
  static async open(part: Part): Promise<WitnessRunner> {
    const logs = await readLogs(part.host.store)
    if (!logs.ok) throw new CodedError(logs.fault, 'A kept log is damaged: restore the store.')
    const runner = new WitnessRunner(part, {
      logs: logs.value,
      heads: await readHeads(part.host.store),
    })
    runner.#begin()
    return runner
  }

  commit(namespaces: readonly string[], members: readonly Uint8Array[]): Promise<Checkpoint> {
    const turn = Promise.race([this.#lastCommit, this.#closed])
    const committed = turn.then(() => this.#commit(namespaces, members))
    this.#lastCommit = committed.catch(() => undefined)
    return committed
  }

  async compare(
    peer: PeerId,
    namespaces: readonly string[],
    fetches: boolean,
  ): Promise<StateDifference> {
    this.#part.host.signal.throwIfAborted()
    const token = ++this.#token
    return new Promise((resolve, reject) => {
      this.#comparing.set(token, { resolve, reject })
      this.#feed({ type: 'compare', token, peer, namespaces, fetches })
    })
  }

  proven(namespaces: readonly string[]): ReturnType<LogOwner['proven']> {
    return this.#machine.owner.proven(namespaces)
  }

  on(listener: (event: WitnessServiceEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  now(): Instant {
    return this.#part.host.now()
  }

  send(to: PeerId, message: WitnessMessage): void {
    this.#streams.send(to, message)
  }

  arm(key: string, at: Instant): void {
    this.disarm(key)
    const fire = (): void => {
      this.#timers.delete(key)
      this.#feed({ type: 'fired', key })
    }
    this.#timers.set(key, this.#part.host.timer(Math.max(0, at - this.now()), fire))
  }

  disarm(key: string): void {
    this.#timers.get(key)?.[Symbol.dispose]()
    this.#timers.delete(key)
  }

  release(): void {
    // Streams are closed when nothing was said for a while.
  }

  persist(key: string, value: Uint8Array): void {
    this.#part.host.store.write([changeOf(key, value)]).then(
      () => this.#feed({ type: 'persisted', key }),
      (error: unknown) => {
        this.#failed(error)
        this.#feed({ type: 'unpersisted', key })
      },
    )
  }

  emit(output: WitnessOutput): void {
    switch (output.type) {
      case 'publish':
      case 'cosign':
        this.#published = this.#sign(output)
        return
      case 'committed':
        void this.#published.then(() => this.#settle(output.token, output.checkpoint))
        return
      case 'uncommitted':
        this.#committing.get(output.token)?.reject(uncommitted(output.fault))
        this.#committing.delete(output.token)
        return
      case 'verify':
        void this.#verify(output)
        return
      case 'take':
        void this.#take(output)
        return
      case 'fork':
        this.#part.statements.accuse(output.proof).catch((error: unknown) => this.#failed(error))
        return
      case 'compared':
        this.#comparing.get(output.token)?.resolve(output.difference)
        this.#comparing.delete(output.token)
        return
      case 'uncompared':
        this.#comparing.get(output.token)?.reject(uncompared(output.fault))
        this.#comparing.delete(output.token)
        return
      case 'reject':
        this.#tell({ type: 'rejected', peer: output.from, fault: output.fault })
        return
      default:
        this.#tell(output)
    }
  }

  #begin(): void {
    const { host, statements, trust } = this.#part
    host.signal.addEventListener('abort', () => this.#close(), { once: true })
    this.#admit()
    for (const held of statements.all('checkpoint')) this.#known(held)
    this.#tellCosignatures()
    this.#open.push(
      statements.on((event) => this.#happened(event)),
      statements.onCompared((peer) => this.#feed({ type: 'compared', peer })),
      trust.on(() => {
        this.#admit()
        this.#tellCosignatures()
      }),
    )
    this.#open.push(
      host.onNeighbour((peer, isUp) =>
        this.#feed({ type: isUp ? 'neighbourUp' : 'neighbourDown', peer }),
      ),
    )
    for (const peer of statements.compared) this.#feed({ type: 'compared', peer })
    void this.#ready.then(() => this.#feed({ type: 'ready' }))
  }

  #happened(event: BookEvent): void {
    if (event.type !== 'held') return
    const { held } = event
    if (held.kind === 'checkpoint') this.#known(held)
    if (held.kind === 'cosignature') this.#feed(cosignatureEvent(held))
    if (held.kind !== 'fork') return
    const { one, other } = held.statement
    // A twin of this process signed one of them.
    for (const checkpoint of [one, other]) this.#knownAs(checkpoint, held)
    this.#tell({ type: 'fork', peer: held.signer, proof: held.body })
  }

  #known(held: Held<'checkpoint'>): void {
    this.#knownAs(held.statement, held)
  }

  #knownAs(
    checkpoint: Verified<Checkpoint>,
    { publicKey, signature }: Pick<Held, 'publicKey' | 'signature'>,
  ): void {
    if (checkpoint.peer !== this.#part.host.self) return
    const body = encodeCheckpoint(checkpoint)
    this.#feed({ type: 'known', checkpoint, signed: { publicKey, body, signature } })
  }

  #admit(): void {
    const { host, trust } = this.#part
    const peers = trust.admitted().filter((peer) => peer !== host.self)
    this.#feed({ type: 'admitted', peers })
  }

  /** This peer's own, which it must not forget, and those of its own logs. */
  #tellCosignatures(): void {
    const { host, statements } = this.#part
    const own = new Set(
      statements
        .all('checkpoint')
        .filter(({ signer }) => signer === host.self)
        .map(({ slot }) => slot),
    )
    for (const held of statements.all('cosignature')) {
      const isOurs = held.signer === host.self || own.has(held.statement.log)
      if (isOurs) this.#feed(cosignatureEvent(held))
    }
  }

  #commit(namespaces: readonly string[], members: readonly Uint8Array[]): Promise<Checkpoint> {
    const { host } = this.#part
    host.signal.throwIfAborted()
    const token = ++this.#token
    return new Promise((resolve, reject) => {
      this.#committing.set(token, { resolve, reject })
      this.#feed({ type: 'commit', token, namespaces, members, at: host.wall() })
    })
  }

  #settle(token: number, checkpoint: Checkpoint): void {
    this.#committing.get(token)?.resolve(checkpoint)
    this.#committing.delete(token)
  }

  async #sign(output: Signing): Promise<void> {
    try {
      if (output.type === 'cosign') await this.#cosign(output)
      else await this.#part.statements.publish('checkpoint', output.body)
    } catch (error) {
      if (this.#part.host.signal.aborted) return
      this.#failed(error)
      // The book has a later one: what it tells the machine of says the rest.
      if (hasCode(error, 'holonomic/not-taken')) return
      const again = (): void => {
        void this.#sign(output)
      }
      this.#part.host.timer(signAgainMs, again)
    }
  }

  async #cosign(output: Extract<WitnessOutput, { readonly type: 'cosign' }>): Promise<void> {
    const { host, statements } = this.#part
    const { checkpoint, to } = output
    const [log, id] = [logIdOf(checkpoint), checkpointId(checkpoint)]
    const { epoch } = checkpoint
    const given = statements.get('cosignature', `${log}/${host.self}`)
    if (given?.statement.checkpoint === id) {
      this.#feed({ type: 'cosigned', to, cosignature: given })
      return
    }
    // The book knows of a signature that the machine does not: nothing is signed beside it.
    if (given !== undefined && given.statement.epoch >= epoch) return
    const body = encodeCosignature({
      cosigner: host.self,
      log,
      epoch,
      checkpoint: id,
      at: host.wall(),
    })
    const cosignature = await statements.publish('cosignature', body)
    this.#feed({ type: 'cosigned', to, cosignature })
  }

  async #verify(output: Extract<WitnessOutput, { readonly type: 'verify' }>): Promise<void> {
    const { token, signed } = output
    const { statements } = this.#part
    let checkpoint: Verified<Checkpoint> | undefined
    try {
      const taken = await statements.take('checkpoint', signed, signed.publicKey)
      if (taken.ok) checkpoint = taken.value.statement
      else if (taken.fault.code.startsWith('holonomic/')) {
        // The book has no room for it or no use; whether it is signed is another question.
        const verified = await verifySigned(checkpointKind, signed, signed.publicKey)
        if (verified.ok) checkpoint = verified.value
      }
    } catch (error) {
      this.#failed(error)
    }
    this.#feed({ type: 'verified', token, checkpoint })
  }

  async #take(output: Extract<WitnessOutput, { readonly type: 'take' }>): Promise<void> {
    const { from, signed } = output
    try {
      const taken = await this.#part.statements.take('cosignature', signed, signed.publicKey)
      if (taken.ok || taken.fault.code.startsWith('holonomic/')) return
      this.#tell({ type: 'rejected', peer: from, fault: { code: 'holonomic/witness-forged' } })
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (!this.#part.host.signal.aborted) this.#tell({ type: 'failed', error })
  }

  #tell(event: WitnessServiceEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #close(): void {
    this.#streams[Symbol.dispose]()
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
    for (const one of this.#open) one[Symbol.dispose]()
    const { reason } = this.#part.host.signal
    for (const { reject } of [...this.#committing.values(), ...this.#comparing.values()]) {
      reject(reason)
    }
    this.#committing.clear()
    this.#comparing.clear()
  }
}

function cosignatureEvent(held: Held<'cosignature'>): WitnessInput {
  return { type: 'cosignature', cosignature: held.statement, signed: held }
}

/** The protocol's name and version. */
const witnessProtocol = 'kithnet/witness/1'
/** Source: our choice: a store that is full is not asked all the time. */
const signAgainMs = 10_000
