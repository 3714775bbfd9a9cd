/**
 * Same inputs, same conclusion, no leader: what peers hold, whom they trust, who serves whom, who keeps what and for how
 * long. Statements are canonical CBOR, each signed in a domain of its own; rules are pure functions of what was verified, in
 * integers; what has state is a machine. The formats of the ancestor that this repairs are in `@kithnet/holonomic/ciris`.
 *
 * @packageDocumentation
 */
export {
  type Consent,
  consentKind,
  consentOf,
  type ConsentStatus,
  decodeConsent,
  encodeConsent,
  maxConsentMs,
  standardMs,
  temporaryMs,
} from './consent/consent.ts'
export type {
  BodyFault,
  CosignFault,
  ForkFault,
  SnapshotFault,
  TrustDefect,
  TrustFault,
} from './faults.ts'
export { Census, type CensusView } from './retention/census.ts'
export {
  decodeHolding,
  encodeHolding,
  type Holding,
  holdingKind,
  maxHoldingShares,
} from './retention/holding.ts'
export {
  answerChallenge,
  type Challenge,
  decodePossession,
  encodePossession,
  maxPossessionBytes,
  type PossessionAnswer,
  type PossessionMessage,
  type PossessionParties,
  possessionProof,
} from './retention/possession.ts'
export {
  type Audit,
  type Audited,
  type AuditOptions,
  type AuditOutput,
  defaultAuditOptions,
  PossessionAudit,
} from './retention/possession-audit.ts'
export {
  type Keeping,
  keepingOf,
  planLeavers,
  planRepairs,
  type Repair,
} from './retention/retention-plan.ts'
export {
  capacityId,
  type Capacity,
  capacityKind,
  decodeCapacity,
  encodeCapacity,
  maxChildren,
  type Nearby,
} from './topology/capacity.ts'
export { type Lane, maxKbps, maxLanes } from './topology/lane.ts'
export {
  decodeSnapshot,
  encodeSnapshot,
  maxMembers,
  maxSnapshotBytes,
  type Member,
  type Snapshot,
  snapshotId,
  snapshotKind,
} from './topology/snapshot.ts'
export { type LaneTree, type StreamTree, streamTree } from './topology/stream-tree.ts'
export { type Admission, admitNewcomer, type Standing } from './trust/admission.ts'
export {
  decodeGrant,
  decodeRevocation,
  encodeGrant,
  encodeRevocation,
  fullTrust,
  type Grant,
  grantKind,
  maxChainGrants,
  maxGrantMs,
  type Revocation,
  revocationKind,
} from './trust/grant.ts'
export {
  type Checkpoint,
  checkpointKind,
  compareStates,
  decodeCheckpoint,
  encodeCheckpoint,
  logIdOf,
  logLeaf,
  type LogName,
} from './witness/checkpoint.ts'
export {
  checkpointId,
  type Cosignature,
  cosignatureKind,
  cosignedBy,
  cosignersOf,
  decodeCosignature,
  encodeCosignature,
} from './witness/cosignature.ts'
export {
  type CosignedHead,
  Cosigner,
  type CosignerOutput,
  type Offered,
  type Recalled,
} from './witness/cosigner.ts'
export {
  encodeForkProof,
  type ForkProof,
  isFork,
  maxForkProofBytes,
  readForkProof,
} from './witness/fork-proof.ts'
export {
  LogTree,
  maxProofHashes,
  provesConsistency,
  provesInclusion,
  setRoot,
} from './witness/log-tree.ts'
export { type StateItems, stateItems } from './witness/state-items.ts'
export { WitnessLog } from './witness/witness-log.ts'
