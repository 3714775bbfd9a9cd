import { ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborFault,
  type CborValue,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBatchValue,
  isBytes,
  isList,
  isTuple,
  isUint,
  type MessageId,
  messageIdFromBytes,
  publicKeyBytes,
  type ShapeFault,
  type Signed,
  signatureBytes,
  type TopicId,
  topicIdFromBytes,
} from '@kithnet/types'

/** Ids in one listing. Source: our choice: 17 KB. */
export const maxListedIds = 512
/** Messages in one answer. Source: our choice, a full batch. */
export const maxGivenMessages = 64
/** An answer ends with the message that passes this. Source: our choice; below a stream's longest message even so. */
export const givenBytes = 131_072

/** What a peer asks of another's history. */
export type HistoryRequest =
  /** Which messages stand from a position on? `after` is the message before it: when it is another, from the start. */
  | {
      readonly type: 'list'
      readonly topic: TopicId
      readonly from: number
      readonly after: MessageId | undefined
    }
  /** These, with what proves them. */
  | { readonly type: 'get'; readonly topic: TopicId; readonly positions: readonly number[] }

/** Ids of consecutive positions; `undefined` where nothing can be given. */
export interface Listing {
  readonly first: number
  readonly ids: readonly (MessageId | undefined)[]
  /** The position after the last that there is. */
  readonly end: number
}

/** Messages with their authors' signatures, as they were made. */
export interface Given {
  readonly keys: readonly Uint8Array[]
  readonly batches: readonly { readonly signed: Signed; readonly key: number }[]
  readonly messages: readonly {
    readonly batch: number
    readonly seq: number
    readonly carried: Uint8Array
  }[]
}

type Decoded<T> = Result<T, CborFault | ShapeFault>

const requestLimits = { maxBytes: 2_048, maxDepth: 2, maxItems: 80 }
const answerLimits = { maxBytes: 1_400_000, maxDepth: 4, maxItems: 1_024 }

export function encodeRequest(request: HistoryRequest): Uint8Array {
  const topic = idToBytes(request.topic)
  if (request.type === 'get') return encodeCbor([2, topic, request.positions])
  const after = request.after === undefined ? null : idToBytes(request.after)
  return encodeCbor([1, topic, request.from, after])
}

export function decodeRequest(bytes: Uint8Array): Decoded<HistoryRequest> {
  const decoded = decodeCbor(bytes, 'signed', requestLimits)
  if (!decoded.ok) return decoded
  const { value } = decoded
  if (isTuple(value, 4) && value[0] === 1) {
    const [, topic, from, after] = value
    if (!isBytes(topic, idBytes) || !isUint(from)) return badShape('list')
    if (after !== null && !isBytes(after, idBytes)) return badShape('list.after')
    return ok({
      type: 'list',
      topic: topicIdFromBytes(topic),
      from,
      after: after === null ? undefined : messageIdFromBytes(after),
    })
  }
  if (!isTuple(value, 3) || value[0] !== 2) return badShape('request')
  const [, topic, positions] = value
  if (!isBytes(topic, idBytes)) return badShape('get.topic')
  if (!isList(positions, maxGivenMessages) || !positions.every((one) => isUint(one))) {
    return badShape('get.positions')
  }
  return ok({ type: 'get', topic: topicIdFromBytes(topic), positions })
}

export function encodeListing({ first, ids, end }: Listing): Uint8Array {
  return encodeCbor([first, ids.map((id) => (id === undefined ? null : idToBytes(id))), end])
}

export function decodeListing(bytes: Uint8Array): Decoded<Listing> {
  const decoded = decodeCbor(bytes, 'signed', answerLimits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 3)) return badShape('listing')
  const [first, list, end] = decoded.value
  if (!isUint(first) || !isUint(end) || !isList(list, maxListedIds)) return badShape('listing')
  const ids: (MessageId | undefined)[] = []
  for (const id of list) {
    if (id !== null && !isBytes(id, idBytes)) return badShape('listing.ids')
    ids.push(id === null ? undefined : messageIdFromBytes(id))
  }
  return ok({ first, ids, end })
}

export function encodeGiven({ keys, batches, messages }: Given): Uint8Array {
  return encodeCbor([
    keys,
    batches.map(({ signed, key }): CborValue => [[signed.body, signed.signature], key]),
    messages.map(({ batch, seq, carried }): CborValue => [batch, seq, carried]),
  ])
}

/** Byte strings are views into `bytes`. */
export function decodeGiven(bytes: Uint8Array): Decoded<Given> {
  const decoded = decodeCbor(bytes, 'signed', answerLimits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 3)) return badShape('given')
  const [keyList, batchList, messageList] = decoded.value
  const most = maxGivenMessages
  if (!isList(keyList, most) || !isList(batchList, most) || !isList(messageList, most)) {
    return badShape('given')
  }
  const keys: Uint8Array[] = []
  for (const key of keyList) {
    if (!isBytes(key, publicKeyBytes)) return badShape('given.keys')
    keys.push(key)
  }
  const batches: Given['batches'][number][] = []
  for (const one of batchList) {
    if (!isTuple(one, 2) || !isUint(one[1], keys.length - 1)) return badShape('given.batches')
    const [value, key] = one
    if (!isBatchValue(value, signatureBytes)) return badShape('given.batches')
    batches.push({ signed: { body: value[0], signature: value[1] }, key })
  }
  const messages: Given['messages'][number][] = []
  for (const one of messageList) {
    if (!isTuple(one, 3)) return badShape('given.messages')
    const [batch, seq, carried] = one
    const isPlaced = isUint(batch, batches.length - 1) && isUint(seq)
    if (!isPlaced || !(carried instanceof Uint8Array)) return badShape('given.messages')
    messages.push({ batch, seq, carried })
  }
  return ok({ keys, batches, messages })
}
