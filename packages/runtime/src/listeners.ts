/** Synchronous listeners by event name. A listener that throws hurts nobody but its own reader. */
export class Listeners<Events extends object> {
  readonly #byName = new Map<keyof Events, Set<(fact: never) => void>>()
  readonly #report: (error: unknown) => void

  /** `report` gets what a listener throws. */
  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  on<Name extends keyof Events>(
    name: Name,
    listener: (fact: Events[Name]) => void,
    options: { readonly signal?: AbortSignal } = {},
  ): Disposable {
    const set = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, set)
    const forget = (): void => {
      set.delete(listener)
    }
    if (options.signal?.aborted !== true) {
      set.add(listener)
      options.signal?.addEventListener('abort', forget, { once: true })
    }
    return { [Symbol.dispose]: forget }
  }

  emit<Name extends keyof Events>(name: Name, fact: Events[Name]): void {
    const set = this.#byName.get(name)
    if (set === undefined) return
    for (const listener of [...set]) {
      try {
        ;(listener as (fact: Events[Name]) => void)(fact)
      } catch (error) {
        this.#report(error)
      }
    }
  }

  clear(): void {
    this.#byName.clear()
  }
}
