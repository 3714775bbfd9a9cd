import { defaultPolicy, type FountainPolicy, type Manifest } from '@kithnet/fountain'
import { type Bytes, fromHex } from '@kithnet/kernel'
import { hash, type PeerId } from '@kithnet/types'
import { ranked } from '../rank.ts'
import type { CensusView } from './census.ts'

/** How many holders above the target there may be before some leave, in hundredths. Source: CIRIS, holonomic v19, 19.3.1. */
const gracePercent = 15

/** How many of those who have the whole make something anew. Source: our choice: enough for some of them to be away. */
const maxMakers = 8

/** A share that is to be made anew: by whom, and who is to hold it. */
export interface Repair {
  readonly share: number
  readonly maker: PeerId
  readonly keeper: PeerId
}

/**
 * Who may leave: exactly the surplus over the target, once there are more than the grace allows, and nobody without whom
 * fewer distinct shares than the policy hands out would remain. Everybody with the same census finds the same peers; which
 * ones hangs on the content, so nobody is asked for everything.
 */
export function planLeavers(
  content: string,
  view: CensusView,
  policy: FountainPolicy = defaultPolicy,
): ReadonlySet<PeerId> {
  const leavers = new Set<PeerId>()
  const { targetHolders } = policy
  const holders = view.sharesByHolder.size
  const most = targetHolders + Math.floor((targetHolders * gracePercent) / 100)
  if (holders <= most) return leavers
  const remaining = new Map(view.holdersByShare)
  const least = handedOut(policy)
  for (const holder of ranked(subjectOf(content), view.sharesByHolder.keys()).toReversed()) {
    if (leavers.size === holders - targetHolders) break
    const shares = view.sharesByHolder.get(holder)!
    const last = shares.filter((share) => remaining.get(share) === 1)
    if (last.length > 0 && remaining.size - last.length < least) continue
    for (const share of shares) remaining.set(share, remaining.get(share)! - 1)
    for (const share of last) remaining.delete(share)
    leavers.add(holder)
  }
  return leavers
}

/**
 * What is to be made anew while fewer distinct shares are proven than the policy hands out. Each is one that nobody is
 * known to hold, a fresh repair share where there is one, made by one of `makers` (peers that have the whole) and held by
 * one of `keepers` that holds least. Everybody with the same census finds the same plan; each does what has its name on it.
 */
export function planRepairs(
  content: string,
  view: CensusView,
  manifest: Pick<Manifest, 'policy' | 'shares'>,
  makers: readonly PeerId[],
  keepers: readonly PeerId[],
): readonly Repair[] {
  const missing = handedOut(manifest.policy) - view.holdersByShare.size
  if (missing <= 0 || makers.length === 0 || keepers.length === 0) return []
  const able = ranked(subjectOf(content), makers).slice(0, maxMakers)
  const load = new Map(
    ranked(subjectOf(content), keepers).map((peer) => [
      peer,
      view.sharesByHolder.get(peer)?.length ?? 0,
    ]),
  )
  return freshShares(view, manifest)
    .slice(0, missing)
    .map((share) => {
      const least = Math.min(...load.values())
      const free = [...load.keys()].filter((peer) => load.get(peer) === least)
      const [maker] = ranked(subjectOf(content, share), able)
      const keeper = free[share % free.length]!
      load.set(keeper, least + 1)
      return { share, maker: maker!, keeper }
    })
}

/** What a peer does with the shares of a content that it holds. */
export type Keeping =
  /** They are kept, served and repaired. */
  | 'keep'
  /** They may go: enough others have some. */
  | 'leave'
  /** They go now, and nothing of them is served. */
  | 'delete'

/** What this peer does with a content: nothing without a consent that is known and holds. */
export function keepingOf(
  self: PeerId,
  content: string,
  view: CensusView,
  consent: { readonly isActive: boolean },
  policy: FountainPolicy = defaultPolicy,
): Keeping {
  if (!consent.isActive) return 'delete'
  return planLeavers(content, view, policy).has(self) ? 'leave' : 'keep'
}

/**
 * The shares that nobody is known to hold: repair shares above the highest that is held, then those below, then source
 * shares. A holder that comes back has an old one, so a new one is seldom made twice.
 */
function freshShares(
  { holdersByShare }: CensusView,
  { policy, shares }: Pick<Manifest, 'policy' | 'shares'>,
): readonly number[] {
  let highest = policy.sourceSymbols - 1
  for (const share of holdersByShare.keys()) if (share < shares) highest = Math.max(highest, share)
  const above = Array.from({ length: shares }, (_, share) => (highest + 1 + share) % shares)
  const isSource = (share: number): boolean => share < policy.sourceSymbols
  return [...above.filter((share) => !isSource(share)), ...above.filter(isSource)].filter(
    (share) => !holdersByShare.has(share),
  )
}

function handedOut({ sourceSymbols, repairSymbols }: FountainPolicy): number {
  return sourceSymbols + repairSymbols
}

/** What peers are ranked for: a content, or one share of it. */
function subjectOf(content: string, share: number = 0xffff_ffff): Bytes {
  const id = new Uint8Array(4)
  new DataView(id.buffer).setUint32(0, share)
  return hash('statement', fromHex(content)!, id)
}
