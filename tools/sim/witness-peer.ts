/** A simulated peer that witnesses: an overlay, the exchange of statements and the machine of witnesses, as one machine. */
import type { Fired, Instant } from '@kithnet/kernel'
import type { Overlay, OverlayEvent, OverlayMessage, OverlayOutput } from '@kithnet/overlay'
import type { PeerId, TopicId } from '@kithnet/types'
import type {
  ExchangeEvent,
  ExchangeOutput,
} from '../../packages/holonomic/src/statements/exchange-events.ts'
import {
  decodeParcel,
  encodeParcel,
  type ExchangeMessage,
  type Parcel,
} from '../../packages/holonomic/src/statements/exchange-messages.ts'
import type { StatementExchange } from '../../packages/holonomic/src/statements/statement-exchange.ts'
import type {
  WitnessEvent,
  WitnessOutput,
} from '../../packages/holonomic/src/witness/witness-events.ts'
import type { WitnessExchange } from '../../packages/holonomic/src/witness/witness-exchange.ts'
import type { WitnessMessage } from '../../packages/holonomic/src/witness/witness-messages.ts'
import type { OverlayEffects, OverlayMachine } from './overlay-world.ts'

/** Something to be done within one life of a peer: carried by the overlay's network beside its own events. */
export interface Errand {
  readonly type: 'errand'
  readonly run: (life: WitnessPeer, now: Instant) => OverlayEffects
}

/** What a machine beside the overlay tells, as an output of its peer. */
export type Told =
  | { readonly type: 'statements'; readonly output: ExchangeOutput; readonly life: WitnessPeer }
  | { readonly type: 'witness'; readonly output: WitnessOutput; readonly life: WitnessPeer }
  | {
      readonly type: 'persist'
      readonly key: string
      readonly value: Uint8Array
      readonly life: WitnessPeer
    }

type Said =
  | { readonly type: 'statements'; readonly message: ExchangeMessage }
  | { readonly type: 'witness'; readonly message: WitnessMessage }

const statementsTimer = 'statements '
const witnessTimer = 'witness '

/** One life of a peer. */
export class WitnessPeer implements OverlayMachine {
  readonly witness: WitnessExchange
  readonly #overlay: Overlay
  readonly #exchange: StatementExchange
  readonly #topic: TopicId
  readonly #parcels: WeakMap<Uint8Array, Parcel>
  /** Of publications, apart from those of the world. */
  #token = 1_000_000_000

  constructor(
    overlay: Overlay,
    exchange: StatementExchange,
    witness: WitnessExchange,
    topic: TopicId,
    parcels: WeakMap<Uint8Array, Parcel>,
  ) {
    this.#overlay = overlay
    this.#exchange = exchange
    this.witness = witness
    this.#topic = topic
    this.#parcels = parcels
  }

  snapshot(): ReturnType<Overlay['snapshot']> {
    return this.#overlay.snapshot()
  }

  on(event: OverlayEvent | Fired<string> | Errand, now: Instant): OverlayEffects {
    if (event.type === 'errand') return event.run(this, now)
    if (event.type === 'fired') {
      const { key } = event
      if (key.startsWith(statementsTimer)) {
        return this.statements({ type: 'fired', key: key.slice(statementsTimer.length) }, now)
      }
      if (key.startsWith(witnessTimer)) {
        return this.witnessing({ type: 'fired', key: key.slice(witnessTimer.length) }, now)
      }
    }
    if (event.type === 'received') {
      const { from } = event
      const said = event.message as OverlayMessage | Said
      if (said.type === 'statements') {
        return this.statements({ type: 'received', from, message: said.message }, now)
      }
      if (said.type === 'witness') {
        return this.witnessing({ type: 'received', from, message: said.message }, now)
      }
    }
    const effects = [...this.#overlay.on(event, now)]
    if (event.type === 'linkDown') {
      effects.push(...this.statements(event, now), ...this.witnessing(event, now))
    }
    for (const effect of [...effects]) {
      if (effect.type === 'emit') effects.push(...this.#heard(effect.output, now))
    }
    return effects
  }

  /** Feeds the exchange of statements. */
  statements(event: ExchangeEvent | Fired<string>, now: Instant): OverlayEffects {
    return this.#exchange.on(event, now).flatMap((effect): OverlayEffects => {
      switch (effect.type) {
        case 'send':
          return [sent(effect.to, { type: 'statements', message: effect.message })]
        case 'arm':
        case 'disarm':
          return [{ ...effect, key: statementsTimer + effect.key }]
        case 'emit': {
          const { output } = effect
          if (output.type !== 'publish') return [told({ type: 'statements', output, life: this })]
          const payload = encodeParcel(output.parcel)
          const token = this.#token++
          return this.on({ type: 'publish', token, topic: this.#topic, payload }, now)
        }
        default:
          return []
      }
    })
  }

  /** Feeds the machine of witnesses. */
  witnessing(event: WitnessEvent | Fired<string>, now: Instant): OverlayEffects {
    return this.witness.on(event, now).flatMap((effect): OverlayEffects => {
      switch (effect.type) {
        case 'send':
          return [sent(effect.to, { type: 'witness', message: effect.message })]
        case 'arm':
        case 'disarm':
          return [{ ...effect, key: witnessTimer + effect.key }]
        case 'persist':
          return [told({ ...effect, life: this })]
        case 'emit':
          return [told({ type: 'witness', output: effect.output, life: this })]
        case 'release':
          return []
      }
    })
  }

  #heard(output: OverlayOutput, now: Instant): OverlayEffects {
    if (output.type === 'neighbourUp' || output.type === 'neighbourDown') {
      const event = { type: output.type, peer: output.peer } as const
      return [...this.statements(event, now), ...this.witnessing(event, now)]
    }
    if (output.type !== 'deliver' || output.message.topic !== this.#topic) return []
    const { author, payload } = output.message
    let parcel = this.#parcels.get(payload)
    if (parcel === undefined) {
      const decoded = decodeParcel(payload)
      if (!decoded.ok) throw new Error('a peer of this world published something else')
      parcel = decoded.value
      this.#parcels.set(payload, parcel)
    }
    return this.statements({ type: 'heard', author, parcel }, now)
  }
}

function sent(to: PeerId, message: Said): OverlayEffects[number] {
  return { type: 'send', to, message: message as unknown as OverlayMessage }
}

function told(output: Told): OverlayEffects[number] {
  return { type: 'emit', output: output as unknown as OverlayOutput }
}
