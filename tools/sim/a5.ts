/**
 * SWIM's first detection of a crash, on a full member list.
 *
 * Set-up: bare detectors of which everybody knows everybody; links of 10 ms one way. After two periods one
 * member falls silent at a random moment; the figure is the time from there to the first probe of it, in
 * periods, which is what the paper counts: that probe fails one period later, when the member is suspected.
 * Then the member is started again, and after three quiet periods the next one crashes. The paper's periods
 * are in step, which gives 1.08; here each member has its own phase, as it ships, which gives 1.00.
 */
import { presets, type SwimConfig } from '@kithnet/membership'
import type { PeerId } from '@kithnet/types'
import {
  atMost,
  between,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { mean, rounded } from './membership-mean.ts'
import { swimMembers } from './swim-members.ts'

/** Times from a crash to the first probe of the silent member, in periods. */
export function firstProbes(
  size: number,
  crashes: number,
  config: SwimConfig,
  seed: number,
): number[] {
  const periodMs = config.probeIntervalMs
  let silent: PeerId | undefined
  let suspectedAt: number | undefined
  const { network, peers, start } = swimMembers({
    size,
    config,
    seed,
    onEmit: (_by, output, now) => {
      if (output.type === 'suspected' && output.peer === silent) suspectedAt ??= now
    },
  })
  const rng = network.rng('crashes')
  const times: number[] = []
  network.run(2 * periodMs)
  for (let count = 0; count < crashes; count++) {
    network.run(rng.below(periodMs))
    silent = peers[rng.below(size)]!
    const crashedAt = network.now
    suspectedAt = undefined
    network.crash(silent, 'blackhole')
    // Nobody can be missed for longer than two rounds, and a period more shows it.
    network.runWhile(() => suspectedAt === undefined, 2 * size * periodMs)
    const detectedAt = (suspectedAt ?? Infinity) - periodMs
    times.push(Math.max(0, detectedAt - crashedAt) / periodMs)
    network.restart(silent)
    start(silent)
    network.run(3 * periodMs)
  }
  return times
}

/**
 * Source: targets.md, A5: 1.08 periods in step, and so 1.00 out of step. The wait has a standard deviation of
 * about one period, so a mean of n of them strays by three times 1 / sqrt(n).
 */
function flat(crashes: number): Threshold {
  const error = 3 / Math.sqrt(crashes)
  return { match: between(rounded(1 - error), rounded(1.08 + error)), beat: null }
}

export const scenario: Scenario = {
  id: 'A5',
  title: 'SWIM on a full member list: periods from a crash to its first detection',
  defaultSeeds: 20,
  async run(options: ScenarioOptions): Promise<Report> {
    const sizes = options.quick ? [16, 64] : [16, 64, 256, 1024, 4096]
    const figures: Record<string, number> = {}
    const threshold: Record<string, Threshold> = {}
    for (const size of sizes) {
      const crashes = size > 256 ? 10 : options.quick ? 60 : 40
      const seeds = size > 256 ? seedsOf(options).slice(0, 5) : seedsOf(options)
      const times = seeds.flatMap((seed) => firstProbes(size, crashes, presets.paper.swim, seed))
      const lanTimes = seeds.flatMap((seed) => firstProbes(size, crashes, presets.lan.swim, seed))
      options.progress(`a5: n ${size}: ${times.length} crashes, mean ${mean(times).toFixed(3)}`)
      figures[`mean${size}`] = rounded(mean(times))
      figures[`worst${size}`] = rounded(Math.max(...times))
      figures[`lanMean${size}`] = rounded(mean(lanTimes))
      figures[`lanWorst${size}`] = rounded(Math.max(...lanTimes))
      threshold[`mean${size}`] = flat(times.length)
      threshold[`worst${size}`] = { match: null, beat: atMost(2 * size - 1) }
      threshold[`lanMean${size}`] = { match: null, beat: atMost(1.08) }
      threshold[`lanWorst${size}`] = { match: null, beat: atMost(2 * size - 1) }
    }
    return judge({ id: 'A5', seeds: seedsOf(options).length, figures, threshold })
  },
}
