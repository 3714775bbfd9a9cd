import type { LinkDown, LinkUp, Received } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { SyncItem } from './sync-keys.ts'
import type { Announcement, SyncMessage, SyncMessageFault } from './sync-messages.ts'
import { defaultSyncLimits, type SyncLimits } from './sync-session.ts'

/** Something that this node's store holds now. */
export interface HeldItem {
  /** Its place in the order: the depth of a record, beyond all depths for what is about records. */
  readonly time: number
  readonly key: string
  /** Given when others may lack it: it was made or found here. */
  readonly item?: SyncItem
}

/** What came of items that were to be verified and stored. What was stored is told by `held`. */
export interface Taken {
  /** How many were not what their authors signed. */
  readonly forged: number
  /** Keys of those that were stored by it. */
  readonly stored: readonly string[]
  /** Keys of those that wait for parents. */
  readonly waiting: readonly string[]
  /** Names of those parents. */
  readonly missing: readonly string[]
  /** Keys of those that were here before. */
  readonly known: readonly string[]
}

/** What happens to `RecordGossip`. */
export type GossipEvent =
  | Received<PeerId, SyncMessage>
  /** Bytes came that are no message. */
  | { readonly type: 'malformed'; readonly from: PeerId; readonly fault: SyncMessageFault }
  | LinkUp<PeerId>
  | LinkDown<PeerId>
  | { readonly type: 'neighbourUp' | 'neighbourDown'; readonly peer: PeerId }
  /** Everything that was held before is told: comparisons may begin. */
  | { readonly type: 'ready' }
  | { readonly type: 'held'; readonly items: readonly HeldItem[] }
  /** Answers `take`. */
  | { readonly type: 'taken'; readonly token: number; readonly taken: Taken }
  /** Answers `load`. */
  | {
      readonly type: 'loaded'
      readonly token: number
      readonly items: readonly (SyncItem | undefined)[]
    }
  /** An announcement was published by a peer, who answers for it. */
  | { readonly type: 'heard'; readonly author: PeerId; readonly announcement: Announcement }
  /** Compare with this peer now. */
  | { readonly type: 'compare'; readonly peer: PeerId }

/** Settings of `RecordGossip`. */
export interface GossipConfig {
  /** Mean time between comparisons with a random neighbour, in milliseconds. */
  readonly syncIntervalMs: number
  /** Of these comparisons each nth takes nothing for equal because sums of it are. */
  readonly carefulEvery: number
  /** Longest item that is published itself and not by its key, in bytes. */
  readonly publishedBytes: number
  readonly limits: SyncLimits
}

/** Source: our choice. Broadcast carries what is new; comparisons find what it lost. */
export const defaultGossipConfig: GossipConfig = {
  syncIntervalMs: 30_000,
  carefulEvery: 4,
  publishedBytes: 65_000,
  limits: defaultSyncLimits,
}
