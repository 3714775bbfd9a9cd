import type { Instant } from './clock.ts'
import type { Effect, Fired, Machine } from './machine.ts'

/** What a driver needs from its host: real in `runtime`, virtual in the simulator. */
export interface Io<Peer, Message, Key, Output> {
  now(): Instant
  send(to: Peer, message: Message): void
  arm(key: Key, at: Instant): void
  disarm(key: Key): void
  release(peer: Peer): void
  persist(key: string, value: Uint8Array): void
  emit(output: Output): void
}

/** Sees every step of a machine: logs, metrics, traces and the flight recorder hang here. */
export type Tap<Event, Peer, Message, Key, Output> = (
  now: Instant,
  event: Event | Fired<Key>,
  effects: readonly Effect<Peer, Message, Key, Output>[],
) => void

/**
 * Runs a machine. Returns the function that feeds it an event and performs what it answers.
 * An event fed while another is being performed waits its turn, so a machine is never re-entered.
 */
export function drive<Event, Peer, Message, Key, Output>(
  machine: Machine<Event, Peer, Message, Key, Output>,
  io: Io<Peer, Message, Key, Output>,
  tap?: Tap<Event, Peer, Message, Key, Output>,
): (event: Event | Fired<Key>) => void {
  const waiting: (Event | Fired<Key>)[] = []
  let running = false
  const step = (event: Event | Fired<Key>): void => {
    const now = io.now()
    const effects = machine.on(event, now)
    tap?.(now, event, effects)
    for (const effect of effects) perform(io, effect)
  }
  return (event) => {
    if (running) {
      waiting.push(event)
      return
    }
    running = true
    try {
      step(event)
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) step(next)
    } finally {
      running = false
    }
  }
}

function perform<Peer, Message, Key, Output>(
  io: Io<Peer, Message, Key, Output>,
  effect: Effect<Peer, Message, Key, Output>,
): void {
  switch (effect.type) {
    case 'send':
      io.send(effect.to, effect.message)
      return
    case 'arm':
      io.arm(effect.key, effect.at)
      return
    case 'disarm':
      io.disarm(effect.key)
      return
    case 'release':
      io.release(effect.peer)
      return
    case 'persist':
      io.persist(effect.key, effect.value)
      return
    case 'emit':
      io.emit(effect.output)
  }
}
