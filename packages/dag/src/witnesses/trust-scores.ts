/** The word of a witness, as scorers see it. */
export interface Witnessed {
  /** Hexadecimal hash of the witness's key. */
  readonly witness: string
  /** When it attested, in seconds since 1970. */
  readonly timestamp: number
}

/** Trust by the number of witnesses alone: 0 for none, a half for one, towards 1. */
export function simpleTrust(witnesses: number): number {
  return 1 - 1 / (1 + witnesses)
}

/**
 * Trust by witnesses whose word fades with age, raised where their keys differ: from 0 to 0.999. `now` in seconds; a word
 * from later counts as fresh.
 */
export function weightedTrust(witnessed: readonly Witnessed[], now: number): number {
  if (witnessed.length === 0) return 0
  let sum = 0
  const prefixes = new Set<string>()
  for (const { witness, timestamp } of witnessed) {
    sum += Math.exp((-fadingPerDay * Math.max(0, now - timestamp)) / daySeconds)
    prefixes.add(witness.slice(0, prefixDigits))
  }
  const diversity = (diversityBonus * (prefixes.size - 1)) / prefixes.size
  return Math.min(mostTrust, simpleTrust(sum) * (1 + diversity))
}

/** A witness whose weight is known, and what it may share with others. */
export interface WeighedWitness {
  /** From 0 to 1. */
  readonly weight: number
  readonly organisation?: string
  readonly subnet?: string
  readonly zone?: string
}

/**
 * Accumulated trust: 1 - Π(1 - weight × independence), where a witness's independence falls with all that it shares with
 * each of the others. A hundred witnesses of one organisation add up to little more than one.
 */
export function accumulatedTrust(witnesses: readonly WeighedWitness[]): number {
  let doubt = 1
  for (const witness of witnesses) {
    let shared = 0
    for (const other of witnesses) if (other !== witness) shared += correlation(witness, other)
    doubt *= 1 - witness.weight / (1 + shared)
  }
  return 1 - doubt
}

/** What a zone says of a record. */
export interface ZoneTrust {
  /** Trust in the zone, from 0 to 1. */
  readonly trust: number
  /** Members of the zone. */
  readonly size: number
}

/** The mean over zones, each weighed by the logarithm of its size; 0 without zones. */
export function crossZoneTrust(zones: readonly ZoneTrust[]): number {
  let sum = 0
  let weights = 0
  for (const { trust, size } of zones) {
    const weight = Math.log(size + 1)
    sum += trust * weight
    weights += weight
  }
  return weights === 0 ? 0 : sum / weights
}

/** A word for a score. */
export type TrustLevel = 'unwitnessed' | 'minimal' | 'moderate' | 'strong' | 'very-strong'

/** The word for a score from 0 to 1. */
export function trustLevel(score: number): TrustLevel {
  return levels.find(({ below }) => score < below)?.level ?? 'very-strong'
}

/** Source: Elara whitepaper 0.6.0, section 11.12. */
function correlation(a: WeighedWitness, b: WeighedWitness): number {
  return (
    (isShared(a.organisation, b.organisation) ? 0.5 : 0) +
    (isShared(a.subnet, b.subnet) ? 0.3 : 0) +
    (isShared(a.zone, b.zone) ? 0.1 : 0)
  )
}

function isShared(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a === b
}

const daySeconds = 86_400
/** Source: elara-core's weighted score: a word is worth half after 23 days. */
const fadingPerDay = 0.03
/** Source: elara-core; that it multiplies the score is our choice, so that none without witnesses has any. */
const diversityBonus = 0.2
/** Source: elara-core. */
const prefixDigits = 8
/** Source: elara-core. */
const mostTrust = 0.999
/** Source: elara-core. */
const levels: readonly { readonly below: number; readonly level: TrustLevel }[] = [
  { below: 0.1, level: 'unwitnessed' },
  { below: 0.5, level: 'minimal' },
  { below: 0.75, level: 'moderate' },
  { below: 0.9, level: 'strong' },
]
