import { assert, type Bytes, concat, utf8, wipe } from '@kithnet/kernel'
import { idToBytes, type NetworkId, type PeerId } from '@kithnet/types'
import { networkTagBytes } from './messages.ts'
import type { ChannelPrimitives } from './primitives.ts'

/** Begins every label of the key schedule and every signed text. */
const prefix = 'kithnet/1/pq-channel/'

/** Bytes of every secret, key and hash here. */
const secretBytes = 32
const zeros = new Uint8Array(secretBytes)

/** Which end of a channel. */
export type Role = 'initiator' | 'responder'

/** Longest channel label. Source: our choice; an exporter gives 32 bytes. */
const maxLabelBytes = 64

/**
 * The transcript before any message: what both ends must agree on without saying it.
 * `label` is the carrier's exporter where it has one, else `none:<kind>`.
 */
export function openingHash(
  { sha256 }: ChannelPrimitives,
  network: NetworkId,
  label: Uint8Array,
): Bytes {
  assert(label.length <= maxLabelBytes, 'a channel label has at most 64 bytes')
  return sha256(
    concat(
      utf8(`${prefix}transcript\0`),
      idToBytes(network),
      new Uint8Array([label.length]),
      label,
    ),
  )
}

/** The transcript continued by a part that was sent: SHA-256 of the hash so far and the part. */
export function nextHash(
  { sha256 }: ChannelPrimitives,
  hash: Uint8Array,
  ...parts: readonly Uint8Array[]
): Bytes {
  return sha256(concat(hash, ...parts))
}

/** Shows knowledge of the network id without saying it. */
export function networkTag(
  { sha256, hmacSha256 }: ChannelPrimitives,
  network: NetworkId,
  helloFields: Uint8Array,
): Bytes {
  const key = sha256(concat(utf8(`${prefix}network\0`), idToBytes(network)))
  return hmacSha256(key, helloFields).slice(0, networkTagBytes)
}

/** What both ends put into the key schedule. */
export interface SharedInput {
  readonly mlKemSecret: Uint8Array
  readonly x25519Secret: Uint8Array
  readonly ciphertext: Uint8Array
  readonly mlKemKey: Uint8Array
  readonly initiatorShare: Uint8Array
  readonly responderShare: Uint8Array
}

/** The keys that protect the two proofs, and what traffic keys are made from. */
export interface HandshakeKeys {
  readonly responderSeal: Bytes
  readonly initiatorSeal: Bytes
  readonly responderFinish: Bytes
  readonly initiatorFinish: Bytes
  readonly master: Bytes
}

/**
 * Both shared secrets, with the ciphertext and all public shares bound in, so that the result is secret when
 * either secret is, and differs when any share does. Wipes the two secrets that it was given.
 */
export function handshakeKeys(
  primitives: ChannelPrimitives,
  shared: SharedInput,
  transcript: Uint8Array,
): HandshakeKeys {
  const { sha256, hmacSha256 } = primitives
  const shares = sha256(
    concat(shared.ciphertext, shared.mlKemKey, shared.initiatorShare, shared.responderShare),
  )
  const input = concat(shared.mlKemSecret, shared.x25519Secret, shares)
  const early = hmacSha256(zeros, zeros)
  const handshake = hmacSha256(expand(primitives, early, 'derived'), input)
  const derived = expand(primitives, handshake, 'derived')
  const keys: HandshakeKeys = {
    responderSeal: expand(primitives, handshake, 'seal r', transcript),
    initiatorSeal: expand(primitives, handshake, 'seal i', transcript),
    responderFinish: expand(primitives, handshake, 'finish r', transcript),
    initiatorFinish: expand(primitives, handshake, 'finish i', transcript),
    master: hmacSha256(derived, zeros),
  }
  wipe(shared.mlKemSecret, shared.x25519Secret, input, handshake, derived)
  return keys
}

/** The secrets of an established channel. */
export interface TrafficSecrets {
  readonly initiator: Bytes
  readonly responder: Bytes
  /** For what is built on the channel: equal at both ends of this channel and of no other. */
  readonly exporter: Bytes
}

/** The traffic secrets after the last handshake message. Wipes the master secret. */
export function trafficSecrets(
  primitives: ChannelPrimitives,
  master: Bytes,
  transcript: Uint8Array,
): TrafficSecrets {
  const secrets: TrafficSecrets = {
    initiator: expand(primitives, master, 'traffic i', transcript),
    responder: expand(primitives, master, 'traffic r', transcript),
    exporter: expand(primitives, master, 'exporter', transcript),
  }
  wipe(master)
  return secrets
}

/** Key and nonce base of one direction's records. */
export interface RecordKeys {
  readonly key: Bytes
  readonly iv: Bytes
}

/** Bytes of an AEAD nonce. Source: RFC 8439 section 2.8, SP 800-38D. */
export const recordNonceBytes = 12

/** The record keys of a traffic secret. */
export function recordKeys(primitives: ChannelPrimitives, secret: Uint8Array): RecordKeys {
  return {
    key: expand(primitives, secret, 'key'),
    iv: expand(primitives, secret, 'iv').slice(0, recordNonceBytes),
  }
}

/** The traffic secret after this one; from it, this one cannot be found. */
export function ratcheted(primitives: ChannelPrimitives, secret: Uint8Array): Bytes {
  return expand(primitives, secret, 'ratchet')
}

/** What the responder signs: the transcript through its own shares, and who it is. */
export function responderStatement(transcript: Uint8Array, responder: PeerId): Bytes {
  return concat(utf8(`${prefix}responder\0`), transcript, idToBytes(responder))
}

/** What the initiator signs: the transcript through the whole answer, and who both are. */
export function initiatorStatement(
  transcript: Uint8Array,
  initiator: PeerId,
  responder: PeerId,
): Bytes {
  return concat(
    utf8(`${prefix}initiator\0`),
    transcript,
    idToBytes(initiator),
    idToBytes(responder),
  )
}

/** Proves that a side has the handshake's keys, bound to who it says it is. */
export function finishTag(
  { hmacSha256 }: ChannelPrimitives,
  key: Uint8Array,
  transcript: Uint8Array,
  peer: PeerId,
  signature: Uint8Array,
): Bytes {
  return hmacSha256(key, concat(transcript, idToBytes(peer), signature))
}

/** HKDF-Expand of at most one block. Source: RFC 5869 section 2.3. */
function expand(
  { hmacSha256 }: ChannelPrimitives,
  secret: Uint8Array,
  label: string,
  context: Uint8Array = new Uint8Array(0),
): Bytes {
  return hmacSha256(secret, concat(utf8(`${prefix}${label}\0`), context, new Uint8Array([1])))
}
