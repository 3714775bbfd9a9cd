import { type Bytes, CodedError } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { BundleFault } from '../faults.ts'
import type { Part } from '../part.ts'
import { type Checkpoint, compareStates, logLeaf } from './checkpoint.ts'
import { checkpointId, cosignersOf } from './cosignature.ts'
import { encodeWitnessBundle } from './witness-bundle.ts'
import { uncompared } from './witness-errors.ts'
import type { StateDifference } from './witness-events.ts'
import { StatementsState } from './statements-state.ts'
import { WitnessRunner, type WitnessServiceEvent } from './witness-runner.ts'

/** A log as this node knows it. */
export interface ShownLog {
  /** `logIdOf` the checkpoint. */
  readonly log: string
  /** The last that is known. */
  readonly checkpoint: Checkpoint
  /** The witnesses that everybody finds for it. */
  readonly appointed: readonly PeerId[]
  /** Those of them that have cosigned this checkpoint. */
  readonly cosigners: readonly PeerId[]
  /** There is proof that its owner has signed two states at once. */
  readonly isForked: boolean
}

/** How the state of a peer stands to this node's. */
export interface StateComparison {
  readonly relation: 'identical' | 'divergent'
  readonly ours: Checkpoint
  readonly theirs: Checkpoint
}

/**
 * What this node holds, for others to check: states are committed to a log that goes only forward, and other peers, whom it
 * does not choose, cosign each of them.
 */
export class Witness {
  readonly #part: Part
  readonly #runner: WitnessRunner

  private constructor(part: Part, runner: WitnessRunner) {
    this.#part = part
    this.#runner = runner
  }

  /** The part of a service; it ends with the host. @throws CodedError when what is on disk is damaged. */
  static async open(part: Part): Promise<Witness> {
    const witness = new Witness(part, await WitnessRunner.open(part))
    const state = new StatementsState(part, (members) => witness.commit(statementsLog, members))
    part.host.signal.addEventListener('abort', () => state[Symbol.dispose](), { once: true })
    return witness
  }

  /**
   * Commits a state: the members of what is held in some namespaces, in any order. Resolves when it is on disk, signed and
   * on its way to everybody; witnesses follow (`witnessed`). Waits until statements were compared with a neighbour. The
   * members are kept until the next commit, for peers that compare theirs: do not change them.
   *
   * @throws CodedError `holonomic/log-behind`, `holonomic/not-committed`.
   */
  commit(namespaces: readonly string[], members: readonly Uint8Array[]): Promise<Checkpoint> {
    return this.#runner.commit(namespaces, members)
  }

  /** The logs of a peer, this node's own unless said, as far as they are known here. */
  show(peer: PeerId = this.#part.host.self): readonly ShownLog[] {
    const { statements } = this.#part
    const convicted = statements.all('fork').filter(({ signer }) => signer === peer)
    return statements
      .all('checkpoint')
      .filter(({ signer }) => signer === peer)
      .map(({ slot: log, statement: checkpoint }) => {
        const appointed = this.#appointed(log, peer)
        const id = checkpointId(checkpoint)
        const cosigners = appointed.filter((one) => {
          const held = statements.get('cosignature', `${log}/${one}`)
          return held?.statement.checkpoint === id
        })
        return { log, checkpoint, appointed, cosigners, isForked: convicted.length > 0 }
      })
  }

  /**
   * Asks a peer for its last checkpoint of some namespaces, and compares its state with this node's.
   *
   * @throws CodedError `holonomic/no-state`.
   */
  async compare(peer: PeerId, namespaces: readonly string[]): Promise<StateComparison> {
    const { ours, theirs } = await this.#runner.compare(peer, namespaces, false)
    if (ours === undefined) throw uncompared({ code: 'holonomic/no-state', why: 'ours', peer })
    // Whose state it is and of what was checked when it came.
    const relation = compareStates(ours, theirs) === 'identical' ? 'identical' : 'divergent'
    return { relation, ours, theirs }
  }

  /**
   * Finds out how a peer's state differs from this node's, and fetches what is missing here. What comes back makes exactly
   * the state that the peer has signed; whether to take it in is the caller's decision, by what the members say.
   *
   * @throws CodedError `holonomic/no-state`.
   */
  reconcile(peer: PeerId, namespaces: readonly string[]): Promise<StateDifference> {
    return this.#runner.compare(peer, namespaces, true)
  }

  /**
   * Bytes that prove to anybody, with `verifyWitnessBundle` and nothing else, what this node held at an epoch: the last
   * that is witnessed unless said.
   *
   * @throws CodedError `holonomic/not-witnessed`.
   */
  prove(namespaces: readonly string[], epoch?: number): Bytes {
    const found = this.#runner.proven(namespaces)
    const witnessed = found?.witnessed
    const last = witnessed?.checkpoint.epoch ?? 0
    const shown = epoch ?? last
    if (found === undefined || witnessed === undefined || shown < 1 || shown > last) {
      const fault: BundleFault = { code: 'holonomic/not-witnessed', why: 'few', by: [] }
      throw new CodedError(
        fault,
        `${epoch === undefined ? 'No state is' : `State ${epoch} is not`} witnessed yet${last > 0 ? `, ${last} is` : ''}: ` +
          `wait until ${this.#runner.config.threshold} other peers that are let in have cosigned it.`,
      )
    }
    return encodeWitnessBundle({
      checkpoint: witnessed.signed,
      cosignatures: [...witnessed.cosignatures.values()],
      leaf: logLeaf(found.log.checkpointAt(shown)),
      inclusion: found.log.inclusionProof(shown, last),
    })
  }

  /** Calls back on what happens, at once and in order. */
  on(listener: (event: WitnessServiceEvent) => void): Disposable {
    return this.#runner.on(listener)
  }

  #appointed(log: string, owner: PeerId): readonly PeerId[] {
    const { trust, host } = this.#part
    const peers = new Set<PeerId>([...trust.admitted(), host.self])
    peers.delete(owner)
    return cosignersOf(log, [...peers], this.#runner.config.cosigners)
  }
}

/** The log to which a node commits the statements that it knows. */
const statementsLog: readonly string[] = ['statements']
