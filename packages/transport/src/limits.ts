import type { StreamClass } from '@kithnet/types'

/** A number of bytes for each class of streams. */
export type BytesByClass = Readonly<Record<StreamClass, number>>

/** Bounds and timings of a link. Both sides tell the other what binds it; nobody has to agree. */
export interface LinkLimits {
  /** Longest message taken on membership and pubsub streams. */
  readonly maxMessageBytes: number
  /** Longest message taken on bulk streams. */
  readonly maxBulkMessageBytes: number
  /** Most streams that the other side may have open at once. */
  readonly maxStreams: number
  /** What a stream may send ahead of its reader. */
  readonly windowBytes: BytesByClass
  /** What all streams together may send ahead of their readers before windows shrink to the initial one. */
  readonly maxAheadBytes: number
  /** Bytes of unfinished messages held before only the oldest of them may go on. */
  readonly maxAssemblyBytes: number
  /** `Stream.send` returns false above this. */
  readonly queueMarkBytes: BytesByClass
  /** `Stream.send` throws above this, unless the queue is empty. */
  readonly queueMaxBytes: BytesByClass
  /** The same for all streams of a class together: a long message of bulk is in nobody else's way. */
  readonly linkQueueMaxBytes: BytesByClass
  /** How often the other side is asked whether it is there. */
  readonly keepaliveMs: number
  /** Silence after which it counts as gone. */
  readonly deadMs: number
  /** How long a graceful close may take when the other side began it. */
  readonly closeMs: number
}

/** Least credit of a fresh stream: two of the longest fragments. Source: our choice. */
export const minInitialCreditBytes = 131_072

/** Longest message that a link can be configured to take. Source: our choice; a header counts to 2^32. */
export const maxConfigurableMessageBytes = 134_217_728

/** Source: our choices, `docs/limits.md`; messages of 1.2 MB and the keepalive are part of the contract of links. */
export const defaultLinkLimits: LinkLimits = {
  maxMessageBytes: 1_200_000,
  maxBulkMessageBytes: 16_777_216,
  maxStreams: 64,
  windowBytes: { membership: 262_144, pubsub: 1_048_576, bulk: 4_194_304 },
  maxAheadBytes: 33_554_432,
  maxAssemblyBytes: 16_777_216,
  queueMarkBytes: { membership: 262_144, pubsub: 1_048_576, bulk: 1_048_576 },
  queueMaxBytes: { membership: 1_048_576, pubsub: 8_388_608, bulk: 8_388_608 },
  linkQueueMaxBytes: { membership: 4_194_304, pubsub: 33_554_432, bulk: 67_108_864 },
  keepaliveMs: 10_000,
  deadMs: 25_000,
  closeMs: 2_000,
}

/** Most bytes handed to a pipe at once. Source: our choice; so many that the price of a write does not count. */
export const batchBytes = 262_144
