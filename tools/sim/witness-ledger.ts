/** Who knew what when, in a simulated network of witnesses. */
import type { Checkpoint } from '@kithnet/holonomic'
import { type Instant, instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { AnyHeld } from '../../packages/holonomic/src/statements/held.ts'

/** Arrivals of statements at peers, as somebody who sees everything notes them. */
export class WitnessLedger {
  /** When each peer had a statement, by what it is called in comparisons. */
  readonly arrivals = new Map<string, Map<number, Instant>>()
  /** All checkpoints that anybody ever had, by what they are called in comparisons. */
  readonly checkpoints = new Map<string, Checkpoint>()
  /** When each peer had proof against a peer. */
  readonly convicted = new Map<PeerId, Map<number, Instant>>()

  arrived(index: number, held: AnyHeld, now: Instant): void {
    const { id, signer } = held
    if (held.kind === 'checkpoint') this.checkpoints.set(id, held.statement)
    if (held.kind === 'fork') {
      let proven = this.convicted.get(signer)
      if (proven === undefined) this.convicted.set(signer, (proven = new Map()))
      if (!proven.has(index)) proven.set(index, now)
    }
    let known = this.arrivals.get(id)
    if (known === undefined) this.arrivals.set(id, (known = new Map()))
    if (!known.has(index)) known.set(index, now)
  }

  /** When two states of one epoch of a peer were first both known to somebody. */
  secondSideAt(peer: PeerId): Instant | undefined {
    const firsts = new Map<number, Instant[]>()
    for (const [id, { peer: owner, epoch }] of this.checkpoints) {
      if (owner !== peer) continue
      const first = instant(Math.min(...this.arrivals.get(id)!.values()))
      firsts.set(epoch, [...(firsts.get(epoch) ?? []), first])
    }
    const seconds = [...firsts.values()].flatMap(
      (times) => times.toSorted((a, b) => a - b)[1] ?? [],
    )
    return seconds.length === 0 ? undefined : instant(Math.min(...seconds))
  }
}
