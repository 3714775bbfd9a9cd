import { type Instant, type Rng, sample } from '@kithnet/kernel'
import type { PeerId, TopicId } from '@kithnet/types'
import type { Citizen, OverlayWorld } from '../overlay-world.ts'

/** The kinds, in the order in which they are drawn and strike. */
export const hazards = [
  'loss',
  'disorder',
  'resets',
  'crash',
  'vanish',
  'forget',
  'partition',
  'stall',
  'liar',
] as const
/** One of the kinds. */
export type Hazard = (typeof hazards)[number]

/** What the trouble knows of the hunt. */
export interface TroubleParts {
  readonly topic: TopicId
  readonly living: () => readonly Citizen[]
  readonly reborn: (peer: PeerId) => void
}

/** What befalls the peers of a hunt. */
export class Trouble {
  readonly #world: OverlayWorld
  readonly #rng: Rng
  readonly #hazards: ReadonlySet<Hazard>
  readonly #parts: TroubleParts

  constructor(world: OverlayWorld, rng: Rng, drawn: ReadonlySet<Hazard>, parts: TroubleParts) {
    this.#world = world
    this.#rng = rng
    this.#hazards = drawn
    this.#parts = parts
  }

  /** Makes the links bad. */
  begin(): void {
    const { network } = this.#world
    if (this.#hazards.has('loss')) network.shape({ lossRate: 0.02 + this.#rng.unit() * 0.08 })
    else if (this.#hazards.has('disorder')) {
      network.shape({ duplicateRate: 0.05, reorderRate: 0.05, reorderMs: 50, jitterMs: 10 })
    }
  }

  /** Each hazard strikes, or not. */
  strike(): void {
    for (const hazard of hazards) if (this.#hazards.has(hazard)) this.#befall(hazard)
  }

  #befall(hazard: Hazard): void {
    const { network } = this.#world
    const living = this.#parts.living().map(({ peer }) => peer)
    const [peer, other] = sample(this.#rng, living, 2)
    if (peer === undefined || other === undefined || this.#rng.below(4) !== 0) return
    switch (hazard) {
      case 'resets':
        return network.resetLink(peer, other)
      case 'stall':
        return network.stall(peer, 200 + this.#rng.below(2_000))
      case 'partition': {
        const cut = sample(this.#rng, living, Math.ceil(living.length / 3))
        const lift = network.partition(
          cut,
          living.filter((one) => !cut.includes(one)),
        )
        network.at((network.now + 2_000 + this.#rng.below(6_000)) as Instant, lift)
        return
      }
      case 'crash':
      case 'vanish':
      case 'forget': {
        if (living.length < 5) return
        network.crash(peer, hazard === 'crash' ? 'reset' : 'blackhole')
        const backMs = 500 + this.#rng.below(8_000)
        const disk = hazard === 'forget' ? 'lost' : 'kept'
        network.at((network.now + backMs) as Instant, () => this.#restart(peer, disk))
        return
      }
      case 'loss':
      case 'disorder':
      case 'liar':
    }
  }

  #restart(peer: PeerId, disk: 'kept' | 'lost'): void {
    const { network } = this.#world
    if (network.isAlive(peer)) return
    this.#parts.reborn(peer)
    network.restart(peer, disk)
    network.inject(peer, { type: 'subscribe', topic: this.#parts.topic })
    const others = this.#parts.living().filter((citizen) => citizen.peer !== peer)
    const contact = this.#world.citizens.indexOf(others[this.#rng.below(others.length)]!)
    network.inject(peer, { type: 'join', contacts: [this.#world.contact(contact)] })
  }
}
