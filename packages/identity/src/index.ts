/**
 * Who a peer is and how it proves it: keys derived from one root, signatures with a domain each, the only
 * place where a value becomes `Verified`, key encapsulation, long-term signatures and an encrypted keystore.
 * Primitives run natively where Node has them and in JavaScript elsewhere; what would block the event loop
 * runs in workers.
 *
 * @packageDocumentation
 */
export {
  type Aead,
  aeadTagBytes,
  type Backend,
  type Digest,
  type Ed25519,
  type Encapsulation,
  type KemKeyPair,
  type MlDsa,
  type MlDsaKeyPair,
  type MlKem,
  mlKemCiphertextBytes,
  mlKemPublicKeyBytes,
  type SlhDsa,
  type SlhDsaSet,
  type X25519,
} from './backend.ts'
export {
  boundKey,
  type BoundKey,
  type BoundPublicKey,
  type BoundSignature,
  verifyBound,
} from './bound-signature.ts'
export { contextOf, type Domain, domains, type ForeignFormat } from './domain.ts'
export type {
  BackendFault,
  BoundSignatureFault,
  KemFault,
  KeyFileDefect,
  KeystoreFault,
  PhraseFault,
  RotationFault,
  SignatureFault,
  WorkerFault,
} from './faults.ts'
export { createIdentity, Identity, identityFromPhrase } from './identity.ts'
export {
  xWingCiphertextBytes,
  xWingEncapsulate,
  xWingKeyPair,
  type XWingKeyPair,
  xWingPublicKeyBytes,
  xWingSeedBytes,
} from './kem.ts'
export { defaultScryptCost, maxAliasLength, maxKeyFileBytes, type ScryptCost } from './key-file.ts'
export {
  changeKeystore,
  createKeystore,
  type CreatedKeystore,
  describeKeystore,
  exportKeystore,
  importKeystore,
  type KeystoreInfo,
  type KeystoreOptions,
  openKeystore,
  type Protection,
} from './keystore.ts'
export { isKeystoreName, type KeystoreEntry, KeystoreFolder } from './keystore-folder.ts'
export { nobleBackend } from './noble-backend.ts'
export { nodeBackend } from './node-backend.ts'
export { phraseOf, phraseWords, rootFromPhrase } from './recovery-phrase.ts'
export {
  decodeRotation,
  type Rotation,
  rotationKind,
  signRotation,
  verifyRotation,
} from './rotation.ts'
export { deriveSeed, rootBytes, seedBytesOf, type SeedPurpose } from './seeds.ts'
export { selectBackend, workingBackends } from './select-backend.ts'
export { selfTest } from './self-test.ts'
export { closeWorkers } from './shared-pool.ts'
export {
  type Claim,
  createMlDsaScheme,
  mlDsaScheme,
  type SignatureScheme,
  type SigningKey,
  verifyBatch,
} from './signature-scheme.ts'
export { type SlhDsaKey, slhDsaSets, SlhDsaSigner } from './slh-dsa.ts'
export {
  batchKind,
  descriptorKind,
  type ForeignKind,
  type SignedKind,
  verifyForeign,
  verifySigned,
  verifySignedSync,
} from './verify.ts'
