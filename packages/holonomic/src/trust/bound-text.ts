import { type BoundPublicKey, type BoundSignatureFault, verifyBound } from '@kithnet/identity'
import { fail, type Result } from '@kithnet/kernel'
import { signatureBytes } from '@kithnet/types'
import type { SignatureTextFault } from '../faults.ts'

/** A bound signature as the ancestor's JSON carries it: both halves in standard base64. */
export interface BoundSignatureText {
  readonly ed25519: string
  readonly mlDsa65: string
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/
/** Bytes of an Ed25519 signature. Source: RFC 8032 section 5.1.6. */
const classicalBytes = 64

/**
 * Checks both halves over a preimage: both hold, or nothing does. An absent post-quantum half is refused before
 * anything is decoded. Source: CIRIS, holonomic v19, the bound hybrid.
 */
export function verifyBoundText(
  publicKey: BoundPublicKey,
  preimage: Uint8Array,
  signature: BoundSignatureText,
): Result<true, BoundSignatureFault | SignatureTextFault> {
  if (signature.mlDsa65 === '') return fail({ code: 'identity/bound-signature', half: 'missing' })
  const postQuantum = bytesOf(signature.mlDsa65, signatureBytes)
  if (postQuantum === undefined) {
    return fail({ code: 'holonomic/signature-text', half: 'post-quantum' })
  }
  const classical = bytesOf(signature.ed25519, classicalBytes)
  if (classical === undefined) return fail({ code: 'holonomic/signature-text', half: 'classical' })
  return verifyBound(publicKey, preimage, { classical, postQuantum })
}

/** The bytes of base64 text when they are exactly so many, and unused bits are zero. */
function bytesOf(text: string, length: number): Uint8Array | undefined {
  const padding = (3 - (length % 3)) % 3
  const characters = ((length + padding) / 3) * 4 - padding
  const isWhole = text.length === characters + padding && base64.test(text)
  if (!isWhole || text.slice(characters) !== '='.repeat(padding)) return undefined
  const bytes = new Uint8Array(length)
  let bits = 0
  let held = 0
  let at = 0
  for (const character of text.slice(0, characters)) {
    bits = (bits << 6) | alphabet.indexOf(character)
    held += 6
    if (held < 8) continue
    held -= 8
    bytes[at++] = bits >> held
    bits &= (1 << held) - 1
  }
  return bits === 0 ? bytes : undefined
}

/** Source: RFC 4648 table 1. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
