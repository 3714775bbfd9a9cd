/**
 * The calls of one turn of the host's loop in one transaction.
 *
 * @packageDocumentation
 */

/** A transaction of whatever is below. None of these is asynchronous. */
export interface Transaction {
  begin(): void
  /** Returns when the changes are durable. */
  commit(): void
  /** Undoes everything since `begin`. Does nothing when the transaction has ended by itself. */
  rollback(): void
}

interface Job {
  readonly run: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Gathers what is asked for during one turn of the host's loop into one transaction, in the order of the calls.
 * A call that fails does so alone: its group is undone, and run again without it.
 */
export class GroupCommit {
  readonly #transaction: Transaction
  readonly #maxPendingBytes: number
  #jobs: Job[] = []
  #pendingBytes = 0
  #scheduled: NodeJS.Immediate | undefined

  /** A group that holds `maxPendingBytes` is committed at once. */
  constructor(transaction: Transaction, maxPendingBytes: number) {
    this.#transaction = transaction
    this.#maxPendingBytes = maxPendingBytes
  }

  /** Runs `run` within the next transaction; resolves with what it returns once that is durable. */
  change<T>(bytes: number, run: () => T): Promise<T> {
    const done = this.#enqueue(run)
    this.#pendingBytes += bytes
    if (this.#pendingBytes >= this.#maxPendingBytes) this.flush()
    return done
  }

  /** Runs `run` at once, or behind the changes that wait, which it sees once they are durable. */
  async read<T>(run: () => T): Promise<T> {
    return this.#jobs.length === 0 ? run() : this.#enqueue(run)
  }

  /** Commits what waits. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    const jobs = this.#jobs
    this.#jobs = []
    this.#pendingBytes = 0
    if (jobs.length > 0) this.#commit(jobs)
  }

  #enqueue<T>(run: () => T): Promise<T> {
    this.#scheduled ??= setImmediate(() => this.flush())
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ run, resolve: resolve as (value: unknown) => void, reject })
    })
  }

  #commit(jobs: readonly Job[]): void {
    const outcome = this.#attempt(jobs)
    if (outcome.ok) {
      jobs.forEach((job, index) => job.resolve(outcome.values[index]))
    } else if (jobs.length === 1) {
      jobs[0]!.reject(outcome.error)
    } else {
      // Halving finds those that fail in few attempts and keeps the order.
      const half = jobs.length >> 1
      this.#commit(jobs.slice(0, half))
      this.#commit(jobs.slice(half))
    }
  }

  #attempt(
    jobs: readonly Job[],
  ):
    | { readonly ok: true; readonly values: unknown[] }
    | { readonly ok: false; readonly error: unknown } {
    try {
      this.#transaction.begin()
      const values = jobs.map((job) => job.run())
      this.#transaction.commit()
      return { ok: true, values }
    } catch (error) {
      this.#transaction.rollback()
      return { ok: false, error }
    }
  }
}
