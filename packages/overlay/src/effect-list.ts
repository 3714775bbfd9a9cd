import { after, type Effect, type Fired, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { OverlayOutput } from './events.ts'
import type { OverlayMessage } from './messages.ts'

/** What an `Overlay` wants done. */
export type OverlayEffect = Effect<PeerId, OverlayMessage, string, OverlayOutput>

/** What a part wants of the host, and not of the overlay. */
export type PassedEffect = Exclude<OverlayEffect, { type: 'send' | 'emit' }>

/** Begins the keys of a part's timers. The fetches' own key begins with neither. */
const prefixes = { membership: 'm', pubsub: 'p' } as const
const fetchTimer = 'keys'

/** The effects of one event, in the order in which they were wanted. The parts' timers share one table, under prefixes. */
export class EffectList {
  #effects: OverlayEffect[] = []
  #fetchesAt: Instant | undefined

  /** All effects since the last call. */
  take(): readonly OverlayEffect[] {
    const taken = this.#effects
    this.#effects = []
    return taken
  }

  send(to: PeerId, message: OverlayMessage): void {
    this.#effects.push({ type: 'send', to, message })
  }

  emit(output: OverlayOutput): void {
    this.#effects.push({ type: 'emit', output })
  }

  /** Passes on what a part wants. */
  pass(part: keyof typeof prefixes, effect: PassedEffect): void {
    if (effect.type !== 'arm' && effect.type !== 'disarm') this.#effects.push(effect)
    else this.#effects.push({ ...effect, key: prefixes[part] + effect.key })
  }

  /** Fetches of keys are to be looked at in `tickMs`, unless they are to be earlier. */
  armFetches(tickMs: number | undefined, now: Instant): void {
    if (tickMs === undefined) return
    const at = after(now, tickMs)
    if (this.#fetchesAt !== undefined && this.#fetchesAt <= at) return
    this.#fetchesAt = at
    this.#effects.push({ type: 'arm', key: fetchTimer, at })
  }

  /** Whose timer this is, and how the part knows it. */
  fired(key: string): {
    readonly part: keyof typeof prefixes | 'keys'
    readonly fired: Fired<string>
  } {
    if (key === fetchTimer) this.#fetchesAt = undefined
    const part =
      key === fetchTimer ? 'keys' : key.startsWith(prefixes.membership) ? 'membership' : 'pubsub'
    return { part, fired: { type: 'fired', key: key.slice(1) } }
  }
}
