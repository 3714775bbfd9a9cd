import { type EpochMs, fail, ok, type Result } from '@kithnet/kernel'
import type { NetworkId, PeerId, Verified } from '@kithnet/types'
import type { TrustDefect, TrustFault } from '../faults.ts'
import { maxSkewMs } from '../skew.ts'
import { fullTrust, type Grant, maxChainGrants, type Revocation } from './grant.ts'

/** What is asked: may this peer do this kind of thing? */
export interface Admission {
  readonly network: NetworkId
  readonly newcomer: PeerId
  readonly kind: string
  /** Whom the asked peer trusts by itself. */
  readonly roots: readonly PeerId[]
  /** From a root's grant to the one for the newcomer; empty for a root. */
  readonly chain: readonly Verified<Grant>[]
  /** All that the asked peer knows. */
  readonly revocations: readonly Verified<Revocation>[]
  readonly now: EpochMs
  /** How much trust has to be left, in ten-thousandths. */
  readonly least?: number
}

/** How a newcomer was let in. It makes nobody a member. */
export interface Standing {
  readonly root: PeerId
  /** Grants between root and newcomer. */
  readonly distance: number
  /** What is left of the root's trust, in ten-thousandths. */
  readonly trust: number
}

/** A quarter: two grants of a half, or one that passes little on. Source: our choice. */
export const leastTrust = 2_500

/**
 * Whether one chain of grants lets a newcomer in. Every grant is by whom the one before is for, so a statement about
 * somebody else admits nobody; each passes a part of the trust before it on, so more trust never admits less.
 */
export function admitNewcomer(admission: Admission): Result<Standing, TrustFault> {
  const { newcomer, roots, chain, least = leastTrust } = admission
  const [first] = chain
  if (first === undefined) {
    if (!roots.includes(newcomer)) return refuse('empty', 0)
    return ok({ root: newcomer, distance: 0, trust: fullTrust })
  }
  if (chain.length > maxChainGrants) return refuse('too-long', chain.length)
  if (!roots.includes(first.granter)) return refuse('unrooted', 0)
  for (let at = 0; at < chain.length; at++) {
    const defect = defectOf(admission, at)
    if (defect !== undefined) return refuse(defect, at)
  }
  let trust = fullTrust
  for (const { weight } of chain) trust = Math.floor((trust * weight) / fullTrust)
  if (trust < least) return refuse('weak', chain.length)
  return ok({ root: first.granter, distance: chain.length, trust })
}

function defectOf(admission: Admission, at: number): TrustDefect | undefined {
  const { network, newcomer, kind, chain, revocations, now } = admission
  const grant = chain[at]!
  const next = chain[at + 1]
  if (grant.network !== network || grant.kind !== kind) return 'other'
  if (grant.grantee !== (next === undefined ? newcomer : next.granter)) return 'unlinked'
  const earlier = chain.slice(0, at + 1)
  if (earlier.some(({ granter }) => granter === grant.grantee)) return 'cycle'
  if (grant.issuedAt > now + maxSkewMs) return 'not-yet'
  if (grant.expiresAt <= now) return 'expired'
  if (revocations.some((revocation) => voids(revocation, grant))) return 'revoked'
  return grant.onward < chain.length - 1 - at ? 'onward' : undefined
}

function voids(revocation: Revocation, grant: Grant): boolean {
  return (
    revocation.network === grant.network &&
    revocation.granter === grant.granter &&
    revocation.grantee === grant.grantee &&
    revocation.kind === grant.kind &&
    grant.issuedAt <= revocation.issuedUntil
  )
}

function refuse(why: TrustDefect, at: number): Result<never, TrustFault> {
  return fail({ code: 'holonomic/not-trusted', why, at })
}
