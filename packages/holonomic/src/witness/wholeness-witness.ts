import { type Bytes, compareBytes, equalBytes, type Result, toHex, utf8 } from '@kithnet/kernel'
import type { MalformedFault } from '../faults.ts'
import { FixedWidthReader, FixedWidthWriter, paddedDomain } from '../fixed-width.ts'
import { compareText, sortedTexts } from '../text-order.ts'
import { pairTreeRoot } from './pair-tree.ts'

/** What a peer says it holds at an epoch. Source: CIRIS, holonomic v19, section 19.1. */
export interface WholenessWitness {
  readonly peerId: string
  readonly epoch: bigint
  /** 32 bytes, of `pairTreeRoot`. */
  readonly merkleRoot: Uint8Array
  readonly leafCount: number
  /** Signed in the order of UTF-8 bytes, doubles kept. */
  readonly namespaces: readonly string[]
  readonly observedAtMs: bigint
}

/** The version that is spoken. Source: CIRIS, holonomic v19. */
export const witnessVersion = 1
const domain = paddedDomain('WW-PREIMAGE-v1')
const proofDomain = utf8('ciris-edge/equivocation-proof/v1')

/** The bytes that both halves of a witness's signature cover. */
export function witnessPreimage(witness: WholenessWitness): Bytes {
  const writer = new FixedWidthWriter()
    .bytes(domain)
    .text32(witness.peerId)
    .u64(witness.epoch)
    .bytes(witness.merkleRoot)
    .u32(witness.leafCount)
    .u32(witness.namespaces.length)
  for (const namespace of sortedTexts(witness.namespaces)) writer.text32(namespace)
  return writer.u64(witness.observedAtMs).u16(witnessVersion).finish()
}

/** The witness of a preimage. */
export function readWitness(preimage: Uint8Array): Result<WholenessWitness, MalformedFault> {
  const reader = new FixedWidthReader(preimage)
  reader.domain(domain)
  const peerId = reader.text32()
  const epoch = reader.u64()
  const merkleRoot = reader.bytes(32)
  const leafCount = reader.u32()
  const namespaces = Array.from({ length: reader.count(4) }, () => reader.text32())
  reader.ordered(namespaces, compareText, false)
  const observedAtMs = reader.u64()
  if (reader.u16() !== witnessVersion) reader.refuse('version')
  return reader.finish({ peerId, epoch, merkleRoot, leafCount, namespaces, observedAtMs })
}

/** One leaf with what decides whether it may be witnessed. */
export interface ScopedLeaf {
  readonly leaf: Uint8Array
  /** `undefined` where it is not known. */
  readonly namespace: string | undefined
  readonly cohortScope: string | undefined
}

/** The leaves that may be witnessed, in their order: what is anonymous, one's own, or of unknown scope is left out. */
export function witnessedLeaves(leaves: readonly ScopedLeaf[]): readonly Uint8Array[] {
  return leaves
    .filter(
      ({ namespace, cohortScope }) =>
        namespace !== undefined &&
        cohortScope !== undefined &&
        !namespace.startsWith('anonymous') &&
        cohortScope !== 'self',
    )
    .map(({ leaf }) => leaf)
}

/**
 * Whether a store takes a witness: it names namespaces, none of them with `anonymous` or `self` anywhere in it, and where
 * leaves are disclosed the root is theirs. Stricter than `witnessedLeaves`, as the ancestor's second program is.
 */
export function mayBeIngested(witness: WholenessWitness, leaves?: readonly Uint8Array[]): boolean {
  const isPrivate = (name: string): boolean => /anonymous|self/.test(name.toLowerCase())
  if (witness.namespaces.length === 0 || witness.namespaces.some(isPrivate)) return false
  return leaves === undefined || equalBytes(pairTreeRoot(leaves), witness.merkleRoot)
}

/** How two witnesses stand to each other. `by` counts epochs. */
export type WitnessComparison =
  | { readonly type: 'ahead' | 'behind'; readonly by: bigint }
  | { readonly type: 'identical' | 'divergent' }

/** Compares by epoch, then by root. Whose they are is not looked at. */
export function compareWitnesses(
  ours: WholenessWitness,
  theirs: WholenessWitness,
): WitnessComparison {
  if (ours.epoch > theirs.epoch) return { type: 'ahead', by: ours.epoch - theirs.epoch }
  if (ours.epoch < theirs.epoch) return { type: 'behind', by: theirs.epoch - ours.epoch }
  return { type: equalBytes(ours.merkleRoot, theirs.merkleRoot) ? 'identical' : 'divergent' }
}

/**
 * The ancestor's equivocation proof, when both are of one peer and epoch with two roots. It has no signature in it and
 * keeps the order of its arguments, so it proves nothing to others: `forkProof` of the root module is the repaired one.
 */
export function equivocationPreimage(
  ours: WholenessWitness,
  theirs: WholenessWitness,
  observedAtMs: bigint,
): Bytes | undefined {
  const same = ours.peerId === theirs.peerId && ours.epoch === theirs.epoch
  if (!same || compareBytes(ours.merkleRoot, theirs.merkleRoot) === 0) return undefined
  return new FixedWidthWriter()
    .bytes(proofDomain)
    .text64(ours.peerId)
    .u64(ours.epoch)
    .text64(witnessJson(ours))
    .text64(witnessJson(theirs))
    .u64(observedAtMs)
    .finish()
}

/** Compact JSON with the keys in their order. 64-bit numbers are bare integers, which `JSON.stringify` cannot write. */
function witnessJson(witness: WholenessWitness): string {
  const text = JSON.stringify
  return `{"peer_id":${text(witness.peerId)},"epoch_id":${witness.epoch},"merkle_root":${text(
    toHex(witness.merkleRoot),
  )},"leaf_count":${witness.leafCount},"claim_namespaces":${text(
    sortedTexts(witness.namespaces),
  )},"observed_at_unix_ms":${witness.observedAtMs},"witness_version":${witnessVersion}}`
}
