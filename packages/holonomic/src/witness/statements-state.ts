import { equalBytes, fromHex } from '@kithnet/kernel'
import type { Part } from '../part.ts'
import { type StatementKind, statementKinds } from '../statements/statement-kinds.ts'
import type { Checkpoint } from './checkpoint.ts'
import { setRoot } from './log-tree.ts'

/** Commits the statements that a node knows, when they have changed: so it can be shown what it knew, and when. */
export class StatementsState implements Disposable {
  readonly #part: Part
  readonly #commit: (members: readonly Uint8Array[]) => Promise<Checkpoint>
  #last: Uint8Array | undefined
  #timer: Disposable | undefined

  /** Begins at once. */
  constructor(part: Part, commit: (members: readonly Uint8Array[]) => Promise<Checkpoint>) {
    this.#part = part
    this.#commit = commit
    this.#wait()
  }

  /** Commits no more. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
  }

  #wait(): void {
    const { host, rng, options } = this.#part
    if (host.signal.aborted) return
    const meanMs = options.witness?.checkpointMs ?? defaultCheckpointMs
    const waitMs = Math.round(meanMs * (0.5 + rng.below(1_024) / 1_024))
    this.#timer = host.timer(waitMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const members = this.#members()
    const { root } = setRoot(members)
    if (this.#last === undefined || !equalBytes(this.#last, root)) {
      // A log that is behind, or a full disk, is told of by the witness; it is tried again.
      const committed = await this.#commit(members).catch(() => undefined)
      if (committed !== undefined) this.#last = root
    }
    this.#wait()
  }

  #members(): readonly Uint8Array[] {
    return witnessedKinds.flatMap((kind) =>
      this.#part.statements.all(kind).map(({ id }) => fromHex(id)!),
    )
  }
}

/** All but what each commit makes more of: it would never come to rest. */
const witnessedKinds: readonly StatementKind[] = statementKinds.filter(
  (kind) => kind !== 'checkpoint' && kind !== 'cosignature',
)
/** Source: our choice: some 50,000 a year, 64 bytes each in memory. */
const defaultCheckpointMs = 600_000
