/** Who vouches for whom, as the ancestor's local list has it. Not signed. Source: CIRIS, holonomic v19, section 19.4. */
export interface TrustGrant {
  readonly granter: string
  readonly chainDepth: number
  readonly weight: number
}

/** What a peer trusts to begin with. */
export interface TrustGraph {
  readonly roots: readonly string[]
  readonly grants: readonly TrustGrant[]
  readonly maxChainDepth: number
}

/** A claim of a chain: who signed it, and whether the caller found the signature to hold. */
export interface ChainEntry {
  readonly signer: string
  readonly verified: boolean
}

/** Whether a newcomer may serve. Nothing in it makes a member. */
export type TrustServeVerdict =
  | { readonly type: 'admit'; readonly distance: number; readonly root: string }
  | { readonly type: 'refuse'; readonly reason: TrustRefusal }

/** The ancestor's reasons. */
export type TrustRefusal =
  | 'SignatureInvalid'
  | 'ChainTooLong'
  | 'TrustGraphCycle'
  | 'BudgetExceeded'
  | 'AggregateWeightCapExceeded'
  | 'ChainExhausted'

/** Longest chain. Source: CIRIS, holonomic v19, `max_witness_chain_len`. */
export const maxWitnessChain = 5
/** The weight of the depth of a root, and how much each further hop takes. Source: CIRIS, holonomic v19. */
const fullWeight = 255
const weightStep = 50

/** The canonical weight of a grant at a depth. */
export function weightOfDepth(depth: number): number {
  return Math.max(0, fullWeight - weightStep * depth)
}

interface Anchor {
  readonly index: number
  readonly distance: number
  readonly crossed: number
  readonly budget: number
  readonly signer: string
}

/**
 * The ancestor's rule, oldest claim first: walks from the newest claim to the oldest until a root has signed one. It
 * asks nobody to vouch for anybody: a root's claim about something else admits every signer. `admitNewcomer` of the root
 * module is the repaired rule.
 */
export function trustServe(
  candidate: ChainEntry,
  graph: TrustGraph,
  chain: readonly ChainEntry[],
): TrustServeVerdict {
  if (!candidate.verified) return refuse('SignatureInvalid')
  if (graph.roots.includes(candidate.signer)) return admit(0, candidate.signer)
  if (chain.length > maxWitnessChain || chain.length > graph.maxChainDepth) {
    return refuse('ChainTooLong')
  }
  const found = walk(graph, chain)
  if (found === undefined) return refuse('ChainExhausted')
  if (typeof found === 'string') return refuse(found)
  const distance = Math.min(255, found.distance + (chain.length - found.index))
  if (distance > graph.maxChainDepth) return refuse('BudgetExceeded')
  if (found.crossed > Math.floor(found.budget / 2)) return refuse('AggregateWeightCapExceeded')
  return admit(distance, found.signer)
}

function walk(graph: TrustGraph, chain: readonly ChainEntry[]): Anchor | TrustRefusal | undefined {
  const seen = new Set<string>()
  let crossed = 0
  let fallback: (Anchor & { readonly weight: number }) | undefined
  for (let index = chain.length - 1; index >= 0; index--) {
    const { signer, verified } = chain[index]!
    if (!verified) return 'SignatureInvalid'
    if (seen.has(signer)) return 'TrustGraphCycle'
    seen.add(signer)
    if (graph.roots.includes(signer)) {
      return { index, distance: 0, crossed, budget: fullWeight, signer }
    }
    const grant = graph.grants.find(
      ({ granter, chainDepth }) => granter === signer && chainDepth <= graph.maxChainDepth,
    )
    if (grant === undefined) continue
    const { chainDepth: distance, weight } = grant
    crossed += weight
    fallback ??= { index, distance, crossed: 0, budget: weight, signer, weight }
  }
  return fallback === undefined ? undefined : { ...fallback, crossed: crossed - fallback.weight }
}

function admit(distance: number, root: string): TrustServeVerdict {
  return { type: 'admit', distance, root }
}

function refuse(reason: TrustRefusal): TrustServeVerdict {
  return { type: 'refuse', reason }
}
