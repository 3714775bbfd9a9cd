import type { Bytes } from '@kithnet/kernel'

/**
 * The primitives that everything above is made of, behind one interface. Every backend turns the same seeds
 * into the same keys, and each verifies what another signed. Lengths are the caller's to check: a wrong one
 * throws. Bytes from a peer never throw: they give `false` or `undefined`.
 */
export interface Backend {
  /** `node`: everything native. `node+noble`: symmetric native, the rest in JavaScript. `noble`: all in JavaScript. */
  readonly name: 'node' | 'node+noble' | 'noble'
  /** True when ML-DSA runs natively, so that a signature costs well below a millisecond. */
  readonly nativeSignatures: boolean
  readonly mlDsa65: MlDsa
  readonly mlKem768: MlKem
  readonly slhDsa: SlhDsa
  readonly x25519: X25519
  readonly ed25519: Ed25519
  readonly aes256Gcm: Aead
  readonly chaCha20Poly1305: Aead
  readonly xChaCha20Poly1305: Aead
  readonly sha256: Digest
  readonly sha3_256: Digest
  /** `length` bytes of SHAKE256. Source: FIPS 202. */
  shake256(message: Uint8Array, length: number): Bytes
  hmacSha256(key: Uint8Array, message: Uint8Array): Bytes
  /** Source: RFC 5869. `length` at most 8,160. */
  hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Bytes
}

/** A hash function with 32 bytes of output. */
export type Digest = (message: Uint8Array) => Bytes

/** ML-DSA-65. Source: FIPS 204, pure mode, hedged signing. */
export interface MlDsa {
  /** The key pair of a 32-byte seed. */
  keyPair(seed: Uint8Array): MlDsaKeyPair
  verify(
    publicKey: Uint8Array,
    message: Uint8Array,
    context: Uint8Array,
    signature: Uint8Array,
  ): boolean
  /** The same on another thread, where the host has a pool for it. */
  readonly verifyOffThread?: (
    publicKey: Uint8Array,
    message: Uint8Array,
    context: Uint8Array,
    signature: Uint8Array,
  ) => Promise<boolean>
}

/** An ML-DSA-65 key pair. Disposing wipes what the host lets us wipe. */
export interface MlDsaKeyPair extends Disposable {
  /** 1,952 bytes. */
  readonly publicKey: Bytes
  /** 3,309 bytes. Blocks: 0.6 ms native, 5 ms in JavaScript. */
  sign(message: Uint8Array, context: Uint8Array): Bytes
  /** The same on another thread, where the host has a pool for it. */
  readonly signOffThread?: (message: Uint8Array, context: Uint8Array) => Promise<Bytes>
}

/** ML-KEM-768. Source: FIPS 203. */
export interface MlKem {
  /** The key pair of a 64-byte seed, d then z. */
  keyPair(seed: Uint8Array): KemKeyPair
  /** `undefined` when the public key is not one. `randomness`, 32 bytes, only to reproduce a known answer. */
  encapsulate(publicKey: Uint8Array, randomness?: Uint8Array): Encapsulation | undefined
}

/** The holder's half of a key encapsulation mechanism. */
export interface KemKeyPair extends Disposable {
  readonly publicKey: Bytes
  /** `undefined` when the ciphertext cannot be one; a tampered one gives an unrelated secret. */
  decapsulate(ciphertext: Uint8Array): Bytes | undefined
}

/** A shared secret, and what lets the holder of the key find it. */
export interface Encapsulation {
  readonly ciphertext: Bytes
  readonly sharedSecret: Bytes
}

/** The parameter sets of SLH-DSA. Source: FIPS 205 table 2. */
export type SlhDsaSet = `slh-dsa-${'sha2' | 'shake'}-${128 | 192 | 256}${'s' | 'f'}`

/** SLH-DSA. Source: FIPS 205, pure mode, hedged signing. Slow: milliseconds to seconds, so only ever in a worker. */
export interface SlhDsa {
  /** The key pair of a seed of 3n bytes: SK.seed, SK.prf, PK.seed. */
  keyPair(
    set: SlhDsaSet,
    seed: Uint8Array,
  ): { readonly publicKey: Bytes; readonly secretKey: Bytes }
  sign(set: SlhDsaSet, secretKey: Uint8Array, message: Uint8Array, context: Uint8Array): Bytes
  verify(
    set: SlhDsaSet,
    publicKey: Uint8Array,
    message: Uint8Array,
    context: Uint8Array,
    signature: Uint8Array,
  ): boolean
}

/** X25519. Source: RFC 7748. */
export interface X25519 {
  publicKey(secret: Uint8Array): Bytes
  /** `undefined` when the other key has low order, so that the result would not depend on our secret. */
  sharedSecret(secret: Uint8Array, publicKey: Uint8Array): Bytes | undefined
}

/** Ed25519. Source: RFC 8032. Only for formats that ask for it, never alone. */
export interface Ed25519 {
  publicKey(seed: Uint8Array): Bytes
  sign(seed: Uint8Array, message: Uint8Array): Bytes
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** Authenticated encryption with a 32-byte key and a 16-byte tag at the end. */
export interface Aead {
  readonly nonceBytes: number
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated?: Uint8Array): Bytes
  /** `undefined` when key, nonce, bytes or associated data are not those that were sealed. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    sealed: Uint8Array,
    associated?: Uint8Array,
  ): Bytes | undefined
}

/** Bytes of an AEAD's tag. Source: RFC 8439 section 2.8, SP 800-38D. */
export const aeadTagBytes = 16
/** Bytes of an ML-KEM-768 public key. Source: FIPS 203 table 3. */
export const mlKemPublicKeyBytes = 1184
/** Bytes of an ML-KEM-768 ciphertext. Source: FIPS 203 table 3. */
export const mlKemCiphertextBytes = 1088
