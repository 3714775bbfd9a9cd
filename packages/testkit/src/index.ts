/**
 * What tests of the workspace share: above all a network in virtual time in which the machines that ship
 * run under the driver that ships, with every fault a network has, all of it decided by one seed.
 *
 * @packageDocumentation
 */
export type { Boot, DiskAtRestart, MachineFactory } from './boot.ts'
export { EventLog, type LoggedStep } from './event-log.ts'
export {
  applyPlan,
  type Faultable,
  type FaultPlan,
  type FaultStep,
  type PlanRun,
} from './fault-plan.ts'
export {
  fixedLatency,
  type Latency,
  planet,
  quantileLatency,
  regionLatency,
  type RegionMatrix,
  uniformLatency,
} from './latency.ts'
export type { LinkCounts } from './link-settings.ts'
export {
  demand,
  livenessMode,
  type LivenessOptions,
  type ProgressFault,
  safetyMode,
  type SafetyOptions,
} from './modes.ts'
export { createNetwork, Network } from './network.ts'
export type { NetworkOptions } from './network-options.ts'
export type { Node } from './node.ts'
export { type BurstLoss, clearPath, type PathConditions } from './path.ts'
export { type FaultKind, faultKinds, type PlanOptions, randomPlan, swizzle } from './random-plan.ts'
export { runSeeds, type SeededRun, type SeedFault, type SeedOptions } from './run-seeds.ts'
export { fewerItems, type Move, shrink, type Shrunk, smallerNumber } from './shrink.ts'
export {
  nativeCosts,
  nobleCosts,
  type SignatureCosts,
  type TestClaim,
  type TestKeys,
  testScheme,
  type TestScheme,
  type TestSigningKey,
  VirtualCores,
} from './test-scheme.ts'
export { Trace } from './trace.ts'
