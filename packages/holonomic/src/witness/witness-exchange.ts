import type { Instant, Machine, Rng } from '@kithnet/kernel'
import type { NetworkId, PeerId } from '@kithnet/types'
import { type Checkpoint, logIdOf } from './checkpoint.ts'
import { LogOwner, offerTimer } from './log-owner.ts'
import { LogWitness } from './log-witness.ts'
import { type OwnState, StateExchange } from './state-exchange.ts'
import { headKey } from './witness-disk.ts'
import {
  defaultWitnessConfig,
  type WitnessConfig,
  type WitnessEffect,
  type WitnessEvent,
  type WitnessInput,
  type WitnessOutput,
} from './witness-events.ts'
import type { WitnessMessage } from './witness-messages.ts'

/** What a `WitnessExchange` is made from. */
export interface WitnessExchangeOptions {
  readonly self: PeerId
  readonly network: NetworkId
  readonly rng: Rng
  readonly config?: Partial<WitnessConfig>
  /** Own checkpoints as they are on disk, each log's by epoch. */
  readonly logs?: Iterable<Checkpoint>
  /** The last checkpoints that were cosigned, by log, as they are on disk. */
  readonly heads?: Iterable<readonly [string, Uint8Array]>
}

/**
 * One peer among others that witness each other: it commits its own states and has them cosigned, cosigns those of others,
 * and compares states. Signing, checking and the disk are effects; the book of statements tells it what is known.
 */
export class WitnessExchange implements Machine<
  WitnessEvent,
  PeerId,
  WitnessMessage,
  string,
  WitnessOutput
> {
  readonly #self: PeerId
  readonly #network: NetworkId
  readonly #owner: LogOwner
  readonly #witness: LogWitness
  readonly #states: StateExchange
  #admitted: readonly PeerId[] = []
  #token = 0

  constructor({ self, network, rng, config, logs, heads }: WitnessExchangeOptions) {
    this.#self = self
    this.#network = network
    const settled = { ...defaultWitnessConfig, ...config }
    const nextToken = (): number => ++this.#token
    this.#owner = new LogOwner(self, network, settled, logs)
    this.#witness = new LogWitness(self, settled, nextToken, heads)
    this.#states = new StateExchange(rng, (names) => this.stateOf(names), nextToken)
  }

  /** This peer's logs: for showing, and for proofs. */
  get owner(): Pick<LogOwner, 'heads' | 'proven'> {
    return this.#owner
  }

  /** What is held in these namespaces, as far as it was committed. */
  stateOf(namespaces: readonly string[]): OwnState | undefined {
    const log = logIdOf({ network: this.#network, peer: this.#self, namespaces })
    for (const one of this.#owner.heads()) if (one.log === log) return one
    return undefined
  }

  on(event: WitnessInput, now: Instant): readonly WitnessEffect[] {
    switch (event.type) {
      case 'commit':
        return this.#owner.commit(event)
      case 'persisted':
        return event.key.startsWith(headKey)
          ? this.#witness.persisted(event.key.slice(headKey.length))
          : this.#owner.persisted(event.key)
      case 'unpersisted':
        return event.key.startsWith(headKey)
          ? this.#witness.unpersisted(event.key.slice(headKey.length))
          : this.#owner.unpersisted(event.key)
      case 'known':
        return this.#owner.known(event, now)
      case 'cosignature':
        return [...this.#owner.cosignature(event), ...this.#witness.cosignature(event)]
      case 'ready':
        this.#witness.ready()
        return this.#owner.ready(now)
      case 'compared':
        this.#witness.compared(event.peer)
        return []
      case 'neighbourUp':
      case 'neighbourDown':
        this.#witness.neighbour(event.peer, event.type === 'neighbourUp')
        return []
      case 'admitted':
        // Said at every grant and pledge of anybody: what is waited for is not offered anew each time.
        if (isSame(event.peers, this.#admitted)) return []
        this.#admitted = event.peers
        this.#witness.admitted(event.peers)
        this.#states.admitted(event.peers)
        return this.#owner.admitted(event.peers, now)
      case 'verified':
        return (
          this.#states.verified(event.token, event.checkpoint) ??
          this.#witness.verified(event.token, event.checkpoint)
        )
      case 'cosigned': {
        const { to, cosignature } = event
        return [{ type: 'send', to, message: { type: 'cosigned', cosignature } }]
      }
      case 'compare':
        return this.#states.compare(event, now)
      case 'received':
        return this.#received(event.from, event.message, now)
      case 'malformed': {
        const { from, fault } = event
        return [{ type: 'emit', output: { type: 'reject', from, fault } }]
      }
      case 'linkDown':
        return this.#states.linkDown(event.peer)
      case 'fired':
        return event.key.startsWith(offerTimer)
          ? this.#owner.fired(event.key, now)
          : this.#states.fired(event.key)
    }
  }

  #received(from: PeerId, message: WitnessMessage, now: Instant): readonly WitnessEffect[] {
    switch (message.type) {
      case 'offer':
        return this.#witness.offered(from, message)
      case 'cosigned': {
        // Whoever was not asked has nothing to say, and checking it would cost.
        if (!this.#owner.awaits(from)) return []
        const signed = message.cosignature
        return [{ type: 'emit', output: { type: 'take', from, signed } }]
      }
      case 'refused':
        return this.#owner.refused(from, message)
      default:
        return this.#states.received(from, message, now)
    }
  }
}

function isSame(one: readonly PeerId[], other: readonly PeerId[]): boolean {
  return one.length === other.length && one.every((peer, index) => peer === other[index])
}
