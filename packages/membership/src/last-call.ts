import type { SwimConfig } from './config.ts'

/** Share of the probe timeout. Source: our choice: 50 ms at `lan`, above any stall by one signature. */
const lastCallShare = 1 / 10

/**
 * How long before its end a deadline on another peer fires for the first time; the verdict falls with the
 * second. A process that was paused finds its timers due and its sockets unread: hosts run timers first, so
 * answers that came long ago would come too late. Between the two they are read.
 */
export function lastCallMs(config: SwimConfig): number {
  return Math.round(config.probeTimeoutMs * lastCallShare)
}
