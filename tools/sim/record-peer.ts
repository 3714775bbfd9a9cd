/** A simulated peer that keeps records: an overlay and the machine of records that ships, as one machine. */
import type { Fired, Instant } from '@kithnet/kernel'
import type { Overlay, OverlayEvent, OverlayMessage, OverlayOutput } from '@kithnet/overlay'
import type { TopicId } from '@kithnet/types'
import type { GossipEvent } from '../../packages/dag/src/sync/gossip-events.ts'
import type { RecordGossip } from '../../packages/dag/src/sync/record-gossip.ts'
import type { SyncItem } from '../../packages/dag/src/sync/sync-keys.ts'
import {
  decodeAnnouncement,
  encodeAnnouncement,
  type SyncMessage,
} from '../../packages/dag/src/sync/sync-messages.ts'
import type { GossipEffect, GossipOutput } from '../../packages/dag/src/sync/sync-sessions.ts'
import type { OverlayEffects, OverlayMachine } from './overlay-world.ts'

/** What is fed to the machine of records of a peer, or to its store. */
export type RecordEvent =
  | { readonly type: 'gossip'; readonly event: GossipEvent }
  /** The disk has it: `token` of a `take`, or none for what the peer wrote itself. */
  | {
      readonly type: 'commit'
      readonly token: number | undefined
      readonly items: readonly SyncItem[]
    }

export type Commit = Extract<RecordEvent, { readonly type: 'commit' }>

/** Carried by the overlay's network beside its own. */
export interface Carried {
  readonly type: 'records'
  readonly record: RecordEvent
}
/** What it says to others, as a message between overlays. */
interface CarriedMessage {
  readonly type: 'records'
  readonly message: SyncMessage
}
/** What the machine of records tells, as an output of its peer. */
export interface CarriedOutput {
  readonly type: 'records'
  readonly output: GossipOutput
}

const timerPrefix = 'records '
/** One life of a peer: its overlay and its machine of records, as one machine. */
export class RecordPeer implements OverlayMachine {
  readonly #overlay: Overlay
  readonly #gossip: RecordGossip
  /** Of publications, apart from those of the world. */
  #token = 1_000_000_000
  readonly #topic: TopicId
  readonly #commit: (event: Commit, now: Instant) => GossipEvent[]
  readonly #payloads: WeakMap<Uint8Array, ReturnType<typeof decodeAnnouncement>>

  constructor(
    overlay: Overlay,
    gossip: RecordGossip,
    topic: TopicId,
    payloads: WeakMap<Uint8Array, ReturnType<typeof decodeAnnouncement>>,
    commit: (event: Commit, now: Instant) => GossipEvent[],
  ) {
    this.#overlay = overlay
    this.#gossip = gossip
    this.#topic = topic
    this.#payloads = payloads
    this.#commit = commit
  }

  snapshot(): ReturnType<Overlay['snapshot']> {
    return this.#overlay.snapshot()
  }

  on(event: OverlayEvent | Fired<string> | Carried, now: Instant): OverlayEffects {
    if (event.type === 'records') return this.#record(event.record, now)
    if (event.type === 'fired' && event.key.startsWith(timerPrefix)) {
      return this.#feed({ type: 'fired', key: event.key.slice(timerPrefix.length) }, now)
    }
    if (event.type === 'received') {
      const message = event.message as OverlayMessage | CarriedMessage
      if (message.type === 'records') {
        return this.#feed({ type: 'received', from: event.from, message: message.message }, now)
      }
    }
    const effects = [...this.#overlay.on(event, now)]
    if (event.type === 'linkDown') effects.push(...this.#feed(event, now))
    for (const effect of [...effects]) {
      if (effect.type === 'emit') effects.push(...this.#heard(effect.output, now))
    }
    return effects
  }

  #heard(output: OverlayOutput, now: Instant): OverlayEffects {
    if (output.type === 'neighbourUp' || output.type === 'neighbourDown') {
      return this.#feed({ type: output.type, peer: output.peer }, now)
    }
    if (output.type !== 'deliver' || output.message.topic !== this.#topic) return []
    const { author, payload } = output.message
    let announcement = this.#payloads.get(payload)
    if (announcement === undefined) {
      announcement = decodeAnnouncement(payload)
      this.#payloads.set(payload, announcement)
    }
    if (!announcement.ok) throw new Error('a peer of this world published something else')
    return this.#feed({ type: 'heard', author, announcement: announcement.value }, now)
  }

  #record(event: RecordEvent, now: Instant): OverlayEffects {
    if (event.type === 'gossip') return this.#feed(event.event, now)
    return this.#commit(event, now).flatMap((one) => this.#feed(one, now))
  }

  #feed(event: GossipEvent | Fired<string>, now: Instant): OverlayEffects {
    return this.#gossip.on(event, now).flatMap((effect) => this.#translate(effect, now))
  }

  #translate(effect: GossipEffect, now: Instant): OverlayEffects {
    switch (effect.type) {
      case 'send': {
        const message = { type: 'records', message: effect.message } as const
        return [{ type: 'send', to: effect.to, message: message as unknown as OverlayMessage }]
      }
      case 'arm':
        return [{ ...effect, key: timerPrefix + effect.key }]
      case 'disarm':
        return [{ ...effect, key: timerPrefix + effect.key }]
      case 'emit': {
        if (effect.output.type === 'publish') {
          const payload = encodeAnnouncement(effect.output.announcement)
          const token = this.#token++
          return this.on({ type: 'publish', token, topic: this.#topic, payload }, now)
        }
        const output: CarriedOutput = { type: 'records', output: effect.output }
        return [{ type: 'emit', output: output as unknown as OverlayOutput }]
      }
      default:
        return []
    }
  }
}
