import { type Bytes, fromHex, type Result, toHex } from '@kithnet/kernel'
import type { MalformedFault } from '../faults.ts'
import { FixedWidthReader, FixedWidthWriter, paddedDomain } from '../fixed-width.ts'

/** Anything that a peer states under its signature. Source: CIRIS, holonomic v19, section 19.2. */
export interface SignedClaim {
  readonly kind: string
  readonly signerPeerId: string
  /** What is stated, in a form of its kind. */
  readonly claim: Uint8Array
  readonly signedAtMs: bigint
  readonly version: number
  readonly userOwner?: string
  readonly delegatesTo?: string
  readonly identityOccurrence?: string
}

/** The version that is written. Source: CIRIS, holonomic v19. */
export const claimVersion = 1
const domain = paddedDomain('CIRIS-CLAIM-v1')

/** The bytes that both halves of a claim's signature cover. */
export function claimPreimage(claim: SignedClaim): Bytes {
  const writer = new FixedWidthWriter()
    .bytes(domain)
    .u64(claim.signedAtMs)
    .u16(claim.version)
    .text32(claim.kind)
    .text32(claim.signerPeerId)
    .text32(toHex(claim.claim))
  for (const part of [claim.userOwner, claim.delegatesTo, claim.identityOccurrence]) {
    if (part === undefined) writer.u8(0)
    else writer.u8(1).text32(part)
  }
  return writer.finish()
}

/** The claim of a preimage. */
export function readClaim(preimage: Uint8Array): Result<SignedClaim, MalformedFault> {
  const reader = new FixedWidthReader(preimage)
  reader.domain(domain)
  const signedAtMs = reader.u64()
  const version = reader.u16()
  const kind = reader.text32()
  const signerPeerId = reader.text32()
  const claim = fromHex(reader.text32())
  if (claim === undefined) reader.refuse('value')
  const userOwner = optionalText(reader)
  const delegatesTo = optionalText(reader)
  const identityOccurrence = optionalText(reader)
  return reader.finish({
    kind,
    signerPeerId,
    claim: claim ?? new Uint8Array(0),
    signedAtMs,
    version,
    ...(userOwner === undefined ? {} : { userOwner }),
    ...(delegatesTo === undefined ? {} : { delegatesTo }),
    ...(identityOccurrence === undefined ? {} : { identityOccurrence }),
  })
}

/** Who stands behind the signer, when the claim says all of it. It decides no membership. */
export interface OwnerBinding {
  readonly userOwner: string
  readonly delegatesTo: string
  readonly identityOccurrence: string
}

/** The owner binding of a claim that has all three parts. */
export function ownerBindingOf(claim: SignedClaim): OwnerBinding | undefined {
  const { userOwner, delegatesTo, identityOccurrence } = claim
  if (userOwner === undefined || delegatesTo === undefined) return undefined
  return identityOccurrence === undefined
    ? undefined
    : { userOwner, delegatesTo, identityOccurrence }
}

function optionalText(reader: FixedWidthReader): string | undefined {
  const present = reader.u8()
  if (present > 1) reader.refuse('value')
  return present === 1 ? reader.text32() : undefined
}
