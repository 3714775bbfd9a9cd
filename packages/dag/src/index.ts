/**
 * A graph of signed records that never loses one: index, stores, sync, evidence and proofs.
 *
 * @packageDocumentation
 */
export type { Analysis } from './analysis.ts'
export type { AttestationFault, KeptAttestation } from './attestation-book.ts'
export {
  type Attestation,
  attest,
  decodeAttestation,
  encodeAttestation,
  isTimed,
  maxAttestationBytes,
  verifyAttestation,
} from './attestations.ts'
export { chainMetadata, type ChainPlace, chainPlaceOf } from './author-chain.ts'
export type { Placement } from './author.ts'
export { type Carried, maxBundleEntryBytes, readBundle, writeBundle } from './bundle.ts'
export {
  type CheckpointChain,
  checkpointMetadata,
  maxChainLength,
  verifyChain,
} from './checkpoints.ts'
export { type Draft, type PlacedDraft, signDraft } from './draft.ts'
export {
  contradiction,
  decodeEquivocation,
  encodeEquivocation,
  type EquivocationKind,
  type EquivocationProof,
  maxEquivocationBytes,
  verifyEquivocation,
} from './equivocation.ts'
export type { Evidence } from './evidence.ts'
export { exported, type ExportOptions, importCarried, type ImportReport } from './exchange.ts'
export type {
  CarriedFault,
  ClassifiedParentFault,
  DagFault,
  DamagedRecordFault,
  GraphFault,
  KnownIdFault,
  MissingParentFault,
  NotFoundFault,
  RecordRefusedFault,
  RecordUnstorableFault,
  StoredDuplicateFault,
  SyncFault,
  SyncForgedFault,
  SyncUnexpectedFault,
} from './faults.ts'
export type { RecordHost } from './host.ts'
export type { Outcome } from './intake.ts'
export { carriedOf, lineOf, maxLineLength } from './jsonl.ts'
export { keyMetadata, type KeyStanding, keyStanding, type KeyStatement } from './key-standing.ts'
export {
  type ConsistencyClaim,
  type InclusionClaim,
  maxProofHashes,
  MerkleTree,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'
export { openRecords } from './open-records.ts'
export type { OrphanBounds } from './orphans.ts'
export { project, type ProjectedRecord } from './projection.ts'
export {
  maxReadings,
  type ReadingsOptions,
  type RecordedReadings,
  recordReadings,
} from './readings.ts'
export { defaultRecordPolicy, type RecordPolicy, tolerantRecordPolicy } from './record-policy.ts'
export {
  type FoundRecord,
  type Inserted,
  Records,
  type RecordsEvent,
  type RecordsOptions,
} from './records.ts'
export { type SealConsistency, Seals } from './seals.ts'
export { mergeRecords, type Merged, type MergeReport } from './merge-records.ts'
export {
  NetworkRecords,
  records,
  type RecordsServiceEvent,
  type RecordsServiceOptions,
} from './service.ts'
export type { SyncReport } from './sync-session.ts'
export { mergeTips } from './tip-merges.ts'
export type { RecordFilter } from './record-query.ts'
export {
  type LateArrival,
  lateArrival,
  type Lateness,
  timeBounds,
  type TimeBounds,
} from './time-bounds.ts'
export {
  accumulatedTrust,
  crossZoneTrust,
  simpleTrust,
  type TrustLevel,
  trustLevel,
  weightedTrust,
  type WeighedWitness,
  type Witnessed,
  type ZoneTrust,
} from './trust-scores.ts'
export {
  decodeTreeProof,
  encodeTreeProof,
  maxTreeProofBytes,
  treeContent,
  type TreeKind,
  treeMetadata,
  treeOf,
  type TreeProof,
  type TreeStatement,
  verifyTreeProof,
} from './tree-record.ts'
export {
  checkSignatures,
  type Verification,
  type VerificationFault,
  verifyRecord,
  verifyRecords,
} from './verified-record.ts'
export { type Claim, claimsOf, maxClaims } from './conflicts.ts'
export { type DrawnRecord, drawnRecords, drawRecords, maxDrawnRecords } from './graph-drawing.ts'
export { defaultWalkRecords, type WalkBounds } from './graph-walks.ts'
export type { ContentConflict, Equivocation, RecordEntry, Relation, Walk } from './graph-answers.ts'
export { maxConflictIds, RecordGraph } from './record-graph.ts'
export { memoryRecords } from './memory-records.ts'
export type {
  HeaderSink,
  NamedValue,
  PackedHeader,
  RecordHeader,
  RecordStore,
  StoredAttestation,
  StoredRecord,
} from './record-store.ts'
export { maxAppendBytes, maxAppendRecords, maxStoredValueBytes } from './store-limits.ts'
export type { RecordStoreOptions } from './stored-copy.ts'
