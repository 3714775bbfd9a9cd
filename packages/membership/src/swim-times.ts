import type { SwimConfig } from './config.ts'
import { suspicionTimes } from './suspicion.ts'

/** How long it takes to find a silent crash, from the crash on. */
export interface SwimTimes {
  /** Until the first watcher suspects, on average. */
  readonly meanSuspectMs: number
  /** Until a watcher in good health suspects, at worst. */
  readonly worstSuspectMs: number
  /** Until the first watcher declares the death, on average. */
  readonly meanDeadMs: number
  /** Until a watcher in good health declares it, at worst: when nobody confirms. */
  readonly worstDeadMs: number
}

/**
 * The formula of a preset: how a group finds the silent crash of one whom `watchers` members watch, each of
 * which watches as many. It is the size of the active view, or of a full member list.
 *
 * With p probes a period T, the first probe of the silent one comes after T / p on average, because all
 * watchers together send p a period to each; a probing round is over after 2 * watchers - 1 probes at worst;
 * and a probe fails after T. Then the suspicion runs: its shortest time where those who were asked to help,
 * or other watchers, confirm it, beta times that where nobody does.
 */
export function swimTimes(config: SwimConfig, watchers: number): SwimTimes {
  const { probeIntervalMs, probesPerInterval } = config
  const { minMs, maxMs } = suspicionTimes(config, watchers, watchers - 1)
  const meanSuspectMs = probeIntervalMs / probesPerInterval + probeIntervalMs
  const worstTurns = Math.ceil((2 * watchers - 1) / probesPerInterval)
  const worstSuspectMs = (worstTurns + 1) * probeIntervalMs
  return {
    meanSuspectMs,
    worstSuspectMs,
    meanDeadMs: meanSuspectMs + minMs,
    worstDeadMs: worstSuspectMs + maxMs,
  }
}
