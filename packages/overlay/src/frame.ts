import { fail, ok, type Result } from '@kithnet/kernel'
import { decodePubsubMessage, encodePubsubMessage, type PubsubMessage } from '@kithnet/pubsub'
import {
  badShape,
  type CborLimits,
  type CborValue,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isTuple,
  peerIdFromBytes,
  type PeerId,
  publicKeyBytes,
  type ShapeFault,
} from '@kithnet/types'
import { maxFrameBytes, maxKeysListed } from './config.ts'
import type { FrameFault } from './faults.ts'
import type { OverlayMessage } from './messages.ts'

const tags = { membership: 0, pubsub: 1, wantKeys: 2, keys: 3 } as const

/** Bounds of a frame. Source: 1,024 ids in a list and their container; a comparison of histories nests deepest. */
const limits: CborLimits = { maxBytes: maxFrameBytes, maxDepth: 8, maxItems: 8_192 }

/**
 * A message goes to many links in one turn: its bytes are made, or kept from its arrival, once. A few are enough, since
 * links take turns with a message and its batch; a weak map of all would cost more than all else of a frame (ADR-0017).
 */
const recent: { message: PubsubMessage | undefined; frame: Uint8Array }[] = Array.from(
  { length: 8 },
  () => ({ message: undefined, frame: new Uint8Array(0) }),
)
let oldest = 0

/** The canonical bytes of a message. Shared between calls: not to be changed. */
export function encodeFrame(message: OverlayMessage): Uint8Array {
  if (message.type !== 'pubsub') return encodeCbor(valueOf(message))
  const inner = message.message
  if (!travelsFar(inner)) return encodeCbor(valueOf(message))
  for (const known of recent) if (known.message === inner) return known.frame
  const frame = encodeCbor(valueOf(message))
  remember(inner, frame)
  return frame
}

/** The message of canonical bytes, which are copied first: nothing in it points into `bytes`. */
export function decodeFrame(bytes: Uint8Array): Result<OverlayMessage, FrameFault> {
  if (bytes.length > maxFrameBytes) {
    return fail({ code: 'types/cbor-too-long', at: maxFrameBytes })
  }
  const own = bytes.slice()
  const decoded = decodeCbor(own, 'signed', limits)
  if (!decoded.ok) return decoded
  const message = messageOf(decoded.value)
  if (message.ok && message.value.type === 'pubsub' && travelsFar(message.value.message)) {
    // Accepted bytes re-encode identically, so they can go on as they came.
    remember(message.value.message, own)
  }
  return message
}

function remember(message: PubsubMessage, frame: Uint8Array): void {
  const slot = recent[oldest]!
  slot.message = message
  slot.frame = frame
  oldest = (oldest + 1) % recent.length
}

/** True for what is forwarded as it came. */
function travelsFar({ type }: PubsubMessage): boolean {
  return type === 'eager' || type === 'batch' || type === 'manifest' || type === 'fragment'
}

function valueOf(message: OverlayMessage): CborValue {
  switch (message.type) {
    case 'membership':
      return [tags.membership, message.value]
    case 'pubsub':
      return [tags.pubsub, encodePubsubMessage(message.message)]
    case 'wantKeys':
      return [tags.wantKeys, message.peers.map(idToBytes)]
    case 'keys':
      return [tags.keys, message.keys]
  }
}

function messageOf(value: CborValue): Result<OverlayMessage, ShapeFault> {
  if (!isTuple(value, 2)) return badShape('frame')
  const [tag, inner] = value
  if (inner === undefined) return badShape('frame')
  switch (tag) {
    case tags.membership:
      return ok({ type: 'membership', value: inner })
    case tags.pubsub: {
      const decoded = decodePubsubMessage(inner)
      return decoded.ok ? ok({ type: 'pubsub', message: decoded.value }) : decoded
    }
    case tags.wantKeys: {
      if (!isList(inner, maxKeysListed) || inner.length === 0) return badShape('wantKeys')
      const peers: PeerId[] = []
      for (const peer of inner) {
        if (!isBytes(peer, idBytes)) return badShape('wantKeys.peers')
        peers.push(peerIdFromBytes(peer))
      }
      return ok({ type: 'wantKeys', peers })
    }
    case tags.keys: {
      if (!isList(inner, maxKeysListed)) return badShape('keys')
      const keys: Uint8Array[] = []
      for (const key of inner) {
        if (!isBytes(key, publicKeyBytes)) return badShape('keys.keys')
        keys.push(key)
      }
      return ok({ type: 'keys', keys })
    }
    default:
      return badShape('frame.type')
  }
}
