import type { Effect, Fired, Instant, Machine } from '@kithnet/kernel'
import { after } from '@kithnet/kernel'

/** One message that waits for its turn on the line. */
interface Waiting<Peer, Message> {
  readonly to: Peer
  readonly message: Message
  readonly bytes: number
}

/** The line's timer, among those of the machine behind it. */
const lineKey = 'uplink'

/**
 * A machine behind a line of limited bandwidth that all its links share: what it sends leaves one message after the
 * other, short ones first because they are control. Stands for the socket buffers and the up-link of a real host.
 */
export class Uplink<Event, Peer, Message, Output> implements Machine<
  Event,
  Peer,
  Message,
  string,
  Output
> {
  readonly #inner: Machine<Event, Peer, Message, string, Output>
  readonly #bytesPerMs: number
  readonly #sizeOf: (message: Message) => number
  readonly #short: Waiting<Peer, Message>[] = []
  readonly #long: Waiting<Peer, Message>[] = []
  /** On the line now: it goes when its last bit has left. */
  #leaving: Waiting<Peer, Message> | undefined

  constructor(
    inner: Machine<Event, Peer, Message, string, Output>,
    bytesPerSecond: number,
    sizeOf: (message: Message) => number,
  ) {
    this.#inner = inner
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#sizeOf = sizeOf
  }

  on(event: Event | Fired<string>, now: Instant): readonly Effect<Peer, Message, string, Output>[] {
    const effects: Effect<Peer, Message, string, Output>[] = []
    if (isLineFree(event)) {
      const gone = this.#leaving!
      this.#leaving = undefined
      effects.push({ type: 'send', to: gone.to, message: gone.message })
      this.#next(effects, now)
      return effects
    }
    for (const effect of this.#inner.on(event, now)) {
      if (effect.type !== 'send') effects.push(effect)
      else {
        const bytes = this.#sizeOf(effect.message)
        const queue = bytes <= shortBytes ? this.#short : this.#long
        queue.push({ to: effect.to, message: effect.message, bytes })
      }
    }
    this.#next(effects, now)
    return effects
  }

  #next(effects: Effect<Peer, Message, string, Output>[], now: Instant): void {
    if (this.#leaving !== undefined) return
    const next = this.#short.shift() ?? this.#long.shift()
    if (next === undefined) return
    this.#leaving = next
    effects.push({ type: 'arm', key: lineKey, at: after(now, next.bytes / this.#bytesPerMs) })
  }
}

function isLineFree(event: unknown): boolean {
  const fired = event as { readonly type?: string; readonly key?: string }
  return fired.type === 'fired' && fired.key === lineKey
}

/** Source: our choice; above every control message, below a fragment. */
const shortBytes = 8_192
