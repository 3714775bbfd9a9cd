import type { FountainPolicy } from './policy.ts'

/** How much of a content is kept: all, no repair symbols, fewer source symbols, as few as are viable, none. */
export type RetentionTier = 'full' | 'source' | 'reduced' | 'viable' | 'description'

/** How many of its symbols a tier keeps. Source: CIRIS, the tiers full and t2 to t5 of its store. */
export function symbolsKept(policy: FountainPolicy, tier: RetentionTier): number {
  const { sourceSymbols, repairSymbols, minViableSymbols } = policy
  const viable = Math.min(minViableSymbols, sourceSymbols)
  switch (tier) {
    case 'full':
      return sourceSymbols + repairSymbols
    case 'source':
      return sourceSymbols
    case 'reduced': {
      const half = viable + Math.ceil((sourceSymbols - viable) / 2)
      return Math.max(viable, Math.min(sourceSymbols - 1, half))
    }
    case 'viable':
      return viable
    case 'description':
      return 0
  }
}

const mebibyte = 1024 * 1024

/** The tier that the free space of a disk allows. Source: CIRIS: it warns below 1 GiB, acts at 500 MiB, stops at 200 MiB. */
export function tierForFreeSpace(freeBytes: number): RetentionTier {
  if (freeBytes >= 1024 * mebibyte) return 'full'
  if (freeBytes >= 500 * mebibyte) return 'source'
  return freeBytes >= 200 * mebibyte ? 'reduced' : 'viable'
}

/**
 * How soon a symbol is dropped, 0 to 255: higher goes first. The service class (0 to 3, more is less important) outweighs
 * all else; then repair symbols go before source symbols, later ones before earlier.
 *
 * Source: CIRIS, `retention_priority`.
 */
export function dropPriority(service: number, symbol: number, sourceSymbols: number): number {
  const high = Math.min(service, 3) << 6
  const repair = symbol - sourceSymbols
  if (repair < 0) return high | Math.floor((symbol * 32) / Math.max(sourceSymbols, 1))
  return high | (32 + Math.min(31, Math.floor((32 * repair) / (repair + 1))))
}

/** Which of the symbols of a content that a holder has are to go for a tier: those of the highest drop priority. */
export function symbolsToDrop(
  held: readonly number[],
  policy: FountainPolicy,
  tier: RetentionTier,
): readonly number[] {
  const surplus = held.length - symbolsKept(policy, tier)
  if (surplus <= 0) return []
  const priority = (symbol: number): number => dropPriority(0, symbol, policy.sourceSymbols)
  return held
    .toSorted((one, other) => priority(other) - priority(one) || other - one)
    .slice(0, surplus)
}
