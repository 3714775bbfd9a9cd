import { fragmentBytes } from '@kithnet/types'

/** Knobs of pubsub. Durations are in milliseconds, `…Bytes` in bytes, everything else counts. */
export interface PubsubConfig {
  /** W: a push may be this old by its author's clock. Older messages enter only through history. */
  readonly replayWindowMs: number
  /** A push may be this far ahead of the local clock. */
  readonly futureMs: number
  /** How long an id is remembered, by its author's clock; longer than W, so that no replay is new. */
  readonly retentionMs: number
  /** Ids remembered on account of one link, so that no link flushes what another has brought. */
  readonly seenPerLink: number
  /** Streams of authors followed on account of one link. */
  readonly lanesPerLink: number
  /** Runs of received numbers kept per stream; the lowest two become one, and what lay between is given up. */
  readonly sequenceRuns: number

  /** Message cache: what can be forwarded, repaired and given to late joiners. */
  readonly cacheBytes: number
  readonly cacheMs: number
  /** The same for ephemeral topics: as long as forwarding and mending the trees takes. */
  readonly ephemeralMs: number
  /** Verified batches held whose messages have not come yet, per link, and for how long. */
  readonly idleBatchesPerLink: number
  readonly idleBatchMs: number

  /** Sources with eager links of their own; the others share one set. */
  readonly sources: number
  /** A source that was silent for this long makes room for another. */
  readonly sourceIdleMs: number
  /** Consecutive messages of a source that had to be pulled before its tree is grafted. */
  readonly graftAfter: number

  /** Announcements wait for company between half this and this long, or until there are `announceCount` for a link. */
  readonly announceMs: number
  readonly announceCount: number
  /** Acknowledgements wait for company this long. */
  readonly ackMs: number

  /** Announced ids that are not here, remembered on account of one link. */
  readonly missingPerLink: number
  /** Ids asked for and not yet answered, per link. */
  readonly wantsPerLink: number
  /**
   * How long to wait for a push of what was announced: as much later as pushes come here, within these bounds. When there
   * are more sources than trees, so many round trips (the 95th percentile) at least.
   */
  readonly sharedGraceRoundTrips: number
  readonly graceMinMs: number
  readonly graceMaxMs: number
  /** Assumed until one is measured. */
  readonly initialRoundTripMs: number

  /** Work whose signature is not verified, per link. */
  readonly pendingMessages: number
  readonly pendingBytes: number
  readonly pendingMs: number

  readonly maxPayloadBytes: number
  /** Own messages that wait for a neighbour or a signature. */
  readonly queuedMessages: number
  readonly queuedBytes: number
  /** A busy author's batch closes after `flushTarget` messages' time, within these bounds. */
  readonly flushMinMs: number
  readonly flushMaxMs: number
  readonly flushTarget: number

  /** Pause between comparisons of history with a random neighbour, drawn from [3/4, 5/4] of it. */
  readonly historyMs: number
  /** Periodic comparisons leave out what is younger: it is still on its way. */
  readonly historySettleMs: number
  /** Least pause between comparisons that one link may open. */
  readonly historyGapMs: number

  /** One author's verified messages. */
  readonly authorMessagesPerSecond: number
  readonly authorBurstMessages: number
  /** What one link may pull. */
  readonly servedBytesPerSecond: number
  readonly servedBurstBytes: number
}

/**
 * The settings that ship. Sources: W, retention, and the bounds on unverified work are the project's trust
 * rules; announcements each 100 ms are saorsa-gossip's; in a tree of its own, a source's message reaches two
 * neighbours one hop apart at most, so it is here before an announcement that has waited, while on a shared tree it may have
 * to cross the network twice, ten round trips with 10,000 nodes, below which grafts add cycles for ever (measured); 25 to
 * 100 ms and 64 messages a batch bound the delay and the cost of a signature. The other numbers are our choice.
 */
export const defaultPubsubConfig: PubsubConfig = {
  replayWindowMs: 600_000,
  futureMs: 120_000,
  retentionMs: 900_000,
  seenPerLink: 32_768,
  lanesPerLink: 1_024,
  sequenceRuns: 64,

  cacheBytes: 33_554_432,
  cacheMs: 900_000,
  ephemeralMs: 30_000,
  idleBatchesPerLink: 64,
  idleBatchMs: 30_000,

  sources: 256,
  sourceIdleMs: 60_000,
  graftAfter: 2,

  announceMs: 100,
  announceCount: 256,
  ackMs: 10,

  missingPerLink: 4_096,
  wantsPerLink: 128,
  sharedGraceRoundTrips: 10,
  graceMinMs: 100,
  graceMaxMs: 2_000,
  initialRoundTripMs: 100,

  pendingMessages: 64,
  pendingBytes: 1_048_576,
  pendingMs: 2_000,

  maxPayloadBytes: 16 * fragmentBytes,
  queuedMessages: 8_192,
  queuedBytes: 16_777_216,
  flushMinMs: 25,
  flushMaxMs: 100,
  flushTarget: 16,

  historyMs: 10_000,
  historySettleMs: 1_000,
  historyGapMs: 500,

  authorMessagesPerSecond: 8_000,
  authorBurstMessages: 16_000,
  servedBytesPerSecond: 33_554_432,
  servedBurstBytes: 33_554_432,
}

/** Alternative deliverers kept for a message or batch that is not verified yet. Source: the trust rules. */
export const maxAlternatives = 3
/** Prefixes in one IHAVE, IWANT or GONE. Source: our choice: 8 KB a frame. */
export const maxListedPrefixes = 1_024
/** Ids in one WANT_BATCHES. Source: the messages of one link that may wait for a batch. */
export const maxListedIds = 64
/** Ranges in one ACK. Source: our choice. */
export const maxAckRanges = 128
