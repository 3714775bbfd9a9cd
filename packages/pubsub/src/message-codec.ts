import { type Bytes, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
  fragmentBytes,
  hashBytes,
  idBytes,
  idToBytes,
  isBatchValue,
  isBytes,
  isBytesUpTo,
  isList,
  isTuple,
  isUint,
  type MessageId,
  messageIdFromBytes,
  peerIdFromBytes,
  type ShapeFault,
  signatureBytes,
  streamIdBytes,
  streamIdFromBytes,
  topicIdFromBytes,
} from '@kithnet/types'
import { maxAckRanges, maxListedIds } from './config.ts'
import type { AckRange, IdsMessage, Position, PubsubMessage } from './messages.ts'

/** Most fragments that a manifest may list. Source: our choice: 16 MiB, whatever a node's own bound is. */
const maxLeaves = 256

const idsTag = { ihave: 4, iwant: 5, gone: 6, wantBatches: 7 } as const
const idsTypeByTag: Readonly<Record<number, IdsMessage['type']>> = {
  4: 'ihave',
  5: 'iwant',
  6: 'gone',
  7: 'wantBatches',
}

/** The message as a value for canonical CBOR, profile `signed`. */
export function encodePubsubMessage(message: PubsubMessage): CborValue {
  switch (message.type) {
    case 'eager':
      return [0, ...positionValues(message), message.payload]
    case 'manifest':
      return [1, ...positionValues(message), message.length, message.leaves]
    case 'fragment':
      return [2, idToBytes(message.id), message.index, message.bytes]
    case 'batch':
      return [3, [message.signed.body, message.signed.signature]]
    case 'ihave':
    case 'iwant':
    case 'gone':
    case 'wantBatches':
      return [idsTag[message.type], message.ids.map(bytesOf)]
    case 'graft':
      return [8, idToBytes(message.source)]
    case 'prune':
      return [9, idToBytes(message.source)]
    case 'ack':
      return [10, message.ranges.map(ackValue)]
    case 'sync':
      return [11, message.nonce, message.fromOpener, message.heldSince, message.value]
  }
}

/**
 * The message of a decoded value. Payloads, leaves, fragments and signed bytes are views into what was decoded;
 * each is most of its frame, so whoever owns the frame may keep them.
 */
export function decodePubsubMessage(value: CborValue): Result<PubsubMessage, ShapeFault> {
  if (!isList(value, 7)) return badShape('pubsub')
  const tag = value[0]
  switch (tag) {
    case 0:
      return decodeEager(value)
    case 1:
      return decodeManifest(value)
    case 2:
      return decodeFragment(value)
    case 3: {
      const batch = value[1]
      if (value.length !== 2 || !isBatchValue(batch, signatureBytes)) return badShape('batch')
      return ok({ type: 'batch', signed: { body: batch[0], signature: batch[1] } })
    }
    case 4:
    case 5:
    case 6:
    case 7:
      return decodeIds(idsTypeByTag[tag]!, value)
    case 8:
    case 9: {
      if (!isTuple(value, 2) || !isBytes(value[1], idBytes)) return badShape('tree.source')
      return ok({ type: tag === 8 ? 'graft' : 'prune', source: peerIdFromBytes(value[1]) })
    }
    case 10:
      return decodeAck(value)
    case 11:
      return decodeSync(value)
    default:
      return badShape('pubsub.type')
  }
}

/** Ids whose bytes are kept. Source: our choice; an id is announced on several links within a moment. */
const keptIds = 2_048
const bytesById = new Map<MessageId, Bytes>()

/** The bytes of an id, made once for all links on which it is announced. Not to be changed. */
function bytesOf(id: MessageId): Bytes {
  let bytes = bytesById.get(id)
  if (bytes !== undefined) return bytes
  if (bytesById.size >= keptIds) bytesById.clear()
  bytes = idToBytes(id)
  bytesById.set(id, bytes)
  return bytes
}

function positionValues({ topic, author, stream, seq }: Position): CborValue[] {
  return [idToBytes(topic), idToBytes(author), idToBytes(stream), seq]
}

