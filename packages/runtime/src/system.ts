import { type Clock, epochMs, type Instant, instant, type Rng, rngFrom } from '@kithnet/kernel'

/** The host's clocks. The only file of the package that touches clocks, timers and entropy. */
export function systemClock(): Clock {
  return {
    now: () => instant(performance.now()),
    wall: () => epochMs(Date.now()),
  }
}

/** Randomness from the host's entropy, in blocks, because a call for four bytes costs as much as one for 4,096. */
export function systemRng(): Rng {
  const block = new Uint32Array(1024)
  let used = block.length
  const u32 = (): number => {
    if (used === block.length) {
      crypto.getRandomValues(block)
      used = 0
    }
    const word = block[used]!
    block[used++] = 0
    return word
  }
  return rngFrom(u32, () => systemRng())
}

/** A host timer that fires once at an instant and never keeps the process alive by itself. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #at: Instant | undefined

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings at `at`, or never when `undefined`. Setting the same instant again costs nothing. */
  set(at: Instant | undefined): void {
    if (at === this.#at) return
    // A timer that rings early is set again by its owner, so only an earlier instant needs a new one.
    if (this.#at !== undefined && at !== undefined && at > this.#at) return
    clearTimeout(this.#timer)
    this.#at = at
    if (at === undefined) return
    const ms = Math.max(0, Math.ceil(at - this.#clock.now()))
    this.#timer = setTimeout(
      () =>
        afterInput(() => {
          if (this.#at !== at) return
          this.#at = undefined
          this.#ring()
        }),
      Math.min(ms, longestTimerMs),
    )
  }
}

/**
 * Runs after the input that has come meanwhile, where the host can say when that is. A timer that is late on a busy host
 * would otherwise find missing what waits in a socket.
 */
function afterInput(run: () => void): void {
  const { setImmediate } = globalThis as { readonly setImmediate?: (run: () => void) => unknown }
  if (setImmediate === undefined) run()
  else setImmediate(run)
}

/** Longest delay of a host timer. Source: setTimeout keeps 31 bits. */
const longestTimerMs = 2 ** 31 - 1

/** Calls back after `ms`; disposing forgets it. */
export function later(ms: number, callback: () => void): Disposable {
  const timer = setTimeout(callback, ms)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}
