import type { Bytes, Effect, Fired, Instant, Machine } from '@kithnet/kernel'
import type { NetworkId, PeerId } from '@kithnet/types'
import type { ChannelFault } from './faults.ts'
import { encodeFrame, type Frame } from './frames.ts'
import type { Role } from './key-schedule.ts'
import { encodeProof, type Proof } from './messages.ts'
import { type ChannelPrimitives, type ChannelSuite, cipherOf } from './primitives.ts'

/** What happens to a handshake. Signing and verifying are answers to what it asked for. */
export type HandshakeEvent =
  | { readonly type: 'started' }
  | { readonly type: 'received'; readonly frame: Frame }
  | { readonly type: 'signed'; readonly signature: Uint8Array }
  | { readonly type: 'verified'; readonly valid: boolean }
  /** The carrier will deliver no more. */
  | { readonly type: 'ended' }

/** What a handshake tells its driver. */
export type HandshakeOutput =
  /** Sign in the domain `handshake`; answer with `signed`. */
  | { readonly type: 'sign'; readonly body: Bytes }
  /** Check in the domain `handshake`; answer with `verified`. */
  | {
      readonly type: 'verify'
      readonly publicKey: Bytes
      readonly body: Bytes
      readonly signature: Bytes
    }
  | { readonly type: 'established'; readonly session: ChannelSession }
  | { readonly type: 'failed'; readonly fault: ChannelFault }

/** The result: who the other end is, and the secrets shared with it. */
export interface ChannelSession {
  readonly role: Role
  readonly suite: ChannelSuite
  readonly remote: PeerId
  /** The ML-DSA-65 public key, 1,952 bytes, whose hash `remote` is. */
  readonly remoteKey: Bytes
  readonly sendSecret: Bytes
  readonly receiveSecret: Bytes
  /** Equal at both ends of this channel and of no other. */
  readonly exporter: Bytes
}

/** What both roles are given. */
export interface HandshakeConfig {
  readonly primitives: ChannelPrimitives
  readonly network: NetworkId
  /** The carrier's exporter, or `none:<kind>`; at most 64 bytes. */
  readonly label: Uint8Array
  readonly self: PeerId
  /** Our ML-DSA-65 public key. */
  readonly selfKey: Uint8Array
  /** Protocol versions that we speak. */
  readonly versions: readonly number[]
  /** Suites that we accept, the most wanted first. */
  readonly suites: readonly ChannelSuite[]
}

/** An effect of a handshake; it speaks to one carrier and has one timer. */
export type HandshakeEffect = Effect<'carrier', Bytes, 'timeout', HandshakeOutput>

/** A handshake of either role. */
export interface Handshake extends Machine<
  HandshakeEvent,
  'carrier',
  Bytes,
  'timeout',
  HandshakeOutput
> {
  /** True while an answer from outside (a signature, a check) must come before the next frame. */
  readonly busy: boolean
  on(event: HandshakeEvent | Fired<'timeout'>, now: Instant): readonly HandshakeEffect[]
}

/** Longest handshake. Source: architecture, section 5. */
export const handshakeTimeoutMs = 5_000

/** Each handshake key seals one message, so its nonce is fixed. */
const proofNonce = new Uint8Array(12)

/** A proof, sealed for the other end. The transcript is its associated data. */
export function sealProof(
  primitives: ChannelPrimitives,
  suite: ChannelSuite,
  key: Uint8Array,
  transcript: Uint8Array,
  proof: Proof,
): Bytes {
  return cipherOf(primitives, suite).seal(key, proofNonce, encodeProof(proof), transcript)
}

/** The bytes of a sealed proof, or `undefined` when it was not sealed under this key and transcript. */
export function openProof(
  primitives: ChannelPrimitives,
  suite: ChannelSuite,
  key: Uint8Array,
  transcript: Uint8Array,
  sealed: Uint8Array,
): Bytes | undefined {
  return cipherOf(primitives, suite).open(key, proofNonce, sealed, transcript)
}

/** Sends a frame. */
export function sendFrame(kind: number, body: Uint8Array): HandshakeEffect {
  return { type: 'send', to: 'carrier', message: encodeFrame(kind, body) }
}

/** Tells the driver. */
export function emitOutput(output: HandshakeOutput): HandshakeEffect {
  return { type: 'emit', output }
}
