import { assert, type Bytes, type EpochMs } from '@kithnet/kernel'
import type { Checkpoint, LogName, LogState } from './checkpoint.ts'
import { logLeaf, readLogLeaf } from './checkpoint.ts'
import { LogTree, setRoot } from './log-tree.ts'

/**
 * A peer's own log of states. What `commit` returns must be kept before it is signed and published, leaf and all: a peer
 * that comes back with less than it has published forks itself.
 */
export class WitnessLog {
  readonly #name: LogName
  readonly #tree: LogTree
  readonly #leaves: Uint8Array[]

  /** `leaves` are those of the commits before, oldest first. */
  constructor(name: LogName, leaves: Iterable<Uint8Array> = []) {
    this.#name = name
    this.#leaves = [...leaves]
    this.#tree = new LogTree(this.#leaves)
  }

  /** The epoch of the last commit; 0 before the first. */
  get epoch(): number {
    return this.#tree.size
  }

  /** Adds a state: the members of the set that is held, in any order. */
  commit(
    members: readonly Uint8Array[],
    at: EpochMs,
  ): { readonly checkpoint: Checkpoint; readonly leaf: Bytes } {
    const { root: stateRoot, size: stateSize } = setRoot(members)
    const state = { epoch: this.epoch + 1, stateSize, stateRoot, at }
    const leaf = this.append(state)
    return { checkpoint: { ...this.#name, ...state, logRoot: this.#tree.root() }, leaf }
  }

  /** Adds a state that was committed before, as it is read from a disk; returns its leaf. */
  append(state: LogState): Bytes {
    assert(state.epoch === this.epoch + 1, 'epochs follow each other')
    const leaf = logLeaf(state)
    this.#tree.append(leaf)
    this.#leaves.push(leaf)
    return leaf
  }

  /** The leaves of all commits, oldest first. */
  get leaves(): readonly Uint8Array[] {
    return this.#leaves
  }

  /** What was committed at an epoch, as it was signed. */
  checkpointAt(epoch: number): Checkpoint {
    const state = readLogLeaf(this.#leaves[epoch - 1] ?? new Uint8Array(0))
    assert(state.ok, 'the log has the epoch that is asked for')
    return { ...this.#name, ...state.value, logRoot: this.#tree.root(epoch) }
  }

  /** What shows that the log of an epoch goes on from that of an earlier one. */
  consistencyProof(fromEpoch: number, toEpoch: number = this.epoch): readonly Bytes[] {
    return this.#tree.consistencyProof(fromEpoch, toEpoch)
  }

  /** What shows that the state of an epoch is in the log. */
  inclusionProof(epoch: number, ofEpoch: number = this.epoch): readonly Bytes[] {
    assert(epoch >= 1, 'epochs count from 1')
    return this.#tree.inclusionProof(epoch - 1, ofEpoch)
  }
}
