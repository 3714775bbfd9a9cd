import type { PeerId } from '@kithnet/types'
import type { HandshakeMessage, RefusalReason } from './messages.ts'

/** Why a `pq-channel` did not come to be, or was cut. */
export type ChannelFault =
  /** The first bytes of a frame name no kind that this side may receive. */
  | { readonly code: 'transport/channel-frame'; readonly kind: number }
  | {
      readonly code: 'transport/channel-frame-length'
      readonly kind: number
      readonly gotBytes: number
      readonly maxBytes: number
    }
  /** A well-framed message whose content breaks the specification. */
  | {
      readonly code: 'transport/channel-malformed'
      readonly message: HandshakeMessage
      readonly field: string
    }
  /** A frame that has no place in this state: replayed, reflected, or of the other role. */
  | { readonly code: 'transport/channel-unexpected'; readonly kind: number; readonly state: string }
  /** The two have no protocol version, or no suite, in common; or the answer names one not offered. */
  | { readonly code: 'transport/channel-no-common'; readonly what: 'version' | 'suite' }
  /** A key share that is none: a low-order X25519 point, or an ML-KEM key that fails its check. */
  | { readonly code: 'transport/channel-key-share'; readonly share: 'x25519' | 'ml-kem-768' }
  /** The other end is of another network. */
  | { readonly code: 'transport/wrong-network' }
  /** Somebody else answered; proven by the signature. */
  | { readonly code: 'transport/wrong-peer'; readonly expected: PeerId; readonly got: PeerId }
  /** The other end is this very identity. */
  | { readonly code: 'transport/own-peer' }
  /** A message or record that does not decrypt: changed, replayed, reordered, or of another channel. */
  | { readonly code: 'transport/channel-unauthentic'; readonly what: HandshakeMessage | 'record' }
  /** The proof that the other end computed the same keys is wrong. */
  | { readonly code: 'transport/channel-finish'; readonly what: HandshakeMessage }
  | { readonly code: 'transport/channel-signature'; readonly what: HandshakeMessage }
  /** The listener said no before anything was proven, so the reason is only what the wire claims. */
  | { readonly code: 'transport/channel-refused'; readonly reason: RefusalReason }
  /** Too many handshakes are under way here. */
  | { readonly code: 'transport/channel-busy' }
  | { readonly code: 'transport/handshake-timeout'; readonly timeoutMs: number }
  /** The bytes ended, or were cut, before the other side had said goodbye. */
  | { readonly code: 'transport/channel-truncated'; readonly state: string }
  /** The other side used one key for longer than allowed, or changed it without having used it. */
  | { readonly code: 'transport/channel-ratchet'; readonly rule: 'overdue' | 'unused' }
  /** More bytes came during the handshake than are kept. */
  | { readonly code: 'transport/channel-flood'; readonly maxBytes: number }
