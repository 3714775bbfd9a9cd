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
export { type ContentRef, parseRef, refText } from './content/content-ref.ts'
export {
  type ContentEntry,
  type ContentHolder,
  type Contents,
  type ContentsEvent,
  type PutOptions,
  type PutReport,
} from './content/contents.ts'
export type { KeeperConfig, KeeperNote, Refused } from './content/keeper-events.ts'
export type {
  BodyFault,
  ContentsFault,
  BundleFault,
  CommitFault,
  CosignFault,
  ExchangeFault,
  ForkFault,
  LogFault,
  OptionFault,
  PublicationFault,
  SnapshotFault,
  StatementFault,
  StateFault,
  TrustDefect,
  TrustFault,
  WitnessForgedFault,
} from './faults.ts'
export type { HolonomicOptions } from './part.ts'
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
  type PossessionShown,
} from './retention/possession.ts'
export {
  type Audit,
  type AuditCalledOff,
  type Audited,
  type AuditEvent,
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
export { type Holonomic, holonomic } from './service.ts'
export type { AnyHeld, BookEvent, Held } from './statements/held.ts'
export {
  decodePledge,
  encodePledge,
  maxPledgeMs,
  type Pledge,
  pledgeKind,
} from './statements/pledge.ts'
export {
  decodePublication,
  encodePublication,
  type Publication,
  publicationKind,
} from './statements/publication.ts'
export {
  type SignedStatementKind,
  type StatementByKind,
  type StatementKind,
  statementKinds,
} from './statements/statement-kinds.ts'
export type { Statements } from './statements/statements.ts'
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
export type { AdmittedBy } from './trust/standings.ts'
export type { GrantTerms, TrustBook } from './trust/trust-book.ts'
export {
  type Checkpoint,
  checkpointKind,
  compareStates,
  decodeCheckpoint,
  encodeCheckpoint,
  logIdOf,
  logLeaf,
  type LogName,
  type LogState,
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
export { type ShownLog, type StateComparison, Witness } from './witness/witness.ts'
export {
  type BundleRules,
  maxBundleBytes,
  verifyWitnessBundle,
  type WitnessBundle,
} from './witness/witness-bundle.ts'
export type { StateDifference } from './witness/witness-events.ts'
export { WitnessLog } from './witness/witness-log.ts'
export type { WitnessServiceEvent } from './witness/witness-runner.ts'
