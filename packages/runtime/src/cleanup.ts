/** What to undo, in reverse order of doing: an `AsyncDisposableStack` for hosts that have none (Node 22). */
export class Cleanup implements AsyncDisposable {
  #undo: (() => Promise<void> | void)[] = []

  add(undo: () => Promise<void> | void): void {
    this.#undo.push(undo)
  }

  /** Takes over a resource that is ours to end. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.add(async () => {
      if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]()
      else resource[Symbol.dispose]()
    })
    return resource
  }

  /** Undoes everything, also when a step fails; the first failure is thrown at the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const steps = this.#undo.toReversed()
    this.#undo = []
    const failures: unknown[] = []
    for (const step of steps) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
