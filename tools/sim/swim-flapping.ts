import { after } from '@kithnet/kernel'
import { presets } from '@kithnet/membership'
import { uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import { growComposed } from './membership-composed.ts'
import { simulatedPeer } from './membership-peers.ts'

/** What became of the neighbourhoods of peers that were well, while others were deaf. */
export interface Flapping {
  /** Times that one who was well lost a neighbour who was well, but for exchanges. */
  readonly lostAmongHealthy: number
  /** Times that one who was well gave a place to another, as views do all the time. */
  readonly exchangedAmongHealthy: number
  /** Peers that were well and declared dead by one who was well. */
  readonly deathsAmongHealthy: number
  /** Times that one who was well lost a deaf neighbour. */
  readonly lostDeaf: number
}

/** Settles before the faults begin. Source: our choice, as in the other composed experiments. */
const settleMs = 120_000
const observeMs = 120_000

/**
 * Rapid's case: a few peers lose most of what is sent to them, and what they send arrives.
 *
 * Source: Suresh et al., "Stable and Consistent Membership at Scale with Rapid", ATC 2018: 80 % at 1 %.
 */
export function flapping(size: number, seed: number): Flapping {
  const deaf = new Set<PeerId>()
  const counts = {
    lostAmongHealthy: 0,
    exchangedAmongHealthy: 0,
    deathsAmongHealthy: 0,
    lostDeaf: 0,
  }
  let begun = Infinity
  const { network } = growComposed({
    size,
    config: presets.lan,
    seed,
    latency: uniformLatency(1, 10),
    joinPauseMs: 100,
    onEmit: (by, output, now) => {
      if (now < begun || deaf.has(by)) return
      if (output.type === 'neighbourDown') {
        const exchanged = output.cause === 'replaced' || output.cause === 'evicted'
        if (deaf.has(output.peer)) counts.lostDeaf++
        else if (exchanged) counts.exchangedAmongHealthy++
        else counts.lostAmongHealthy++
      } else if (output.type === 'dead' && !deaf.has(output.peer)) counts.deathsAmongHealthy++
    },
  })
  network.run(settleMs)
  const rng = network.rng('deaf')
  // The contact of all the others stays well.
  while (deaf.size < Math.ceil(size / 100)) deaf.add(simulatedPeer(1 + rng.below(size - 1)))
  begun = after(network.now, 0)
  network.shape({ lossRate: 0.8 }, (_from, to) => deaf.has(to))
  network.run(observeMs)
  return counts
}
