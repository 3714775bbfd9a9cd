/**
 * A graph of signed records that never loses one: index, stores, sync, evidence and proofs.
 *
 * @packageDocumentation
 */
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
export { openRecords } from './open-records.ts'
export {
  type FoundRecord,
  type Inserted,
  Records,
  type RecordsEvent,
  type RecordsOptions,
} from './records.ts'
export {
  NetworkRecords,
  records,
  type RecordsServiceEvent,
  type RecordsServiceOptions,
} from './service.ts'
export type { Analysis } from './graph/analysis.ts'
export { type Claim, claimsOf, maxClaims } from './graph/conflicts.ts'
export type {
  ContentConflict,
  Equivocation,
  RecordEntry,
  Relation,
  Walk,
} from './graph/graph-answers.ts'
export { defaultWalkRecords, type WalkBounds } from './graph/graph-walks.ts'
export { maxConflictIds, RecordGraph } from './graph/record-graph.ts'
export type { RecordFilter } from './graph/record-query.ts'
export {
  type LateArrival,
  lateArrival,
  type Lateness,
  timeBounds,
  type TimeBounds,
} from './graph/time-bounds.ts'
export type { Outcome } from './intake/intake.ts'
export type { OrphanBounds } from './intake/orphans.ts'
export {
  defaultRecordPolicy,
  type RecordPolicy,
  tolerantRecordPolicy,
} from './intake/record-policy.ts'
export {
  checkSignatures,
  type Verification,
  type VerificationFault,
  verifyRecord,
  verifyRecords,
} from './intake/verified-record.ts'
export { chainMetadata, type ChainPlace, chainPlaceOf } from './author/author-chain.ts'
export type { Placement } from './author/author.ts'
export { type Draft, type PlacedDraft, signDraft } from './author/draft.ts'
export { mergeTips } from './author/tip-merges.ts'
export {
  contradiction,
  decodeEquivocation,
  encodeEquivocation,
  type EquivocationKind,
  type EquivocationProof,
  maxEquivocationBytes,
  verifyEquivocation,
} from './evidence/equivocation.ts'
export type { Evidence } from './evidence/evidence.ts'
export {
  keyMetadata,
  type KeyStanding,
  keyStanding,
  type KeyStatement,
} from './evidence/key-standing.ts'
export type { AttestationFault, KeptAttestation } from './witnesses/attestation-book.ts'
export {
  type Attestation,
  attest,
  decodeAttestation,
  encodeAttestation,
  isTimed,
  maxAttestationBytes,
  verifyAttestation,
} from './witnesses/attestations.ts'
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
} from './witnesses/trust-scores.ts'
export {
  type CheckpointChain,
  checkpointMetadata,
  maxChainLength,
  verifyChain,
} from './proofs/checkpoints.ts'
export {
  type ConsistencyClaim,
  type InclusionClaim,
  maxProofHashes,
  MerkleTree,
  verifyConsistency,
  verifyInclusion,
} from './proofs/merkle.ts'
export {
  maxReadings,
  type ReadingsOptions,
  type RecordedReadings,
  recordReadings,
} from './proofs/readings.ts'
export { type SealConsistency, Seals } from './proofs/seals.ts'
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
} from './proofs/tree-record.ts'
export { type Carried, maxBundleEntryBytes, readBundle, writeBundle } from './bundles/bundle.ts'
export {
  exported,
  type ExportOptions,
  importCarried,
  type ImportReport,
} from './bundles/exchange.ts'
export { carriedOf, lineOf, maxLineLength } from './bundles/jsonl.ts'
export { project, type ProjectedRecord } from './bundles/projection.ts'
export {
  type DrawnRecord,
  drawnRecords,
  drawRecords,
  maxDrawnRecords,
} from './drawing/graph-drawing.ts'
export { memoryRecords } from './stores/memory-records.ts'
export type {
  HeaderSink,
  NamedValue,
  PackedHeader,
  RecordHeader,
  RecordStore,
  StoredAttestation,
  StoredRecord,
} from './stores/record-store.ts'
export { maxAppendBytes, maxAppendRecords, maxStoredValueBytes } from './stores/store-limits.ts'
export type { RecordStoreOptions } from './stores/stored-copy.ts'
export { mergeRecords, type Merged, type MergeReport } from './sync/merge-records.ts'
export type { SyncReport } from './sync/sync-session.ts'
