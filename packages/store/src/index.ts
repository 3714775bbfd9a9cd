/**
 * Durable keys, values and logs, in memory or in one SQLite file, and what a node writes down in them:
 * addresses of peers, its incarnation, the messages of durable topics, how far a subscriber has read.
 *
 * @packageDocumentation
 */
export {
  type ClosedFault,
  type CorruptFault,
  type FullFault,
  type LockedFault,
  storeError,
  type StoreFault,
  type TooLargeFault,
  type UnavailableFault,
  type VersionFault,
} from './faults.ts'
export { loadIncarnation, nextIncarnation, saveIncarnation } from './incarnation.ts'
export { type LastSeen, openLastSeen } from './last-seen.ts'
export {
  maxBatchBytes,
  maxBatchEntries,
  maxKeyBytes,
  maxNameBytes,
  maxReadBytes,
  maxValueBytes,
} from './limits.ts'
export { memoryStore } from './memory.ts'
export { openStore, type OpenOptions } from './open.ts'
export {
  defaultPeerCacheLimits,
  type KnownAddress,
  openPeerCache,
  type PeerCache,
  type PeerCacheLimits,
} from './peer-cache.ts'
export {
  defaultTopicLogLimits,
  openTopicLog,
  type TopicLog,
  type TopicLogLimits,
} from './topic-log.ts'
