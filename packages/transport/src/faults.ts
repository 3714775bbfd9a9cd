import type { PeerId } from '@kithnet/types'

/** A peer broke the rules of a link, which is cut for it. */
export type LinkFault =
  | { readonly code: 'transport/frame-kind'; readonly kind: number }
  | { readonly code: 'transport/frame-length'; readonly kind: number; readonly gotBytes: number }
  /** A frame for a stream that is not there, or for the link where a stream is meant. */
  | { readonly code: 'transport/frame-stream'; readonly kind: number; readonly stream: number }
  /** A field of a frame has a value that it cannot have. */
  | { readonly code: 'transport/frame-field'; readonly kind: number; readonly field: string }
  /** A fragment without a beginning, or more bytes than the beginning announced. */
  | { readonly code: 'transport/fragment'; readonly stream: number }
  | {
      readonly code: 'transport/message-too-large'
      readonly gotBytes: number
      readonly maxBytes: number
    }
  | { readonly code: 'transport/credit-exceeded'; readonly stream: number }
  | { readonly code: 'transport/credit-overflow'; readonly stream: number }
  /** More bytes are said to have arrived than were sent. */
  | { readonly code: 'transport/ack-overflow' }
  | { readonly code: 'transport/too-many-streams'; readonly max: number }
  /** The peer makes answers necessary and does not read them. */
  | { readonly code: 'transport/control-flood'; readonly maxBytes: number }
  /** Nothing has come for too long. */
  | { readonly code: 'transport/silent'; readonly silentMs: number }
  /** The bytes ended without a goodbye. */
  | { readonly code: 'transport/truncated' }
  | { readonly code: 'transport/after-goodbye' }

/** Why two peers that reached each other have no link. */
export type AcceptFault =
  | { readonly code: 'transport/accept-malformed'; readonly field: string }
  | { readonly code: 'transport/wrong-network' }
  | { readonly code: 'transport/wrong-version'; readonly got: number }
  | { readonly code: 'transport/wrong-peer'; readonly expected: PeerId; readonly got: PeerId }
  | { readonly code: 'transport/own-peer' }
  /** The other side said no, for this reason. */
  | { readonly code: 'transport/refused'; readonly reason: RefusalReason }
  | { readonly code: 'transport/handshake-timeout'; readonly timeoutMs: number }
  /** The connection ended before both sides had accepted each other. */
  | { readonly code: 'transport/handshake-ended' }

/** What a side says before it hangs up. */
export type RefusalReason = 'network' | 'version' | 'peer' | 'busy' | 'malformed'

/** A TLS session that is not what a link asks for. */
export type TlsFault =
  | { readonly code: 'transport/no-pq-tls' }
  /** `what` is missing or wrong in the session. */
  | {
      readonly code: 'transport/tls-rejected'
      readonly what: 'certificate' | 'protocol' | 'alpn' | 'group' | 'resumed' | 'handshake'
    }
  | { readonly code: 'transport/busy'; readonly scope: 'all' | 'address' }

/** A local operation that failed. */
export type UseFault =
  | { readonly code: 'transport/bad-address'; readonly address: string }
  | { readonly code: 'transport/address-in-use'; readonly address: string }
  | { readonly code: 'transport/cannot-listen'; readonly address: string }
  | { readonly code: 'transport/unreachable'; readonly address: string }
  /** Neither a peer is expected nor is first contact allowed. */
  | { readonly code: 'transport/whom' }
  | { readonly code: 'transport/closed' }
  | { readonly code: 'transport/stream-closed'; readonly stream: number }
  | { readonly code: 'transport/queue-full'; readonly queuedBytes: number }

/** Every fault of links and of the transports `memory` and `tls`. */
export type TransportFault = LinkFault | AcceptFault | TlsFault | UseFault
