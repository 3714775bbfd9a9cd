import { performance } from 'node:perf_hooks'

/** How far long work has come, on standard error, where a person watches; nothing for what is done within a second. */
export class Progress {
  readonly #verb: string
  #shownMs = performance.now()
  #isShown = false

  constructor(verb: string) {
    this.#verb = verb
  }

  /** `of` is how many there are in all, when that is known. */
  at(done: number, of?: number): void {
    const now = performance.now()
    if (!process.stderr.isTTY || now - this.#shownMs < intervalMs) return
    this.#shownMs = now
    this.#isShown = true
    const share = of === undefined ? `${done}` : `${done} of ${of}`
    process.stderr.write(`\r${share} ${this.#verb}`)
  }

  /** Leaves the line. */
  end(): void {
    if (this.#isShown) process.stderr.write('\n')
  }
}

/** Source: our choice. */
const intervalMs = 1_000
