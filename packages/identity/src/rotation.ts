import { type Bytes, type EpochMs, epochMs, fail, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborFault,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytes,
  isTuple,
  isUint,
  type PeerId,
  peerIdFromBytes,
  peerIdOf,
  publicKeyBytes,
  type ShapeFault,
  type Signed,
  signatureBytes,
  type Verified,
} from '@kithnet/types'
import type { RotationFault, SignatureFault } from './faults.ts'
import type { Identity } from './identity.ts'
import { mlDsaScheme, type SignatureScheme } from './signature-scheme.ts'
import { type SignedKind, verifySigned } from './verify.ts'

/** An old key's statement that a new one succeeds it, which the new one has accepted. */
export interface Rotation {
  readonly from: PeerId
  readonly to: PeerId
  /** The new ML-DSA-65 public key, whose hash `to` is. */
  readonly publicKey: Uint8Array
  readonly at: EpochMs
  /** The new key's signature, in the domain `succession`, over the statement without this field. */
  readonly acceptance: Uint8Array
}

/** Longest body of a rotation: a key, a signature, two ids, a time and their CBOR heads. */
const maxRotationBytes = publicKeyBytes + signatureBytes + idBytes + 32

/** The statement, signed by the old key over a body that holds the new key's acceptance. */
export async function signRotation(
  previous: Identity,
  successor: Identity,
  at: EpochMs,
): Promise<Signed> {
  const { publicKey } = successor
  const preimage = acceptancePreimage(previous.peer, publicKey, at)
  const acceptance = await successor.sign('succession', preimage)
  const body = encodeCbor([1, idToBytes(previous.peer), publicKey, at, acceptance])
  return { body, signature: await previous.sign('rotation', body) }
}

/** The rotation of a body. Says nothing about either signature. */
export function decodeRotation(body: Uint8Array): Result<Rotation, CborFault | ShapeFault> {
  const decoded = decodeCbor(body, 'signed', {
    maxBytes: maxRotationBytes,
    maxDepth: 1,
    maxItems: 6,
  })
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 5)) return badShape('rotation')
  const [version, from, publicKey, at, acceptance] = decoded.value
  if (version !== 1) return badShape('rotation.version')
  if (!isBytes(from, idBytes)) return badShape('rotation.from')
  if (!isBytes(publicKey, publicKeyBytes)) return badShape('rotation.publicKey')
  if (!isUint(at)) return badShape('rotation.at')
  if (!isBytes(acceptance, signatureBytes)) return badShape('rotation.acceptance')
  const to = peerIdOf(publicKey)
  return ok({ from: peerIdFromBytes(from), to, publicKey, at: epochMs(at), acceptance })
}

/** Rotation statements, by the key that goes. */
export const rotationKind: SignedKind<Rotation, CborFault | ShapeFault> = {
  domain: 'rotation',
  decode: decodeRotation,
  subject: (rotation) => rotation.from,
}

/** The rotation that both keys have signed. Nobody can name a successor who did not agree. */
export async function verifyRotation(
  signed: Signed,
  previousKey: Uint8Array,
  scheme: SignatureScheme = mlDsaScheme(),
): Promise<Result<Verified<Rotation>, CborFault | ShapeFault | SignatureFault | RotationFault>> {
  const verified = await verifySigned(rotationKind, signed, previousKey, scheme)
  if (!verified.ok) return verified
  const { from, publicKey, at, acceptance } = verified.value
  const accepted = await scheme.verify({
    domain: 'succession',
    publicKey,
    body: acceptancePreimage(from, publicKey, at),
    signature: acceptance,
  })
  return accepted ? verified : fail({ code: 'identity/not-accepted' })
}

function acceptancePreimage(from: PeerId, publicKey: Uint8Array, at: EpochMs): Bytes {
  return encodeCbor([1, idToBytes(from), publicKey, at])
}
