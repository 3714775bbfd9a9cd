import type { Bytes } from '@kithnet/kernel'

interface Waiting {
  readonly frame: Bytes
  /** Runs when the frame lasts, in the order of the calls. */
  readonly settle: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Frames that are asked for while one commit runs share the next. One that fails does so alone. */
export class CommitQueue {
  readonly #commit: (frames: readonly Bytes[]) => Promise<void>
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  constructor(commit: (frames: readonly Bytes[]) => Promise<void>) {
    this.#commit = commit
  }

  /** Resolves when the frame lasts and `settle` was run. */
  push(frame: Bytes, settle: () => void): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ frame, settle, resolve, reject })
    })
    this.#running ??= this.#run()
    return done
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // What is called in one turn goes together.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#commitGroup(this.#take())
    this.#running = undefined
  }

  /** The frames that wait, up to a bound, so that the first need not wait for very many. */
  #take(): readonly Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#waiting.length && bytes < maxGroupBytes) {
      bytes += this.#waiting[count]!.frame.length
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#commit(group.map(({ frame }) => frame))
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error)
      else for (const alone of group) await this.#commitGroup([alone])
      return
    }
    for (const { settle, resolve } of group) {
      settle()
      resolve()
    }
  }
}

/** Bytes after which a group is full. Source: measured: 16 MiB takes this long to sync that more gains nothing. */
const maxGroupBytes = 16 * 2 ** 20
