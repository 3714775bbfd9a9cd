import { assert, type Brand, type Bytes, fromHex, toHex, utf8 } from '@kithnet/kernel'
import { hash } from './hash.ts'

/** A peer: the hash of its ML-DSA-65 public key. 32 bytes; 64 lower-case hex digits in memory. */
export type PeerId = Brand<string, 'PeerId'>
/** A topic of one network. 32 bytes. */
export type TopicId = Brand<string, 'TopicId'>
/** A message: the hash of who, where, when in order, and what. 32 bytes. */
export type MessageId = Brand<string, 'MessageId'>
/** A signed batch: the hash of its body and its signature, so that a forged signature has another id. 32 bytes. */
export type BatchId = Brand<string, 'BatchId'>
/** One run of one author's process: 16 random bytes, drawn at its start. */
export type StreamId = Brand<string, 'StreamId'>
/** A network: peers of different networks never exchange a message. 32 bytes. */
export type NetworkId = Brand<string, 'NetworkId'>

/** Bytes of every id but `StreamId`. */
export const idBytes = 32
/** Bytes of a `StreamId`. */
export const streamIdBytes = 16

/** The id of a network by its name. */
export function networkId(name: string): NetworkId {
  return toHex(hash('network', utf8(name))) as NetworkId
}

/**
 * The id of a topic by its name, within a network. An ephemeral topic is another than the lasting one of the same
 * name: its id is odd, so that whoever relays it knows that nothing of it is to be kept.
 */
export function topicId(network: NetworkId, name: string, ephemeral = false): TopicId {
  const digest = hash('topic', idToBytes(network), utf8(name))
  digest[idBytes - 1] = (digest[idBytes - 1]! & 0xfe) | (ephemeral ? 1 : 0)
  return toHex(digest) as TopicId
}

/** True when the messages of a topic are forwarded and not kept. */
export function isEphemeral(topic: TopicId): boolean {
  return '13579bdf'.includes(topic[idBytes * 2 - 1]!)
}

/** The id of the holder of an ML-DSA-65 public key (1,952 bytes). */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  return toHex(hash('peer', publicKey)) as PeerId
}

/** The id of a signed batch. */
export function batchIdOf(body: Uint8Array, signature: Uint8Array): BatchId {
  return toHex(hash('batch', body, signature)) as BatchId
}

/** The fixed-width bytes of any id. */
export function idToBytes(
  id: PeerId | TopicId | MessageId | BatchId | StreamId | NetworkId,
): Bytes {
  const bytes = fromHex(id)
  assert(bytes !== undefined, 'an id is hexadecimal')
  return bytes
}

/** @throws when `bytes` are not 32: a decoder checks first. */
export function peerIdFromBytes(bytes: Uint8Array): PeerId {
  return checkedHex(bytes, idBytes) as PeerId
}
/** @throws when `bytes` are not 32: a decoder checks first. */
export function topicIdFromBytes(bytes: Uint8Array): TopicId {
  return checkedHex(bytes, idBytes) as TopicId
}
/** @throws when `bytes` are not 32: a decoder checks first. */
export function messageIdFromBytes(bytes: Uint8Array): MessageId {
  return checkedHex(bytes, idBytes) as MessageId
}
/** @throws when `bytes` are not 32: a decoder checks first. */
export function batchIdFromBytes(bytes: Uint8Array): BatchId {
  return checkedHex(bytes, idBytes) as BatchId
}
/** @throws when `bytes` are not 16: a decoder checks first. */
export function streamIdFromBytes(bytes: Uint8Array): StreamId {
  return checkedHex(bytes, streamIdBytes) as StreamId
}
/** @throws when `bytes` are not 32: a decoder checks first. */
export function networkIdFromBytes(bytes: Uint8Array): NetworkId {
  return checkedHex(bytes, idBytes) as NetworkId
}

/** The peer id that a person typed, or `undefined`: 64 lower-case hex digits. */
export function parsePeerId(text: string): PeerId | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as PeerId) : undefined
}

/** The first eight digits: for people, never for comparing. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

function checkedHex(bytes: Uint8Array, length: number): string {
  assert(bytes.length === length, `an id has ${length} bytes`)
  return toHex(bytes)
}
