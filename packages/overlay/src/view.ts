import type { IsolationCause, Membership } from '@kithnet/membership'
import type { NeighbourView, PubsubView } from '@kithnet/pubsub'
import type { PeerId, TopicId } from '@kithnet/types'

/** What a node looks like: for status pages, connections and tests of bounds. */
export interface OverlayView {
  readonly activeView: readonly PeerId[]
  readonly passiveView: readonly PeerId[]
  /** Why the node takes itself for cut off, if it does. */
  readonly isolation: IsolationCause | undefined
  readonly neighbours: readonly NeighbourView[]
  readonly topics: readonly TopicId[]
  readonly links: number
  readonly cachedMessages: number
  readonly cachedBytes: number
  readonly knownKeys: number
  /** Messages and batches that wait for a verified signature. */
  readonly pending: number
  /** Signatures that wait for a key or a check. */
  readonly unverified: number
  /** Messages of membership that wait for a check. */
  readonly heldMessages: number
  /** Ids remembered. */
  readonly seen: number
  readonly lanes: number
  readonly batches: number
  readonly missing: number
  /** Own messages that are not signed yet. */
  readonly queued: number
}

/** Puts the parts' views together. */
export function overlayViewOf(
  membership: Membership,
  pubsub: PubsubView,
  own: Pick<OverlayView, 'knownKeys' | 'unverified' | 'heldMessages' | 'links'>,
): OverlayView {
  return {
    activeView: membership.active.map((known) => known.descriptor.peer),
    passiveView: membership.passive.map((known) => known.descriptor.peer),
    isolation: membership.isolation,
    ...pubsub,
    ...own,
  }
}
