import { type SignatureScheme, verifySignedSync } from '@kithnet/identity'
import { compareBytes, fail, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hash,
  isBytes,
  isBytesUpTo,
  isTuple,
  publicKeyBytes,
  type Signed,
  signatureBytes,
  type Verified,
} from '@kithnet/types'
import type { BodyFault, ForkFault } from '../faults.ts'
import {
  type Checkpoint,
  checkpointKind,
  decodeCheckpoint,
  encodeCheckpoint,
  logIdOf,
} from './checkpoint.ts'

/** Two checkpoints of one log and epoch, both signed: what nobody but their peer can have made. */
export interface ForkProof {
  /** The same for everybody who found these two, whatever their order and signatures. 64 hex digits. */
  readonly id: string
  readonly one: Verified<Checkpoint>
  readonly other: Verified<Checkpoint>
}

const version = 2
/** Two bodies of at most 3,400 bytes, two signatures, a key, and their heads. Source: sum of its parts. */
export const maxForkProofBytes = 15_500
const maxBodyBytes = 3_400

/**
 * The bytes of a proof, the lower body first, so that they do not hang on who found it. Of checkpoints that make no fork
 * they are bytes that `readForkProof` refuses.
 */
export function encodeForkProof(
  publicKey: Uint8Array,
  a: Signed,
  b: Signed,
): Uint8Array<ArrayBuffer> {
  const [one, other] = compareBytes(a.body, b.body) <= 0 ? [a, b] : [b, a]
  return encodeCbor([version, publicKey, [one.body, one.signature], [other.body, other.signature]])
}

/** What a proof says, before its signatures are checked. */
export interface ForkClaim {
  /** That of the proof. */
  readonly id: string
  readonly publicKey: Uint8Array
  readonly one: Checkpoint
  readonly other: Checkpoint
  /** The two as they were signed, in their order. */
  readonly signed: readonly [Signed, Signed]
}

/** Reads what a proof says: its form, and that the two exclude each other. Costs hashes only. */
export function readForkClaim(bytes: Uint8Array): Result<ForkClaim, BodyFault | ForkFault> {
  const limits = { maxBytes: maxForkProofBytes, maxDepth: 2, maxItems: 10 }
  const decoded = decodeCbor(Uint8Array.from(bytes), 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 4)) return badShape('forkProof')
  const [kind, publicKey, first, second] = decoded.value
  if (kind !== version) return badShape('forkProof.version')
  if (!isBytes(publicKey, publicKeyBytes)) return badShape('forkProof.publicKey')
  const [a, b] = [signedOf(first), signedOf(second)]
  if (a === undefined || b === undefined) return badShape('forkProof.signed')
  if (compareBytes(a.body, b.body) >= 0) return refuse('order')
  const [lower, higher] = [decodeCheckpoint(a.body), decodeCheckpoint(b.body)]
  if (!lower.ok) return lower
  if (!higher.ok) return higher
  if (!isFork(lower.value, higher.value)) return refuse('no-fork')
  const id = forkId(a.body, b.body)
  return ok({ id, publicKey, one: lower.value, other: higher.value, signed: [a, b] })
}

/** Checks a proof from anywhere: its form, both signatures, and that the two exclude each other. Costs two verifications. */
export function readForkProof(
  bytes: Uint8Array,
  scheme?: SignatureScheme,
): Result<ForkProof, BodyFault | ForkFault> {
  const read = readForkClaim(bytes)
  if (!read.ok) return read
  const { id, publicKey, signed } = read.value
  const one = verifySignedSync(checkpointKind, signed[0], publicKey, scheme)
  const other = verifySignedSync(checkpointKind, signed[1], publicKey, scheme)
  if (!one.ok || !other.ok) return refuse('signature')
  return ok({ id, one: one.value, other: other.value })
}

/** True for two checkpoints that one log cannot both have: the same epoch, and anything else different. */
export function isFork(a: Checkpoint, b: Checkpoint): boolean {
  if (a.epoch !== b.epoch || logIdOf(a) !== logIdOf(b)) return false
  return compareBytes(encodeCheckpoint(a), encodeCheckpoint(b)) !== 0
}

function forkId(lower: Uint8Array, higher: Uint8Array): string {
  return toHex(hash('statement', hash('statement', lower), hash('statement', higher)))
}

function signedOf(value: CborValue | undefined): Signed | undefined {
  if (!isTuple(value, 2)) return undefined
  const [body, signature] = value
  return isBytesUpTo(body, maxBodyBytes) && isBytes(signature, signatureBytes)
    ? { body, signature }
    : undefined
}

function refuse(why: ForkFault['why']): Result<never, ForkFault> {
  return fail({ code: 'holonomic/not-a-fork', why })
}
