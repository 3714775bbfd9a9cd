import type { PubsubMessage } from '@kithnet/pubsub'
import type { CborValue, PeerId } from '@kithnet/types'

/** Which class of streams carries a message. */
export type Channel = 'membership' | 'pubsub'

/**
 * What overlays exchange. A message of membership travels as its value, because what it says of others is
 * believed only once its descriptors are verified.
 */
export type OverlayMessage =
  | { readonly type: 'membership'; readonly value: CborValue }
  | { readonly type: 'pubsub'; readonly message: PubsubMessage }
  /** Give me these peers' public keys: you forwarded what they signed. */
  | { readonly type: 'wantKeys'; readonly peers: readonly PeerId[] }
  | { readonly type: 'keys'; readonly keys: readonly Uint8Array[] }

/** The class of streams for a message: keys go ahead of what waits for them. */
export function channelOf(message: OverlayMessage): Channel {
  return message.type === 'pubsub' ? 'pubsub' : 'membership'
}
