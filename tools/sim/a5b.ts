/**
 * The composed machine over active views: how a silent peer is suspected, declared dead and dropped.
 *
 * Set-up: `lan`, all peers join through the first one and settle for two minutes; links of 1 to 10 ms one
 * way. Then peers are black-holed one after the other, each at a random moment; after a minute the
 * outcome is read, the peer is started again with its disk and has half a minute to come back. `lan`'s own
 * formula: a suspicion lasts 18 s, 10.5 s once another neighbour confirms it or has been asked to probe the
 * suspect in vain, 6.1 s after two of them, and 3 s after three.
 */
import { type MembershipOutput, presets, suspicionTimes } from '@kithnet/membership'
import { uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import {
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { type ComposedNodes, growComposed, join, lopsided } from './membership-composed.ts'
import { mean, rounded } from './membership-mean.ts'
import { simulatedPeer } from './membership-peers.ts'

const config = presets.lan
const settleMs = 120_000
const observeMs = 60_000
const returnMs = 30_000

/** How one neighbour took a death. */
interface Verdict {
  suspectedAt: number
  readonly confirmedAt: number[]
  deadAt: number | undefined
  /** When it was no neighbour any more: with the verdict, or earlier, for the sake of a better-ranked one. */
  partedAt: number | undefined
}

/** One silent peer. */
interface Death {
  readonly firstSuspectMs: number
  readonly firstDeadMs: number
  /** From the first neighbour's verdict to the last one's, in periods. */
  readonly spreadPeriods: number
  /** Verdicts that did not come when the formula says. */
  readonly offFormula: number
  /** Living peers that hold it as a neighbour a minute later. */
  readonly stillNeighbours: number
}

interface Run {
  readonly deaths: readonly Death[]
  /** Suspicions and deaths of peers that lived. */
  readonly falseAlarms: number
  readonly lopsided: number
  readonly belowTarget: number
}

function measure(size: number, crashes: number, seed: number): Run {
  let silent: PeerId | undefined
  let falseAlarms = 0
  const verdicts = new Map<PeerId, Verdict>()
  const note = (by: PeerId, output: MembershipOutput, now: number): void => {
    if (output.type === 'neighbourDown' && output.peer === silent) {
      const verdict = verdicts.get(by)
      if (verdict !== undefined) verdict.partedAt ??= now
    }
    if (output.type !== 'suspected' && output.type !== 'dead') return
    if (output.peer !== silent) {
      falseAlarms++
      return
    }
    const verdict = verdicts.get(by)
    if (output.type === 'dead') verdict!.deadAt = now
    else if (verdict !== undefined) verdict.confirmedAt.push(now)
    else
      verdicts.set(by, {
        suspectedAt: now,
        confirmedAt: [],
        deadAt: undefined,
        partedAt: undefined,
      })
  }
  const latency = uniformLatency(1, 10)
  const { network, nodes } = growComposed({
    size,
    config,
    seed,
    latency,
    joinPauseMs: 500,
    onEmit: note,
  })
  network.run(settleMs)
  const rng = network.rng('crashes')
  const deaths: Death[] = []
  for (let count = 0; count < crashes; count++) {
    network.run(rng.below(config.swim.probeIntervalMs))
    silent = simulatedPeer(1 + rng.below(size - 1))
    verdicts.clear()
    const crashedAt = network.now
    network.crash(silent, 'blackhole')
    network.run(observeMs)
    deaths.push(judgeDeath(crashedAt, [...verdicts.values()], holders(nodes, silent)))
    network.restart(silent)
    join(network, silent)
    network.run(returnMs)
  }
  const living = [...nodes.values()]
  const room = living.filter((node) => node.machine.active.length < config.views.activeTarget)
  return { deaths, falseAlarms, lopsided: lopsided(nodes), belowTarget: room.length }
}

function holders(nodes: ComposedNodes, peer: PeerId): number {
  const living = [...nodes.values()].filter((node) => node.alive)
  const holds = living.filter(({ machine }) => {
    return machine.active.some((known) => known.descriptor.peer === peer)
  })
  return holds.length
}

function judgeDeath(
  crashedAt: number,
  verdicts: readonly Verdict[],
  stillNeighbours: number,
): Death {
  const suspected = verdicts.map((verdict) => verdict.suspectedAt)
  const dead = verdicts.flatMap(({ deadAt }) => (deadAt === undefined ? [] : [deadAt]))
  return {
    firstSuspectMs: Math.min(...suspected) - crashedAt,
    firstDeadMs: Math.min(...dead) - crashedAt,
    spreadPeriods: (Math.max(...dead) - Math.min(...dead)) / config.swim.probeIntervalMs,
    offFormula: verdicts.filter((verdict) => !followsFormula(verdict)).length,
    stillNeighbours,
  }
}

/**
 * At most ten watch a peer, so the logarithm of the formula's group does not count. Whoever has parted with the suspect
 * before the verdict was due owes none.
 */
function followsFormula({ suspectedAt, confirmedAt, deadAt, partedAt }: Verdict): boolean {
  const { minMs, maxMs, confirmations } = suspicionTimes(config.swim, 8, 7)
  const deadlineAfter = (count: number): number => {
    const share = Math.log(count + 1) / Math.log(confirmations + 1)
    return suspectedAt + maxMs - (maxMs - minMs) * Math.min(1, share)
  }
  let due = deadlineAfter(0)
  for (const [index, at] of confirmedAt.entries()) {
    if (at >= due) break
    due = Math.max(at, deadlineAfter(index + 1))
  }
  if (deadAt === undefined) return partedAt !== undefined && partedAt <= due
  // A confirmation that ends a suspicion at once leaves it its last call.
  return deadAt - due >= -1 && deadAt - due <= config.swim.probeTimeoutMs / 10 + 1
}

/** Source: targets.md, A5b; the spread and the rest are the BEAT of that row. */
const threshold: Readonly<Record<string, Threshold>> = {
  worstFirstSuspectMs: { match: atMost(5_000), beat: null },
  stillNeighbours: { match: exactly(0), beat: null },
  offFormula: { match: null, beat: exactly(0) },
  worstSpreadPeriods: { match: null, beat: atMost(2) },
  falseAlarms: { match: exactly(0), beat: null },
  lopsided: { match: exactly(0), beat: null },
}

export const scenario: Scenario = {
  id: 'A5b',
  title: 'HyParView and SWIM composed, `lan`: the death of a silent neighbour',
  async run(options: ScenarioOptions): Promise<Report> {
    const size = options.quick ? 40 : 100
    const crashes = options.quick ? 3 : 5
    const runs: Run[] = []
    for (const seed of seedsOf(options)) {
      const run = measure(size, crashes, seed)
      runs.push(run)
      const suspects = run.deaths.map((death) => Math.round(death.firstSuspectMs))
      options.progress(`a5b: seed ${seed}: first suspects after ${suspects.join(', ')} ms`)
    }
    const deaths = runs.flatMap((run) => run.deaths)
    const total = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0)
    const spreads = deaths.map((death) => death.spreadPeriods)
    return judge({
      id: 'A5b',
      seeds: runs.length,
      figures: {
        nodes: size,
        deaths: deaths.length,
        meanFirstSuspectMs: rounded(mean(deaths.map((death) => death.firstSuspectMs))),
        worstFirstSuspectMs: rounded(Math.max(...deaths.map((death) => death.firstSuspectMs))),
        meanFirstDeadMs: rounded(mean(deaths.map((death) => death.firstDeadMs))),
        worstFirstDeadMs: rounded(Math.max(...deaths.map((death) => death.firstDeadMs))),
        meanSpreadPeriods: rounded(mean(spreads)),
        worstSpreadPeriods: rounded(Math.max(...spreads)),
        offFormula: total(deaths.map((death) => death.offFormula)),
        stillNeighbours: total(deaths.map((death) => death.stillNeighbours)),
        falseAlarms: total(runs.map((run) => run.falseAlarms)),
        lopsided: total(runs.map((run) => run.lopsided)),
        belowTarget: total(runs.map((run) => run.belowTarget)),
      },
      threshold,
    })
  },
}
