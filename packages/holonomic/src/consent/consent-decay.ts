/** How much of a content is still kept, from everything to nothing. Source: CIRIS, holonomic v19, section 19.5. */
export type DecayTier =
  'Full' | 'T2DropRepair' | 'T3DropHighQuality' | 'T4MinViableOnly' | 'EnvelopeOnly' | 'HardDelete'

/** After how many days a class of consent reaches each tier. `t4` is only shown, never reached. */
export interface DecayClass {
  readonly name: string
  readonly full: number
  readonly t2: number
  readonly t3: number
  readonly t4: number
  readonly envelope: number
}

/** Source of both: CIRIS, holonomic v19, section 19.5. */
export const temporaryDecay: DecayClass = {
  name: 'TEMPORARY',
  full: 4,
  t2: 8,
  t3: 11,
  t4: 14,
  envelope: 14,
}
export const standardDecay: DecayClass = {
  name: 'STANDARD',
  full: 26,
  t2: 51,
  t3: 70,
  t4: 90,
  envelope: 90,
}

/** When a content was taken in, and what was consented to. */
export interface DecaySchedule {
  readonly class: DecayClass
  readonly admittedAtMs: bigint
  readonly revokedAtMs?: bigint
}

const dayMs = 86_400_000n

/**
 * The ancestor's tier of a content. A revocation counts whenever it is dated, and a content that is admitted in the future
 * is kept in full: `consentOf` of the root module is the repaired rule.
 */
export function decayTier(schedule: DecaySchedule, nowMs: bigint): DecayTier {
  if (schedule.revokedAtMs !== undefined) return 'HardDelete'
  if (nowMs < schedule.admittedAtMs) return 'Full'
  const days = (nowMs - schedule.admittedAtMs) / dayMs
  const { full, t2, t3, envelope } = schedule.class
  if (days < full) return 'Full'
  if (days < t2) return 'T2DropRepair'
  if (days < t3) return 'T3DropHighQuality'
  return days < envelope ? 'T4MinViableOnly' : 'EnvelopeOnly'
}

/** A content and the tier that it is kept at. */
export interface KeptContent {
  readonly contentId: string
  readonly tier: DecayTier
  readonly schedule: DecaySchedule
}

/** The contents whose tier is another by now, with that tier: one tick of the ancestor's scheduler. */
export function decayChanges(
  contents: readonly KeptContent[],
  nowMs: bigint,
): readonly { readonly contentId: string; readonly tier: DecayTier }[] {
  return contents
    .map(({ contentId, tier, schedule }) => ({
      contentId,
      was: tier,
      tier: decayTier(schedule, nowMs),
    }))
    .filter(({ was, tier }) => was !== tier)
    .map(({ contentId, tier }) => ({ contentId, tier }))
}
