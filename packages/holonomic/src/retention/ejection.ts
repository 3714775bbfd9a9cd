import type { ConsentState } from './rarity.ts'

/** What a holder is to do with what it holds. */
export type EjectionVerdict = 'Keep' | 'EjectToTier' | 'EjectHardDelete'

/** How far above its target a content may be held. Source: CIRIS, holonomic v19, section 19.3.1. */
const gracePercent = 15

/**
 * The ancestor's verdict. Every holder above the target comes to the same one at the same time, so all of them leave,
 * and consent that nobody knows passes for given: `planRetention` of the root module is the repaired rule.
 */
export function ejectionVerdict(
  holders: number,
  targetHolders: number,
  consent: ConsentState,
  localRarity: number,
): EjectionVerdict {
  if (consent === 'Revoked') return 'EjectHardDelete'
  const most = targetHolders + Math.floor((targetHolders * gracePercent) / 100)
  if (holders <= most) return 'Keep'
  return localRarity >= Math.floor(targetHolders / 2) ? 'EjectToTier' : 'Keep'
}

/**
 * The later verdict: a holder stays when losing it would leave the others too near to each other. `score` is the sum of
 * the round trips to them, in seconds.
 */
export function ejectionVerdictWithDiversity(
  base: EjectionVerdict,
  score: number | undefined,
  floor: number | undefined,
): EjectionVerdict {
  if (base !== 'EjectToTier' || score === undefined || floor === undefined) return base
  return score < floor ? 'EjectToTier' : 'Keep'
}
