import { fail, ok, type Result } from '@kithnet/kernel'
import type { PolicyFault } from './faults.ts'

/** How many symbols a content has and how many peers hold them: all that a peer must know to keep its part. */
export interface FountainPolicy {
  /** N: any so many distinct symbols rebuild the content, hardly ever one more. */
  readonly sourceSymbols: number
  /** K: repair symbols that are handed out beside them. */
  readonly repairSymbols: number
  /** Below this a holder keeps the description alone. */
  readonly minViableSymbols: number
  /** How many peers are to hold a symbol each. */
  readonly targetHolders: number
}

/** 20 and 6 symbols on 30 peers. Source: CIRIS, section 19.3.1 of its constitution. */
export const defaultPolicy: FountainPolicy = {
  sourceSymbols: 20,
  repairSymbols: 6,
  minViableSymbols: 5,
  targetHolders: 30,
}

/** Source: CIRIS, as above: repair symbols per hundred source symbols. */
const [leastRepairPercent, mostRepairPercent] = [20, 40]
/** Source: CIRIS, as above: 26 for the default to be feasible at all, and 10 % for who leaves. */
const leastHolders = 29
/** Source: our choice: ids of shares fit two bytes, and a plan for as many takes 1 ms. */
export const maxPolicySymbols = 1_000
/** Source: our choice: holders that a census counts. */
export const maxHolders = 1_024

/** The policy itself when its numbers fit together, else `fountain/policy`. Source: CIRIS, as above; upper bounds are ours. */
export function checkPolicy(policy: FountainPolicy): Result<FountainPolicy, PolicyFault> {
  const { sourceSymbols, repairSymbols, minViableSymbols, targetHolders } = policy
  const percent = Math.floor((100 * repairSymbols) / sourceSymbols)
  const sound =
    Object.values(policy).every(Number.isSafeInteger) &&
    minViableSymbols > 0 &&
    minViableSymbols < sourceSymbols &&
    sourceSymbols <= maxPolicySymbols &&
    percent >= leastRepairPercent &&
    percent <= mostRepairPercent &&
    targetHolders >= Math.max(leastHolders, sourceSymbols + repairSymbols) &&
    targetHolders <= maxHolders
  return sound ? ok(policy) : fail({ code: 'fountain/policy', policy })
}

/**
 * The probability that enough distinct symbols are there, when each of the target holders is with `availability`. All
 * symbols are held equally often, or some once more. Exact but for rounding.
 *
 * Source: the sum of two binomial distributions; 0.999926 at 0.95, 0.957288 at 0.85 for the default.
 */
export function survival(policy: FountainPolicy, availability: number): number {
  const symbols = policy.sourceSymbols + policy.repairSymbols
  const copies = Math.floor(policy.targetHolders / symbols)
  const oftener = policy.targetHolders % symbols
  // lost[m]: the probability that m of the symbols so far are not there; more than K need not be told apart.
  const lost: number[] = [1, ...Array.from({ length: policy.repairSymbols }, () => 0)]
  for (let symbol = 0; symbol < symbols; symbol++) {
    const gone = wholePower(1 - availability, symbol < oftener ? copies + 1 : copies)
    for (let count = lost.length - 1; count > 0; count--) {
      lost[count] = lost[count]! * (1 - gone) + lost[count - 1]! * gone
    }
    lost[0] = lost[0]! * (1 - gone)
  }
  return Math.min(
    1,
    lost.reduce((sum, probability) => sum + probability, 0),
  )
}

/** What a publisher knows of its network. */
export interface Expectation {
  /** The share of time that a holder can be reached, above 0 and at most 1. */
  readonly availability: number
  /** The share of holders that leave for good before what they held is made anew, 0 to less than 1. */
  readonly churn: number
  /** The survival to reach. Default 0.999. */
  readonly survival?: number
  /** N. Default 20. */
  readonly sourceSymbols?: number
}

/** Source: our choice: with the default policy, what nine of ten holders that are there give. */
const usualSurvival = 0.999

/**
 * The policy with the fewest holders that survives as wanted, and of these the best. `fountain/no-policy` when 1,024
 * holders would not be enough, or the numbers are none to expect.
 */
export function policyFor(expectation: Expectation): Result<FountainPolicy, PolicyFault> {
  const { availability, churn, sourceSymbols = defaultPolicy.sourceSymbols } = expectation
  const wanted = expectation.survival ?? usualSurvival
  const there = availability * (1 - churn)
  let best: FountainPolicy | undefined
  for (const policy of there > 0 && there <= 1 ? policiesWith(sourceSymbols) : []) {
    const found = withFewestHolders(policy, there, wanted)
    if (found === undefined || (best !== undefined && !isBetter(found, best, there))) continue
    best = found
  }
  return best === undefined ? fail({ code: 'fountain/no-policy' }) : ok(best)
}

/** Every policy that is allowed with N source symbols, on as many holders as there may be. */
function policiesWith(sourceSymbols: number): FountainPolicy[] {
  const policies: FountainPolicy[] = []
  const most = Math.ceil((sourceSymbols * (mostRepairPercent + 1)) / 100)
  for (let repairSymbols = 1; repairSymbols <= most; repairSymbols++) {
    const minViableSymbols = Math.max(1, Math.floor(sourceSymbols / 4))
    const policy = { sourceSymbols, repairSymbols, minViableSymbols, targetHolders: maxHolders }
    if (checkPolicy(policy).ok) policies.push(policy)
  }
  return policies
}

/** The least holders by halving: more of them never make it worse. */
function withFewestHolders(
  policy: FountainPolicy,
  there: number,
  wanted: number,
): FountainPolicy | undefined {
  if (!(survival(policy, there) >= wanted)) return undefined
  let low = Math.max(leastHolders, policy.sourceSymbols + policy.repairSymbols)
  let high = policy.targetHolders
  while (low < high) {
    const targetHolders = Math.floor((low + high) / 2)
    if (survival({ ...policy, targetHolders }, there) >= wanted) high = targetHolders
    else low = targetHolders + 1
  }
  return { ...policy, targetHolders: high }
}

function isBetter(one: FountainPolicy, other: FountainPolicy, there: number): boolean {
  if (one.targetHolders !== other.targetHolders) return one.targetHolders < other.targetHolders
  return survival(one, there) > survival(other, there)
}

/** By multiplication: the same everywhere. */
function wholePower(base: number, exponent: number): number {
  let result = 1
  for (let count = 0; count < exponent; count++) result *= base
  return result
}
