/**
 * The ancestor's formats and rules, byte for byte: CIRIS, holonomic v19. They are here to read what it wrote and to
 * compare with it. Where a rule is known to be unsound its comment names the repaired one in the root module.
 *
 * @packageDocumentation
 */
export {
  type AddedInV1,
  type AddedInV2,
  type AddedInV3,
  admitAggregation,
  type AggregationFault,
  type AggregationMeta,
  aggregationPreimage,
  readAggregationMeta,
} from './aggregation/aggregation-meta.ts'
export {
  type CorpusWant,
  corpusWantPreimage,
  latestBudget,
  readCorpusWant,
  readStorageBudget,
  type ScopeBudget,
  type StorageBudget,
  storageBudgetPreimage,
} from './aggregation/corpus-budget.ts'
export {
  descend,
  effectiveCount,
  fixedMass,
  massCommitment,
  memberCommitment,
  type MemberMass,
} from './aggregation/masses.ts'
export { type Multiplicity, multiplicityOf } from './aggregation/multiplicity.ts'
export {
  decayChanges,
  type DecayClass,
  type DecaySchedule,
  type DecayTier,
  decayTier,
  type KeptContent,
  standardDecay,
  temporaryDecay,
} from './consent/consent-decay.ts'
export type { MalformedFault, SignatureTextFault } from './faults.ts'
export {
  type EjectionVerdict,
  ejectionVerdict,
  ejectionVerdictWithDiversity,
} from './retention/ejection.ts'
export {
  compressPreimage,
  type CompressRequest,
  type HoldingClaim,
  holdingPreimage,
  holdingVersion,
  readCompressRequest,
  readHoldingClaim,
} from './retention/holding-claim.ts'
export {
  type CheckedHolding,
  type ClaimCheck,
  type ConsentState,
  type RarityDecision,
  rarityOf,
  rarityWithConsent,
  symbolIsOf,
} from './retention/rarity.ts'
export {
  type AdvertCheck,
  type AlmEdge,
  type AlmInput,
  type AlmTree,
  type CapacityAdvert,
  type SubStreamCommitment,
} from './topology/alm-input.ts'
export {
  narrowCapacityPreimage,
  type RelayCapacity,
  wideCapacityPreimage,
} from './topology/relay-capacity.ts'
export { topologyV1 } from './topology/topology-v1.ts'
export { topologyV2 } from './topology/topology-v2.ts'
export { type BoundSignatureText, verifyBoundText } from './trust/bound-text.ts'
export {
  claimPreimage,
  claimVersion,
  type OwnerBinding,
  ownerBindingOf,
  readClaim,
  type SignedClaim,
} from './trust/signed-claim.ts'
export {
  type ChainEntry,
  maxWitnessChain,
  type TrustGrant,
  type TrustGraph,
  type TrustRefusal,
  trustServe,
  type TrustServeVerdict,
  weightOfDepth,
} from './trust/witness-chain.ts'
export { AntiRollback } from './witness/anti-rollback.ts'
export { pairTreeRoot } from './witness/pair-tree.ts'
export {
  compareWitnesses,
  equivocationPreimage,
  mayBeIngested,
  readWitness,
  type ScopedLeaf,
  type WholenessWitness,
  type WitnessComparison,
  witnessedLeaves,
  witnessPreimage,
  witnessVersion,
} from './witness/wholeness-witness.ts'
