/** A transaction of a database that is somewhere else. */
export interface RemoteTransaction {
  begin(): Promise<void>
  /** Resolves when the changes are durable. */
  commit(): Promise<void>
  rollback(): Promise<void>
}

interface Job {
  readonly kind: 'read' | 'change'
  readonly bytes: number
  readonly run: () => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Runs what is asked for in its order, over one connection. Changes that wait together share a transaction; one that fails
 * does so alone: its group is undone and run again without it.
 */
export class SerialJobs {
  readonly #transaction: RemoteTransaction
  #jobs: Job[] = []
  #running: Promise<void> | undefined

  constructor(transaction: RemoteTransaction) {
    this.#transaction = transaction
  }

  read<T>(run: () => Promise<T>): Promise<T> {
    return this.#add('read', 0, run)
  }

  /** Resolves with what `run` gives once that is durable. It may run more than once; each time nothing of it was done. */
  change<T>(bytes: number, run: () => Promise<T>): Promise<T> {
    return this.#add('change', bytes, run)
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #add<T>(kind: Job['kind'], bytes: number, run: () => Promise<T>): Promise<T> {
    const done = new Promise<T>((resolve, reject) => {
      this.#jobs.push({ kind, bytes, run, resolve: resolve as (value: unknown) => void, reject })
    })
    this.#running ??= this.#run()
    return done
  }

  async #run(): Promise<void> {
    // What is called in one turn goes together.
    await Promise.resolve()
    while (this.#jobs.length > 0) {
      const group = this.#take()
      if (group[0]!.kind === 'change') await this.#commit(group)
      else await Promise.all(group.map((job) => job.run().then(job.resolve, job.reject)))
    }
    this.#running = undefined
  }

  #take(): readonly Job[] {
    const { kind } = this.#jobs[0]!
    let bytes = 0
    let count = 0
    while (this.#jobs[count]?.kind === kind && bytes < maxGroupBytes)
      bytes += this.#jobs[count++]!.bytes
    return this.#jobs.splice(0, count)
  }

  async #commit(group: readonly Job[]): Promise<void> {
    const values: unknown[] = []
    try {
      await this.#transaction.begin()
      for (const job of group) values.push(await job.run())
      await this.#transaction.commit()
    } catch (error) {
      // Without a connection there is nothing to undo; the first error says why.
      await this.#transaction.rollback().catch(() => {})
      if (group.length === 1) {
        group[0]!.reject(error)
        return
      }
      // Halving finds those that fail in few attempts and keeps the order.
      const half = group.length >> 1
      await this.#commit(group.slice(0, half))
      await this.#commit(group.slice(half))
      return
    }
    group.forEach((job, index) => job.resolve(values[index]))
  }
}

/** Bytes after which a group is full. Source: our choice. */
const maxGroupBytes = 16 * 2 ** 20
