import { after, sample } from '@kithnet/kernel'
import type { SwimConfig } from '@kithnet/membership'
import { uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import { swimMembers, type SwimMembersOptions, type SwimNetwork } from './swim-members.ts'

/** Members that process no message for `stallMs`, then all of them for `pauseMs`, and so on. */
export interface Anomaly {
  readonly members: number
  readonly stallMs: number
  readonly pauseMs: number
}

/** What detectors did while some of them were slow. */
export interface FalsePositiveRow extends Anomaly {
  /** Deaths of members that were never slow, declared by anybody. */
  readonly falsePositives: number
  /** Those of them that were declared by members that were never slow. */
  readonly falsePositivesAtHealthy: number
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
}

/** How a silent crash was found. */
export interface DetectionRow {
  readonly firstSuspectMs: number
  readonly firstDeadMs: number
  /** Until the last member that is not slow has declared it. */
  readonly everybodyMs: number
}

/** Where and how to measure. */
export interface SwimRun {
  readonly size: number
  readonly config: SwimConfig
  readonly seed: number
  /** Default: the detector that ships. */
  readonly create?: NonNullable<SwimMembersOptions['create']>
}

/** One site. Source: our choice. */
const latency = uniformLatency(0.5, 2)
const warmUpMs = 5_000
/** Longer than the longest suspicion of 128 members at alpha 5 (63 s). Source: Lifeguard's runs, two minutes. */
const observeMs = 120_000

/** Lets an anomaly go on in a network, and counts. */
export function falsePositives(run: SwimRun, anomaly: Anomaly): FalsePositiveRow {
  const slow = new Set<PeerId>()
  let atAnybody = 0
  let atHealthy = 0
  const { network, peers } = swimMembers({
    ...run,
    latency,
    onEmit: (by, output) => {
      if (output.type !== 'dead' || slow.has(output.peer)) return
      atAnybody++
      if (!slow.has(by)) atHealthy++
    },
  })
  network.run(warmUpMs)
  const { sentMessages, sentBytes } = network.counts
  for (const peer of beginAnomaly(network, peers, anomaly)) slow.add(peer)
  network.run(observeMs)
  return {
    ...anomaly,
    falsePositives: atAnybody,
    falsePositivesAtHealthy: atHealthy,
    messagesPerSecond: ((network.counts.sentMessages - sentMessages) * 1000) / observeMs,
    bytesPerSecond: ((network.counts.sentBytes - sentBytes) * 1000) / observeMs,
  }
}

/** Crashes members silently, one after the other, beside an anomaly or in peace. */
export function detectionTimes(
  run: SwimRun,
  crashes: number,
  anomaly: Anomaly = { members: 0, stallMs: 0, pauseMs: 0 },
): readonly DetectionRow[] {
  let silent: PeerId | undefined
  let suspectedAt: number | undefined
  const deadAt = new Map<PeerId, number>()
  const { network, peers, start } = swimMembers({
    ...run,
    latency,
    onEmit: (by, output, now) => {
      if (!('peer' in output) || output.peer !== silent) return
      if (output.type === 'suspected') suspectedAt ??= now
      if (output.type === 'dead' && !deadAt.has(by)) deadAt.set(by, now)
    },
  })
  network.run(warmUpMs)
  const slow = new Set(beginAnomaly(network, peers, anomaly))
  const healthy = peers.filter((peer) => !slow.has(peer))
  const rng = network.rng('crashes')
  const rows: DetectionRow[] = []
  for (let count = 0; count < crashes; count++) {
    network.run(rng.below(run.config.probeIntervalMs))
    const crashed = healthy[rng.below(healthy.length)]!
    silent = crashed
    suspectedAt = undefined
    deadAt.clear()
    const crashedAt = network.now
    network.crash(crashed, 'blackhole')
    const missing = (): boolean => healthy.some((peer) => peer !== crashed && !deadAt.has(peer))
    network.runWhile(missing, observeMs)
    const declaredAt = healthy.flatMap((peer) => deadAt.get(peer) ?? [])
    rows.push({
      firstSuspectMs: (suspectedAt ?? Infinity) - crashedAt,
      firstDeadMs: Math.min(...deadAt.values()) - crashedAt,
      everybodyMs: missing() ? Infinity : Math.max(...declaredAt) - crashedAt,
    })
    silent = undefined
    network.restart(crashed)
    start(crashed)
    network.run(5 * run.config.probeIntervalMs)
  }
  return rows
}

/**
 * Makes members slow as the experiments of Lifeguard do: their timers run, but what they receive and send
 * waits. Answers with who they are.
 */
function beginAnomaly(
  network: SwimNetwork,
  peers: readonly PeerId[],
  anomaly: Anomaly,
): readonly PeerId[] {
  const { members, stallMs, pauseMs } = anomaly
  const rng = network.rng('anomaly')
  const slow = sample(rng, peers, members)
  for (const peer of slow) {
    const stall = (): void => {
      network.clog(peer)
      network.at(after(network.now, stallMs), () => {
        network.unclog(peer)
        network.at(after(network.now, pauseMs), stall)
      })
    }
    network.at(after(network.now, rng.below(Math.ceil(stallMs + pauseMs))), stall)
  }
  return slow
}

/** Deaths that anybody declared while 10 % of what each pair exchanges in one direction is lost. */
export function deathsUnderOneWayLoss(run: SwimRun): number {
  let deaths = 0
  const { network, peers } = swimMembers({
    ...run,
    latency,
    onEmit: (_by, output) => void (deaths += output.type === 'dead' ? 1 : 0),
  })
  const placeOf = new Map(peers.map((peer, place) => [peer, place]))
  network.shape({ lossRate: 0.1 }, (from, to) => placeOf.get(from)! < placeOf.get(to)!)
  network.run(observeMs)
  return deaths
}

/** Suspicions and deaths that anybody declared while everybody signs without a break. */
export function alarmsUnderSigning(run: SwimRun): number {
  let alarms = 0
  const { network, peers } = swimMembers({
    ...run,
    latency,
    onEmit: (_by, { type }) => void (alarms += type === 'dead' || type === 'suspected' ? 1 : 0),
  })
  const rng = network.rng('signing')
  for (const peer of peers) {
    const sign = (): void => {
      const signMs = leastSignMs + rng.below(mostSignMs - leastSignMs + 1)
      network.stall(peer, signMs)
      // At 100 a second there is always a next one: it begins when the loop has turned once.
      network.at(after(network.now, Math.max(signMs + turnMs, signPeriodMs)), sign)
    }
    network.at(after(network.now, rng.below(signPeriodMs)), sign)
  }
  network.run(observeMs / 4)
  return alarms
}

/** Source: facts on noble's ML-DSA-65 signing, which blocks the loop for 6 to 23 ms. */
const leastSignMs = 6
const mostSignMs = 23
/** 100 a second. Source: targets.md, A6b. */
const signPeriodMs = 10
/** One turn of the event loop. Source: our choice. */
const turnMs = 0.1
