import { type SignatureScheme, type SignedKind, verifySignedSync } from '@kithnet/identity'
import { type Bytes, type Fault, fail, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hashBytes,
  isBytes,
  isBytesUpTo,
  isList,
  isTuple,
  type PeerId,
  publicKeyBytes,
  signatureBytes,
  type Verified,
} from '@kithnet/types'
import type { BodyFault, BundleFault } from '../faults.ts'
import {
  type Checkpoint,
  checkpointKind,
  logIdOf,
  type LogState,
  maxCheckpointBytes,
  readLogLeaf,
} from './checkpoint.ts'
import { checkpointId, cosignatureKind } from './cosignature.ts'
import { maxProofHashes, provesInclusion } from './log-tree.ts'
import type { SignedBy } from './witness-messages.ts'

/** What is needed to show, to anybody and offline, what a peer held at an epoch. */
export interface WitnessBundleParts {
  /** At the epoch of the state or later. */
  readonly checkpoint: SignedBy
  readonly cosignatures: readonly SignedBy[]
  /** `logLeaf` of the state that is shown. */
  readonly leaf: Uint8Array
  /** That the leaf is in the log of the checkpoint. */
  readonly inclusion: readonly Uint8Array[]
}

/** What a bundle proves. */
export interface WitnessBundle {
  readonly checkpoint: Verified<Checkpoint>
  /** The state that is shown: with `setRoot` it is found out whether a set of members was it. */
  readonly state: LogState
  /** Whose cosignatures hold, appointed or not. */
  readonly cosigners: readonly PeerId[]
}

/** Whose cosignatures count, and how many it takes. */
export interface BundleRules {
  readonly appointed: readonly PeerId[]
  readonly threshold: number
  readonly scheme?: SignatureScheme
}

const version = 1
/** Most cosignatures of a bundle. Source: our choice. */
const maxCosignatures = 16
/** Source: sum of its parts: a checkpoint and 16 cosignatures with their keys, a leaf and a proof. */
export const maxBundleBytes = 100_000

/** The bytes of a bundle. */
export function encodeWitnessBundle(parts: WitnessBundleParts): Bytes {
  const signed = ({ publicKey, body, signature }: SignedBy): CborValue => [
    publicKey,
    body,
    signature,
  ]
  return encodeCbor([
    version,
    signed(parts.checkpoint),
    parts.cosignatures.slice(0, maxCosignatures).map(signed),
    parts.leaf,
    parts.inclusion,
  ])
}

/**
 * Checks a bundle from anywhere, with nothing else at hand: every signature, that the cosignatures are under this very
 * checkpoint, that enough of the appointed have signed, and that the state is in the log. Costs a verification each.
 */
export function verifyWitnessBundle(
  bytes: Uint8Array,
  { appointed, threshold, scheme }: BundleRules,
): Result<WitnessBundle, BodyFault | BundleFault> {
  const parts = decodeBundle(bytes)
  if (!parts.ok) return parts
  const { leaf, inclusion, cosignatures } = parts.value
  const checkpoint = verify(checkpointKind, parts.value.checkpoint, scheme)
  if (checkpoint === undefined) return refuse('signature')
  const by = new Set<PeerId>()
  const [id, log] = [checkpointId(checkpoint), logIdOf(checkpoint)]
  for (const one of cosignatures) {
    const cosignature = verify(cosignatureKind, one, scheme)
    if (cosignature === undefined) return refuse('signature', by)
    const { cosigner } = cosignature
    const isOfThis =
      cosignature.checkpoint === id &&
      cosignature.log === log &&
      cosignature.epoch === checkpoint.epoch
    // Its own word adds nothing to a peer's checkpoint.
    if (!isOfThis || by.has(cosigner) || cosigner === checkpoint.peer) {
      return refuse('cosignature', by)
    }
    by.add(cosigner)
  }
  const state = readLogLeaf(leaf)
  if (!state.ok) return state
  const { epoch, logRoot } = checkpoint
  if (!provesInclusion(leaf, state.value.epoch - 1, epoch, inclusion, logRoot)) {
    return refuse('inclusion', by)
  }
  const counted = new Set(appointed.filter((peer) => by.has(peer)))
  if (counted.size < threshold) return refuse('few', by)
  return ok({ checkpoint, state: state.value, cosigners: [...by] })
}

function decodeBundle(bytes: Uint8Array): Result<WitnessBundleParts, BodyFault> {
  const limits = { maxBytes: maxBundleBytes, maxDepth: 3, maxItems: 160 }
  const decoded = decodeCbor(Uint8Array.from(bytes), 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 5)) return badShape('witnessBundle')
  const [kind, first, list, leaf, proof] = decoded.value
  if (kind !== version) return badShape('witnessBundle.version')
  const checkpoint = signedOf(first)
  if (checkpoint === undefined) return badShape('witnessBundle.checkpoint')
  if (!isList(list, maxCosignatures)) return badShape('witnessBundle.cosignatures')
  const cosignatures = list.map(signedOf).filter((one) => one !== undefined)
  if (cosignatures.length < list.length) return badShape('witnessBundle.cosignatures')
  if (!isBytesUpTo(leaf, 128)) return badShape('witnessBundle.leaf')
  if (!isList(proof, maxProofHashes)) return badShape('witnessBundle.inclusion')
  const inclusion = proof.filter((one) => isBytes(one, hashBytes))
  if (inclusion.length < proof.length) return badShape('witnessBundle.inclusion')
  return ok({ checkpoint, cosignatures, leaf, inclusion })
}

function signedOf(value: CborValue | undefined): SignedBy | undefined {
  if (!isTuple(value, 3)) return undefined
  const [publicKey, body, signature] = value
  if (!isBytes(publicKey, publicKeyBytes) || !isBytes(signature, signatureBytes)) return undefined
  return isBytesUpTo(body, maxCheckpointBytes) ? { publicKey, body, signature } : undefined
}

function verify<T, F extends Fault>(
  kind: SignedKind<T, F>,
  signed: SignedBy,
  scheme: SignatureScheme | undefined,
): Verified<T> | undefined {
  const verified = verifySignedSync(kind, signed, signed.publicKey, scheme)
  return verified.ok ? verified.value : undefined
}

function refuse(why: BundleFault['why'], by: Iterable<PeerId> = []): Result<never, BundleFault> {
  return fail({ code: 'holonomic/not-witnessed', why, by: [...by] })
}
