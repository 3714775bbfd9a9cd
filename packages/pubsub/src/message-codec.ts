import { ok, type Result } from '@kithnet/kernel'
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
  type PeerId,
  type ShapeFault,
  signatureBytes,
  streamIdBytes,
  streamIdFromBytes,
  type StreamId,
  topicIdFromBytes,
  type TopicId,
} from '@kithnet/types'
import { maxAckRanges, maxListedIds, maxListedPrefixes } from './config.ts'
import { packPrefixes, prefixBytes, unpackPrefixes } from './id-prefix.ts'
import type { AckRange, Position, PrefixesMessage, PubsubMessage } from './messages.ts'

/** Most fragments that a manifest may list. Source: our choice: 16 MiB, whatever a node's own bound is. */
const maxLeaves = 256

const prefixesTag = { ihave: 4, iwant: 5, gone: 6 } as const
const prefixesTypeByTag = { 4: 'ihave', 5: 'iwant', 6: 'gone' } as const

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
      return [prefixesTag[message.type], packPrefixes(message.prefixes)]
    case 'wantBatches':
      return [7, message.ids.map(idToBytes)]
    case 'wantFragments':
      return [12, idToBytes(message.id), message.indexes]
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
      return decodePrefixes(prefixesTypeByTag[tag], value)
    case 7:
      return decodeWantBatches(value)
    case 8:
    case 9: {
      if (!isTuple(value, 2) || !isBytes(value[1], idBytes)) return badShape('tree.source')
      return ok({ type: tag === 8 ? 'graft' : 'prune', source: peerIdFromBytes(value[1]) })
    }
    case 10:
      return decodeAck(value)
    case 11:
      return decodeSync(value)
    case 12:
      return decodeWantFragments(value)
    default:
      return badShape('pubsub.type')
  }
}

function positionValues({ topic, author, stream, seq }: Position): CborValue[] {
  return [idToBytes(topic), idToBytes(author), idToBytes(stream), seq]
}

function decodePosition(value: readonly CborValue[]): Position | undefined {
  const [, topic, author, stream, seq] = value
  if (!isBytes(topic, idBytes) || !isBytes(author, idBytes)) return undefined
  if (!isBytes(stream, streamIdBytes) || !isUint(seq)) return undefined
  return {
    topic: interned(topics, topicIdFromBytes(topic)),
    author: interned(authors, peerIdFromBytes(author)),
    stream: interned(streams, streamIdFromBytes(stream)),
    seq,
  }
}

/** Ids of one kind that stand in messages lately. Source: our choice. */
const internedIds = 1_024
const topics = new Map<TopicId, TopicId>()
const authors = new Map<PeerId, PeerId>()
const streams = new Map<StreamId, StreamId>()

/** The same text for the same id: a message that is kept holds no copies, and maps compare it at a glance. */
function interned<Id>(known: Map<Id, Id>, id: Id): Id {
  const same = known.get(id)
  if (same !== undefined) return same
  if (known.size >= internedIds) known.clear()
  known.set(id, id)
  return id
}

function decodeEager(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const payload = value[5]
  if (value.length !== 6 || !isBytesUpTo(payload, fragmentBytes)) return badShape('eager.payload')
  const position = decodePosition(value)
  if (position === undefined) return badShape('eager')
  const { topic, author, stream, seq } = position
  // A literal with all its fields: an object that grows takes twice the memory.
  return ok({ type: 'eager', topic, author, stream, seq, payload })
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

function decodeWantFragments(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const [, id, list] = value
  if (value.length !== 3 || !isBytes(id, idBytes)) return badShape('wantFragments.id')
  if (!isList(list, maxLeaves) || list.length === 0) return badShape('wantFragments.indexes')
  const indexes: number[] = []
  for (const index of list) {
    if (!isUint(index, maxLeaves - 1)) return badShape('wantFragments.indexes')
    indexes.push(index)
  }
  return ok({ type: 'wantFragments', id: messageIdFromBytes(id), indexes })
}

function decodePrefixes(
  type: PrefixesMessage['type'],
  value: readonly CborValue[],
): Result<PubsubMessage, ShapeFault> {
  const packed = value[1]
  if (value.length !== 2 || !isBytesUpTo(packed, maxListedPrefixes * prefixBytes)) {
    return badShape(`${type}.prefixes`)
  }
  if (packed.length === 0 || packed.length % prefixBytes !== 0) return badShape(`${type}.prefixes`)
  return ok({ type, prefixes: unpackPrefixes(packed) })
}

function decodeWantBatches(value: readonly CborValue[]): Result<PubsubMessage, ShapeFault> {
  const list = value[1]
  if (value.length !== 2 || !isList(list, maxListedIds) || list.length === 0) {
    return badShape('wantBatches.ids')
  }
  const ids: MessageId[] = []
  for (const id of list) {
    if (!isBytes(id, idBytes)) return badShape('wantBatches.ids')
    ids.push(messageIdFromBytes(id))
  }
  return ok({ type: 'wantBatches', ids })
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
