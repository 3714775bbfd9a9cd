import { assert, type Bytes, type EpochMs } from '@kithnet/kernel'
import type { Checkpoint, LogName } from './checkpoint.ts'
import { logLeaf } from './checkpoint.ts'
import { LogTree, setRoot } from './log-tree.ts'

/**
 * A peer's own log of states. What `commit` returns must be kept before it is signed and published, leaf and all: a peer
 * that comes back with less than it has published forks itself.
 */
export class WitnessLog {
  readonly #name: LogName
  readonly #tree: LogTree

  /** `leaves` are those of the commits before, oldest first. */
  constructor(name: LogName, leaves: Iterable<Uint8Array> = []) {
    this.#name = name
    this.#tree = new LogTree(leaves)
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
    const leaf = logLeaf(state)
    this.#tree.append(leaf)
    return { checkpoint: { ...this.#name, ...state, logRoot: this.#tree.root() }, leaf }
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
