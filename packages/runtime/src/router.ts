import {
  Deadlines,
  drive,
  type Clock,
  type Fired,
  type Instant,
  type Io,
  type Tap,
} from '@kithnet/kernel'
import {
  channelOf,
  encodeFrame,
  type Overlay,
  type OverlayEvent,
  type OverlayMessage,
  type OverlayOutput,
} from '@kithnet/overlay'
import type { PeerId, Store } from '@kithnet/types'
import type { Authority } from './authority.ts'
import type { Links } from './links.ts'
import { saveState } from './state.ts'
import { Alarm } from './system.ts'

/** Sees every step of a node's overlay. */
export type OverlayTap = Tap<OverlayEvent, PeerId, OverlayMessage, string, OverlayOutput>

/** What a router connects the overlay to. */
export interface RouterParts {
  readonly overlay: Overlay
  readonly clock: Clock
  readonly links: Links
  readonly authority: Authority
  readonly store: Store
  /** Gets what is not signing, verifying or addresses. */
  readonly onOutput: (output: OverlayOutput) => void
  /** A store that fails, or a bug: the node reports it and goes on. */
  readonly onError: (error: unknown) => void
  readonly tap: OverlayTap | undefined
}

/** Drives the overlay with real links, timers, signatures and a store. */
export class Router implements Io<PeerId, OverlayMessage, string, OverlayOutput> {
  readonly feed: (event: OverlayEvent | Fired<string>) => void
  readonly #parts: RouterParts
  readonly #deadlines = new Deadlines<string>()
  readonly #alarm: Alarm
  #closed = false

  constructor(parts: RouterParts) {
    this.#parts = parts
    this.#alarm = new Alarm(parts.clock, () => this.#fireDue())
    const feed = drive(parts.overlay, this, guarded(parts.tap, parts.onError))
    this.feed = (event) => {
      if (this.#closed) return
      try {
        feed(event)
      } catch (error) {
        // A mistake of ours must not take the process of whoever uses us down.
        parts.onError(error)
      }
    }
  }

  now(): Instant {
    return this.#parts.clock.now()
  }

  send(to: PeerId, message: OverlayMessage): void {
    this.#parts.links.send(to, channelOf(message), encodeFrame(message))
  }

  arm(key: string, at: Instant): void {
    this.#deadlines.arm(key, at)
    this.#alarm.set(this.#deadlines.next)
  }

  disarm(key: string): void {
    this.#deadlines.disarm(key)
  }

  release(peer: PeerId): void {
    this.#parts.links.release(peer)
  }

  persist(key: string, value: Uint8Array): void {
    saveState(this.#parts.store, key, value).then(
      () => this.feed({ type: 'persisted', key }),
      this.#parts.onError,
    )
  }

  emit(output: OverlayOutput): void {
    switch (output.type) {
      case 'sign': {
        const { token } = output
        this.#parts.authority
          .sign(output.domain, output.body)
          .then((signature) => this.feed({ type: 'signed', token, signature }), this.#parts.onError)
        return
      }
      case 'verify': {
        const { token } = output
        const checked = this.#parts.authority.check(output.domain, output.signed, output.publicKey)
        if (!(checked instanceof Promise)) this.feed({ type: 'checked', token, value: checked })
        else
          checked.then((value) => this.feed({ type: 'checked', token, value }), this.#parts.onError)
        return
      }
      default:
        this.#parts.onOutput(output)
    }
  }

  /** Stops feeding and forgets every timer. */
  close(): void {
    this.#closed = true
    this.#deadlines.clear()
    this.#alarm.set(undefined)
  }

  #fireDue(): void {
    const now = this.now()
    for (
      let key = this.#deadlines.takeDue(now);
      key !== undefined;
      key = this.#deadlines.takeDue(now)
    ) {
      this.feed({ type: 'fired', key })
    }
    this.#alarm.set(this.#deadlines.next)
  }
}

/** A tap that fails hurts nobody but its own reader. */
function guarded(
  tap: OverlayTap | undefined,
  onError: (error: unknown) => void,
): OverlayTap | undefined {
  if (tap === undefined) return undefined
  return (now, event, effects) => {
    try {
      tap(now, event, effects)
    } catch (error) {
      onError(error)
    }
  }
}
