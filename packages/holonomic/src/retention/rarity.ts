import { toHex } from '@kithnet/kernel'
import { sha256 } from '../digest.ts'
import type { HoldingClaim } from './holding-claim.ts'

/** How a holding claim was checked. */
export type ClaimCheck = 'PossessionVerified' | 'SignatureOnly' | 'Unverified'

/** What the author of a content wants, as far as it is known. */
export type ConsentState = 'Active' | 'Revoked' | 'Unknown'

/** A claim and how far it was checked. */
export interface CheckedHolding {
  readonly claim: HoldingClaim
  readonly check: ClaimCheck
}

/** Whether a symbol is to be kept. */
export type RarityDecision =
  | { readonly type: 'retain'; readonly weight: number }
  | {
      readonly type: 'evict'
      readonly reason: 'ConsentRevoked' | 'ConsentUnknown' | 'NotRare'
    }

/** Below this weight a symbol is rare. Source: CIRIS, holonomic v19, `TARGET_HOLDERS`. */
const rareBelow = 30
/** Source: CIRIS, holonomic v19, section 19.3. */
const weightByCheck = { PossessionVerified: 2, SignatureOnly: 1, Unverified: 0 } as const

/** How many distinct peers claim to hold a symbol; 0 is the rarest. */
export function rarityOf(
  contentId: string,
  symbolId: number,
  claims: readonly HoldingClaim[],
): number {
  const holders = claims
    .filter((claim) => claim.contentId === contentId && claim.symbolIds.includes(symbolId))
    .map(({ peerId }) => peerId)
  return new Set(holders).size
}

/**
 * The ancestor's rarity with consent and with how claims were checked. Fifteen proven peers count as thirty, and what is
 * only signed counts half: `Census` of the root module is the repaired rule.
 */
export function rarityWithConsent(
  contentId: string,
  symbolId: number,
  claims: readonly CheckedHolding[],
  consent: ConsentState,
): RarityDecision {
  if (consent === 'Revoked') return { type: 'evict', reason: 'ConsentRevoked' }
  if (consent === 'Unknown') return { type: 'evict', reason: 'ConsentUnknown' }
  const weightByPeer = new Map<string, number>()
  for (const { claim, check } of claims) {
    if (claim.contentId !== contentId || !claim.symbolIds.includes(symbolId)) continue
    const known = weightByPeer.get(claim.peerId) ?? 0
    weightByPeer.set(claim.peerId, Math.max(known, weightByCheck[check]))
  }
  let weight = 0
  for (const part of weightByPeer.values()) weight = Math.min(weight + part, 0xffff_ffff)
  return weight < rareBelow ? { type: 'retain', weight } : { type: 'evict', reason: 'NotRare' }
}

/** True when the bytes are those of the symbol in a manifest's list of hashes. */
export function symbolIsOf(
  hashes: readonly string[],
  symbolId: number,
  symbol: Uint8Array,
): boolean {
  return hashes[symbolId] === toHex(sha256(symbol))
}
