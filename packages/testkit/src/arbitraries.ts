import type { Bytes } from '@kithnet/kernel'
import {
  type BatchId,
  batchIdFromBytes,
  idBytes,
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
} from '@kithnet/types'
import fc from 'fast-check'

/** A source of random values that shrink. */
export type Arbitrary<T> = fc.Arbitrary<T>

/** Any bytes up to a length. */
export function anyBytes(maxLength: number): Arbitrary<Bytes> {
  return fc.uint8Array({ maxLength, size: 'max' }).map((bytes) => Uint8Array.from(bytes))
}

/** Any bytes of exactly this length. */
export function bytesOf(length: number): Arbitrary<Bytes> {
  return fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => Uint8Array.from(bytes))
}

export const anyPeerId: Arbitrary<PeerId> = bytesOf(idBytes).map(peerIdFromBytes)
export const anyTopicId: Arbitrary<TopicId> = bytesOf(idBytes).map(topicIdFromBytes)
export const anyNetworkId: Arbitrary<NetworkId> = bytesOf(idBytes).map(networkIdFromBytes)
export const anyMessageId: Arbitrary<MessageId> = bytesOf(idBytes).map(messageIdFromBytes)
export const anyBatchId: Arbitrary<BatchId> = bytesOf(idBytes).map(batchIdFromBytes)
export const anyStreamId: Arbitrary<StreamId> = bytesOf(streamIdBytes).map(streamIdFromBytes)

/** A list of values, up to a length. */
export function listOf<T>(item: Arbitrary<T>, maxLength: number): Arbitrary<T[]> {
  return fc.array(item, { maxLength })
}

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): Arbitrary<number> {
  return fc.integer({ min: least, max: most })
}

/** Both values at once. */
export function pairOf<A, B>(first: Arbitrary<A>, second: Arbitrary<B>): Arbitrary<[A, B]> {
  return fc.tuple(first, second)
}

/** Checks a property of many values; a failing one is shrunk and printed with its seed. */
export function forAll<T>(
  values: Arbitrary<T>,
  check: (value: T) => void,
  options: { readonly runs?: number } = {},
): void {
  fc.assert(fc.property(values, check), {
    numRuns: options.runs ?? 100,
    includeErrorInReport: true,
  })
}
