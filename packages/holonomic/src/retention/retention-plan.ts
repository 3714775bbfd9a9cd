import {
  defaultPolicy,
  dropPriority,
  type FountainPolicy,
  type Manifest,
  type RetentionTier,
  symbolsKept,
} from '@kithnet/fountain'
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

/** How many of a few keepers may go, in hundredths, and how many more than N shares are then to be left. Source: our choice. */
const goingPercent = 40
const sparesLeft = 2

/** Peers in the order of their ranks for a subject: `ranked`, or one that remembers. */
export type Ranking = (subject: Uint8Array, peers: readonly PeerId[]) => readonly PeerId[]

/**
 * How many shares each of so many keepers is to have: one, where there are as many of them as shares are handed out. Fewer
 * keepers get so many that the target is met in shares, and that any 40 in a hundred of them may go.
 */
export function sharesEach(policy: FountainPolicy, keepers: number): number {
  if (keepers === 0 || keepers >= handedOut(policy)) return 1
  const going = Math.max(1, Math.floor((goingPercent * keepers) / 100))
  const left = Math.max(1, keepers - going)
  return Math.max(
    Math.ceil(policy.targetHolders / keepers),
    Math.ceil((policy.sourceSymbols + sparesLeft) / left),
  )
}

/** How many distinct shares are wanted in all: what the policy hands out, or what few keepers need; less in lower tiers. */
export function sharesWanted(
  { policy, shares }: Pick<Manifest, 'policy' | 'shares'>,
  tier: RetentionTier,
  keepers: number,
): number {
  const kept = symbolsKept(policy, tier)
  const all = handedOut(policy)
  if (keepers === 0 || keepers >= all) return kept
  const most = Math.min(shares, sharesEach(policy, keepers) * keepers)
  return Math.ceil((most * kept) / all)
}

/** How many holders are wanted: the target, as far as there are keepers; less in lower tiers. */
export function holdersWanted(
  policy: FountainPolicy,
  tier: RetentionTier,
  keepers: number,
): number {
  const kept = symbolsKept(policy, tier)
  const target = Math.ceil((policy.targetHolders * kept) / handedOut(policy))
  return Math.min(target, keepers)
}

/** Who is to have which shares of a content that nobody has yet. `candidates` stand in the order of their ranks. */
export function planPlaces(
  { policy, shares }: Pick<Manifest, 'policy' | 'shares'>,
  candidates: readonly PeerId[],
): ReadonlyMap<PeerId, readonly number[]> {
  const count = candidates.length
  const all = handedOut(policy)
  const places = new Map<PeerId, readonly number[]>()
  if (count >= all) {
    for (const [place, peer] of candidates.slice(0, policy.targetHolders).entries()) {
      places.set(peer, [place % all])
    }
    return places
  }
  const each = Math.min(shares, sharesEach(policy, count))
  for (const [place, peer] of candidates.entries()) {
    const own = Array.from({ length: each }, (_, index) => (place * each + index) % shares)
    places.set(
      peer,
      own.sort((a, b) => a - b),
    )
  }
  return places
}

/**
 * Who may leave: exactly the surplus over the target, once there are more than the grace allows, and nobody without whom
 * fewer distinct shares than are wanted would remain. Everybody with the same census finds the same peers; which ones
 * hangs on the content, so nobody is asked for everything. In lower tiers those who have repair shares alone go first.
 */
export function planLeavers(
  content: string,
  view: CensusView,
  policy: FountainPolicy = defaultPolicy,
  tier: RetentionTier = 'full',
  ranking: Ranking = ranked,
): ReadonlySet<PeerId> {
  const leavers = new Set<PeerId>()
  const least = symbolsKept(policy, tier)
  const target = holdersWanted(policy, tier, Infinity)
  const holders = view.sharesByHolder.size
  const most = target + Math.floor((target * gracePercent) / 100)
  if (holders <= most) return leavers
  const remaining = new Map(view.holdersByShare)
  for (const holder of leavingOrder(content, view, policy, tier, ranking)) {
    if (leavers.size === holders - target) break
    const shares = view.sharesByHolder.get(holder)!
    const last = shares.filter((share) => remaining.get(share) === 1)
    if (last.length > 0 && remaining.size - last.length < least) continue
    for (const share of shares) remaining.set(share, remaining.get(share)! - 1)
    for (const share of last) remaining.delete(share)
    leavers.add(holder)
  }
  return leavers
}

function leavingOrder(
  content: string,
  { sharesByHolder }: CensusView,
  { sourceSymbols }: FountainPolicy,
  tier: RetentionTier,
  ranking: Ranking,
): readonly PeerId[] {
  const order = ranking(contentSubject(content), [...sharesByHolder.keys()]).toReversed()
  if (tier === 'full') return order
  const worth = (peer: PeerId): number =>
    Math.min(...sharesByHolder.get(peer)!.map((share) => dropPriority(0, share, sourceSymbols)))
  // Sorting keeps the order of those who are worth the same.
  return order.toSorted((one, other) => worth(other) - worth(one))
}

/**
 * What is to be made anew while fewer distinct shares are proven than are `wanted`. Each is one that nobody is
 * known to hold, a fresh repair share where there is one, made by one of `makers` (peers that have the whole) and held by
 * one of `keepers` that holds least. Everybody with the same census finds the same plan; each does what has its name on it.
 */
export function planRepairs(
  content: string,
  view: CensusView,
  manifest: Pick<Manifest, 'policy' | 'shares'>,
  makers: readonly PeerId[],
  keepers: readonly PeerId[],
  wanted: number = handedOut(manifest.policy),
): readonly Repair[] {
  const missing = wanted - view.holdersByShare.size
  if (missing <= 0 || makers.length === 0 || keepers.length === 0) return []
  const able = ranked(contentSubject(content), makers).slice(0, maxMakers)
  const load = new Map(
    ranked(contentSubject(content), keepers).map((peer) => [
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

/**
 * What is to be copied while shares are enough and holders are not: of the shares with the fewest holders, one each to the
 * first of `keepers`, who hold nothing. `skip` of these shares are passed over, when whoever has them does not copy them.
 * The maker is the first by rank of those who hold the share.
 */
export function planCopies(
  content: string,
  view: CensusView,
  wanted: number,
  keepers: readonly PeerId[],
  skip: number = 0,
): readonly Repair[] {
  const missing = Math.min(wanted - view.sharesByHolder.size, keepers.length)
  if (missing <= 0 || view.holdersByShare.size === 0) return []
  const shares = [...view.holdersByShare]
    .sort(([a, held], [b, alsoHeld]) => held - alsoHeld || a - b)
    .map(([share]) => share)
  return keepers.slice(0, missing).map((keeper, place) => {
    const share = shares[(place + skip) % shares.length]!
    const holders = [...view.sharesByHolder.keys()].filter((peer) =>
      view.sharesByHolder.get(peer)!.includes(share),
    )
    const [maker] = ranked(contentSubject(content), holders)
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

/** What peers are ranked for who keep a content. 32 bytes. */
export function contentSubject(content: string): Bytes {
  return subjectOf(content, 0xffff_ffff)
}

function subjectOf(content: string, share: number): Bytes {
  const id = new Uint8Array(4)
  new DataView(id.buffer).setUint32(0, share)
  return hash('statement', fromHex(content)!, id)
}