function decodePosition(value: readonly CborValue[]): Position | undefined {
  const [, topic, author, stream, seq] = value
  if (!isBytes(topic, idBytes) || !isBytes(author, idBytes)) return undefined
  if (!isBytes(stream, streamIdBytes) || !isUint(seq)) return undefined
  return {
    topic: topicIdFromBytes(topic),
    author: peerIdFromBytes(author),
    stream: streamIdFromBytes(stream),
    seq,
  }
}

function decodeEager(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const payload = value[5]
  if (value.length !== 6 || !isBytesUpTo(payload, fragmentBytes)) return badShape('eager.payload')
  const position = decodePosition(value)
  if (position === undefined) return badShape('eager')
  return ok({ type: 'eager', ...position, payload })
}

function decodeManifest(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const [length, leaves] = [value[5], value[6]]
  const position = decodePosition(value)
  if (value.length !== 7 || position === undefined) return badShape('manifest')
  if (!isUint(length, maxLeaves * fragmentBytes) || length <= fragmentBytes) {
    return badShape('manifest.length')
  }
  if (!isTuple(leaves, Math.ceil(length / fragmentBytes))) return badShape('manifest.leaves')
  const views: Uint8Array[] = []
  for (const leaf of leaves) {
    if (!isBytes(leaf, hashBytes)) return badShape('manifest.leaves')
    views.push(leaf)
  }
  return ok({ type: 'manifest', ...position, length, leaves: views })
}

function decodeFragment(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const [, id, index, bytes] = value
  if (value.length !== 4 || !isBytes(id, idBytes)) return badShape('fragment.id')
  if (!isUint(index, maxLeaves - 1)) return badShape('fragment.index')
  if (!isBytesUpTo(bytes, fragmentBytes) || bytes.length === 0) return badShape('fragment.bytes')
  return ok({ type: 'fragment', id: messageIdFromBytes(id), index, bytes })
}

function decodeIds(
  type: IdsMessage['type'],
  value: readonly CborValue[],
): Result<PubsubMessage, ShapeFault> {
  const list = value[1]
  if (value.length !== 2 || !isList(list, maxListedIds) || list.length === 0) {
    return badShape(`${type}.ids`)
  }
  const ids: MessageId[] = []
  for (const id of list) {
    if (!isBytes(id, idBytes)) return badShape(`${type}.ids`)
    ids.push(messageIdFromBytes(id))
  }
  return ok({ type, ids })
}

function ackValue({ topic, stream, first, count }: AckRange): CborValue {
  return [idToBytes(topic), idToBytes(stream), first, count]
}

function decodeAck(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const list = value[1]
  if (value.length !== 2 || !isList(list, maxAckRanges) || list.length === 0) {
    return badShape('ack.ranges')
  }
  const ranges: AckRange[] = []
  for (const range of list) {
    if (!isTuple(range, 4)) return badShape('ack.range')
    const [topic, stream, first, count] = range
    if (!isBytes(topic, idBytes) || !isBytes(stream, streamIdBytes)) return badShape('ack.range')
    if (!isUint(first) || !isUint(count, maxAckCount) || count === 0) return badShape('ack.range')
    ranges.push({
      topic: topicIdFromBytes(topic),
      stream: streamIdFromBytes(stream),
      first,
      count,
    })
  }
  return ok({ type: 'ack', ranges })
}

/** Most messages of one range of an ACK. Source: our choice; bounds the work that a range asks for. */
export const maxAckCount = 1_024

function decodeSync(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const [, nonce, fromOpener, heldSince, inner] = value
  if (value.length !== 5 || inner === undefined) return badShape('sync')
  if (!isUint(nonce, 0xffff_ffff)) return badShape('sync.nonce')
  if (typeof fromOpener !== 'boolean') return badShape('sync.fromOpener')
  if (!isUint(heldSince)) return badShape('sync.heldSince')
  return ok({ type: 'sync', nonce, fromOpener, heldSince, value: inner })
}
