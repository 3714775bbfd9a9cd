import type { Fault } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** A signed structure that is not to be believed. */
export type SignatureFault =
  | { readonly code: 'identity/key-length'; readonly gotBytes: number }
  | { readonly code: 'identity/signature-length'; readonly gotBytes: number }
  /** The key is not that of the peer whom the body names. */
  | { readonly code: 'identity/wrong-key'; readonly named: PeerId; readonly key: PeerId }
  | { readonly code: 'identity/bad-signature' }

/** Words that are not a recovery phrase. */
export interface PhraseFault extends Fault {
  readonly code: 'identity/bad-phrase'
  readonly reason: 'word-count' | 'unknown-word' | 'checksum'
  /** Position of the first unknown word, from 1. */
  readonly position?: number
}

/** Bytes that cannot be a key or a ciphertext of X-Wing. */
export interface KemFault extends Fault {
  readonly code: 'identity/kem-input'
  readonly what: 'public-key' | 'ciphertext'
}

/** Why a bound signature is refused. Both halves are always checked. */
export interface BoundSignatureFault extends Fault {
  readonly code: 'identity/bound-signature'
  readonly half: 'missing' | 'classical' | 'post-quantum' | 'both'
}

/** A rotation whose new key did not agree to it. */
export interface RotationFault extends Fault {
  readonly code: 'identity/not-accepted'
}

/** A job that no worker could finish. */
export interface WorkerFault extends Fault {
  readonly code: 'identity/worker-lost' | 'identity/worker-refused'
}

/** The host has no backend that passes its self-test. */
export interface BackendFault extends Fault {
  readonly code: 'identity/no-backend'
  readonly failed: readonly string[]
}

/** What can be wrong with a name, a password or a file of the keystore. */
export type KeystoreFault =
  | { readonly code: 'identity/bad-name'; readonly name: string }
  | { readonly code: 'identity/bad-alias'; readonly alias: string }
  | { readonly code: 'identity/exists'; readonly path: string }
  | { readonly code: 'identity/not-found'; readonly path: string }
  | { readonly code: 'identity/wrong-password'; readonly path: string }
  /** The file has a password and none was given, or an empty one. */
  | { readonly code: 'identity/password-needed'; readonly path: string }
  /** A password was given and the file has none: perhaps not the file that was meant. */
  | { readonly code: 'identity/not-protected'; readonly path: string }
  | { readonly code: 'identity/corrupt'; readonly path: string; readonly why: KeyFileDefect }
  | { readonly code: 'identity/no-file-system' }
  | { readonly code: 'identity/io'; readonly path: string; readonly system: string }

/** Which part of a key file is not as it must be. */
export type KeyFileDefect = 'length' | 'magic' | 'checksum' | 'header' | 'parameters' | 'contents'
