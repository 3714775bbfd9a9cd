import { type Bytes, concat, type EpochMs, epochMs, ok, type Result } from '@kithnet/kernel'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'
import type { CborFault } from './cbor-scan.ts'
import { hash } from './hash.ts'
import {
  type BatchId,
  batchIdFromBytes,
  idBytes,
  idToBytes,
  type MessageId,
  messageIdFromBytes,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
  type StreamId,
  streamIdBytes,
  streamIdFromBytes,
  type TopicId,
  topicIdFromBytes,
} from './ids.ts'
import { badShape, isBytes, isList, isTuple, isUint, type ShapeFault } from './shape.ts'

/** Most messages that one signature covers. Source: papers on batch signing, design 3; ADR-0004. */
export const maxBatchMessages = 64

/** Bytes of a fragment. Fragmentation never changes a message's id. Source: our choice, ADR-0003. */
export const fragmentBytes = 65_536

/** Longest body of a batch: 64 ids of 34 bytes and the fixed fields. */
export const maxBatchBodyBytes = 2_500

/** What one signature says: these messages, in this order, are mine. */
export interface Batch {
  readonly network: NetworkId
  readonly author: PeerId
  readonly stream: StreamId
  readonly topic: TopicId
  /** Sequence number of the first message; the others follow. Counts from 0 per (author, stream, topic). */
  readonly firstSeq: number
  /** 1 to 64 message ids. */
  readonly ids: readonly MessageId[]
  /** The author's hybrid logical clock when it signed, in milliseconds since 1970. */
  readonly hlc: EpochMs
  /** The batch before this one in the same (author, stream, topic). */
  readonly prev: BatchId | undefined
}

/** The exact bytes that are signed. */
export function encodeBatch(batch: Batch): Bytes {
  return encodeCbor([
    1,
    idToBytes(batch.network),
    idToBytes(batch.author),
    idToBytes(batch.stream),
    idToBytes(batch.topic),
    batch.firstSeq,
    batch.ids.map(idToBytes),
    batch.hlc,
    batch.prev === undefined ? null : idToBytes(batch.prev),
  ])
}

/** The batch of a body. Says nothing about the signature. */
export function decodeBatch(body: Uint8Array): Result<Batch, CborFault | ShapeFault> {
  const decoded = decodeCbor(body, 'signed', {
    maxBytes: maxBatchBodyBytes,
    maxDepth: 2,
    maxItems: 80,
  })
  if (!decoded.ok) return decoded
  const value = decoded.value
  if (!isTuple(value, 9)) return badShape('batch')
  const [version, network, author, stream, topic, firstSeq, ids, hlc, prev] = value
  if (version !== 1) return badShape('batch.version')
  if (!isBytes(network, idBytes)) return badShape('batch.network')
  if (!isBytes(author, idBytes)) return badShape('batch.author')
  if (!isBytes(stream, streamIdBytes)) return badShape('batch.stream')
  if (!isBytes(topic, idBytes)) return badShape('batch.topic')
  if (!isUint(firstSeq, Number.MAX_SAFE_INTEGER - maxBatchMessages))
    return badShape('batch.firstSeq')
  if (!isList(ids, maxBatchMessages) || ids.length === 0) return badShape('batch.ids')
  const messageIds: MessageId[] = []
  for (const id of ids) {
    if (!isBytes(id, idBytes)) return badShape('batch.ids')
    messageIds.push(messageIdFromBytes(id))
  }
  if (!isUint(hlc)) return badShape('batch.hlc')
  if (prev !== null && !isBytes(prev, idBytes)) return badShape('batch.prev')
  return ok({
    network: networkIdFromBytes(network),
    author: peerIdFromBytes(author),
    stream: streamIdFromBytes(stream),
    topic: topicIdFromBytes(topic),
    firstSeq,
    ids: messageIds,
    hlc: epochMs(hlc),
    prev: prev === null ? undefined : batchIdFromBytes(prev),
  })
}

/** Who says what, where, and when in order: everything that a message's id covers. */
export interface MessageHeader {
  readonly network: NetworkId
  readonly topic: TopicId
  readonly author: PeerId
  readonly stream: StreamId
  readonly seq: number
}

/** The id of a message: covers its header and the root over its fragments. */
export function messageIdOf(header: MessageHeader, content: Uint8Array): MessageId {
  return messageIdFromBytes(hash('message', placeOf(header), u64(header.seq), content))
}

/** Bytes of network, topic, author and stream, which many messages share. */
const placeByName = new Map<string, Bytes>()

/** Source: our choice; some 400 bytes each. */
const maxPlaces = 1_024

function placeOf({ network, topic, author, stream }: MessageHeader): Bytes {
  const name = network + topic + author + stream
  let place = placeByName.get(name)
  if (place === undefined) {
    if (placeByName.size >= maxPlaces) placeByName.clear()
    place = concat(idToBytes(network), idToBytes(topic), idToBytes(author), idToBytes(stream))
    placeByName.set(name, place)
  }
  return place
}

/** The root over a payload's fragments of 64 KiB: total length, then the hash of each fragment in order. */
export function contentOf(payload: Uint8Array): Bytes {
  const leaves: Uint8Array[] = []
  for (let at = 0; at === 0 || at < payload.length; at += fragmentBytes) {
    leaves.push(hash('fragment', payload.subarray(at, at + fragmentBytes)))
  }
  return hash('content', u64(payload.length), ...leaves)
}

function u64(value: number): Bytes {
  const bytes = new Uint8Array(8)
  let rest = value
  for (let index = 7; index >= 0 && rest > 0; index--) {
    bytes[index] = rest
    rest = Math.floor(rest / 256)
  }
  return bytes
}

/** A batch as it travels. */
export type BatchValue = readonly [body: Uint8Array, signature: Uint8Array]

/** The value of a batch on the wire, for a codec. */
export function isBatchValue(
  value: CborValue | undefined,
  signatureLength: number,
): value is BatchValue {
  return (
    isTuple(value, 2) &&
    value[0] instanceof Uint8Array &&
    value[0].length <= maxBatchBodyBytes &&
    isBytes(value[1], signatureLength)
  )
}
