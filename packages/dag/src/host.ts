import { type EpochMs, epochMs, type Rng, rngFrom } from '@kithnet/kernel'

/** What records need of the host, to be replaced in a test. */
export interface RecordHost {
  wall(): EpochMs
  readonly rng: Rng
}

/** The host's clock and entropy. The only file of the package that touches them or timers. */
export function systemHost(): RecordHost {
  return { wall: () => epochMs(Date.now()), rng: systemRng() }
}

function systemRng(): Rng {
  const word = new Uint32Array(1)
  return rngFrom(() => crypto.getRandomValues(word)[0]!, systemRng)
}

let lastTurn: Promise<unknown> = Promise.resolve()

/** Does work that blocks for milliseconds, one piece in each turn of the event loop, so that nothing else waits for two. */
export function inOwnTurn<T>(work: () => T): Promise<T> {
  const done = lastTurn.then(() => new Promise((resolve) => setTimeout(resolve, 0))).then(work)
  lastTurn = done.catch(() => {})
  return done
}
