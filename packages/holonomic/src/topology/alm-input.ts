import type { Bytes } from '@kithnet/kernel'
import { compareBytes, toHex } from '@kithnet/kernel'
import { compareText, sortedTexts } from '../text-order.ts'

/** How far a capacity advert was checked. */
export type AdvertCheck = 'HybridSignatureValid' | 'ThroughputChallenged' | 'Unverified'

/** What a peer offers to relay, as the ancestor's topology reads it. Source: CIRIS, holonomic v19, section 19.6. */
export interface CapacityAdvert {
  readonly peer: string
  /** Single precision; anything, even no number. */
  readonly uplinkMbps: number
  readonly measuredAtMs: bigint
  readonly maxSubscribers: number
  readonly check: AdvertCheck
  readonly commitments: readonly SubStreamCommitment[]
}

/** What a peer offers for one sub-stream. */
export interface SubStreamCommitment {
  readonly path: Uint8Array
  readonly maxSubscribers: number
}

/** Everything that a topology is computed from. */
export interface AlmInput {
  readonly adverts: readonly CapacityAdvert[]
  readonly grants: readonly {
    readonly granter: string
    readonly grantee: string
    readonly depth: number
  }[]
  readonly reachability: readonly {
    readonly from: string
    readonly to: string
    readonly rttMs: number
  }[]
  readonly snapshotEpoch: bigint
}

/** Who is served by whom, on which sub-stream. */
export interface AlmEdge {
  readonly parent: string
  readonly child: string
  readonly path: Bytes
}

/** The ancestor's tree: edges by child, parent and path; those without any. */
export interface AlmTree {
  readonly edges: readonly AlmEdge[]
  readonly unrooted: readonly string[]
  readonly snapshotEpoch: bigint
  readonly version: number
}

/** Source of all five: CIRIS, holonomic v19, section 19.6. */
export const maxUsefulRttMs = 5_000
const maxGrantDepth = 4
const maxCapacity = 10_000_000
const selfAssertedCapacity = 1_000_000
const weights = { capacity: 50, trust: 30, reachability: 20 } as const
/** What each place that is already taken costs a parent. Source: CIRIS, holonomic v19. */
export const takenPenalty = 5

/** A peer that takes part. */
export interface Candidate {
  readonly peer: string
  readonly capacity: number
  readonly advert: CapacityAdvert
  /** The paths that it wants and offers, sorted and distinct; the empty path when it names none. */
  readonly paths: readonly Bytes[]
}

/** The input, looked up by peer. */
export interface AlmView {
  /** Sorted by peer. */
  readonly candidates: readonly Candidate[]
  /** Peers of adverts that nobody has reached. */
  readonly unreached: readonly string[]
  /** What a parent is worth to a child before penalties, or `undefined` when it may not be one. */
  readonly score: (parent: Candidate, child: Candidate) => number | undefined
}

/** What both versions of the topology do first. */
export function viewOf(input: AlmInput): AlmView {
  const adverts = input.adverts
    .filter(({ check }) => check !== 'Unverified')
    .toSorted((a, b) => compareBig(a.measuredAtMs, b.measuredAtMs) || compareText(a.peer, b.peer))
  const reached = new Set(input.reachability.flatMap(({ from, to }) => [from, to]))
  const latest = new Map<string, CapacityAdvert>()
  const unreached = new Set<string>()
  for (const advert of adverts) {
    if (reached.has(advert.peer)) latest.set(advert.peer, advert)
    else unreached.add(advert.peer)
  }
  const trust = leastOf(
    input.grants
      .filter(({ depth }) => depth <= maxGrantDepth)
      .map(({ granter, grantee, depth }) => [granter, grantee, depth]),
  )
  const rtt = leastOf(input.reachability.map(({ from, to, rttMs }) => [from, to, rttMs]))
  const score = (parent: Candidate, child: Candidate): number | undefined => {
    if (parent.peer === child.peer) return undefined
    const depth = trust.get(parent.peer)?.get(child.peer)
    const rttMs = rtt.get(parent.peer)?.get(child.peer)
    if (depth === undefined || rttMs === undefined || rttMs > maxUsefulRttMs) return undefined
    return scoreOf(parent.capacity, depth, rttMs)
  }
  const candidates = sortedTexts(latest.keys()).map((peer) => candidateOf(latest.get(peer)!))
  return { candidates, unreached: [...unreached], score }
}

/** Edges and unrooted peers in the order in which they are compared byte by byte. */
export function treeOf(
  edges: readonly AlmEdge[],
  unrooted: Iterable<string>,
  input: AlmInput,
  version: number,
): AlmTree {
  const sorted = edges.toSorted(
    (a, b) =>
      compareText(a.child, b.child) ||
      compareText(a.parent, b.parent) ||
      compareBytes(a.path, b.path),
  )
  const { snapshotEpoch } = input
  return { edges: sorted, unrooted: sortedTexts(new Set(unrooted)), snapshotEpoch, version }
}

/** Key of a path in a map. */
export function pathKey(path: Uint8Array): string {
  return toHex(path)
}

function candidateOf(advert: CapacityAdvert): Candidate {
  const asserted = advert.check === 'HybridSignatureValid'
  const measured = quantised(advert.uplinkMbps)
  const byKey = new Map(
    advert.commitments.map(({ path }) => [pathKey(path), Uint8Array.from(path)] as const),
  )
  const paths = [...byKey.values()].sort(compareBytes)
  return {
    peer: advert.peer,
    advert,
    capacity: asserted ? Math.min(measured, selfAssertedCapacity) : measured,
    paths: paths.length === 0 ? [new Uint8Array(0)] : paths,
  }
}

/** Thousandths of a megabit, with the rounding of single precision. */
function quantised(mbps: number): number {
  const single = Math.fround(mbps)
  if (!Number.isFinite(single) || single <= 0) return 0
  // A conversion to 64 bits saturates there, also from infinity.
  return Math.min(Math.floor(Math.fround(single * 1_000)), 2 ** 64)
}

function scoreOf(capacity: number, depth: number, rttMs: number): number {
  const share = Math.floor((Math.min(capacity, maxCapacity) * 1_000) / maxCapacity)
  const near = Math.floor(((maxGrantDepth - depth) * 1_000) / maxGrantDepth)
  const quick = Math.floor(((maxUsefulRttMs - rttMs) * 1_000) / maxUsefulRttMs)
  return weights.capacity * share + weights.trust * near + weights.reachability * quick
}

/** The least number of each ordered pair. */
function leastOf(
  pairs: readonly (readonly [string, string, number])[],
): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const all = new Map<string, Map<string, number>>()
  for (const [from, to, number] of pairs) {
    let row = all.get(from)
    if (row === undefined) all.set(from, (row = new Map()))
    const known = row.get(to)
    if (known === undefined || number < known) row.set(to, number)
  }
  return all
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
