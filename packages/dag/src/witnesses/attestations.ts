import { mlDsaScheme, verifyForeign, type Identity, type SignatureScheme } from '@kithnet/identity'
import { type Bytes, concat, fail, ok, type Result, toHex } from '@kithnet/kernel'
import {
  decodeCbor,
  encodeCbor,
  isBytes,
  isText,
  isTuple,
  publicKeyBytes,
  signatureBytes,
  type Verified,
} from '@kithnet/types'
import { type ElraRecord, signableBytes } from '@kithnet/wire'
import { dilithium3 } from '@kithnet/wire/round3'
import type { CarriedFault } from '../faults.ts'
import { anyPreimage } from '../intake/verified-record.ts'

/**
 * A witness's word that it has seen a record. It signs the record's original signable bytes: with ML-DSA-65 in a domain of
 * its own and with its time behind them, or, as old data has it, with Dilithium3 and nothing else, so that its time is
 * only what the carrier says.
 */
export interface Attestation {
  readonly recordId: string
  /** The witness's public key, 1,952 bytes. */
  readonly witnessKey: Uint8Array
  /** Seconds since 1970. */
  readonly timestamp: number
  /** 3,309 bytes of ML-DSA-65, or 3,293 of Dilithium3 of round 3. */
  readonly signature: Uint8Array
}

/** True when the witness signed its time too. */
export function isTimed(attestation: Pick<Attestation, 'signature'>): boolean {
  return attestation.signature.length === signatureBytes
}

/** The word of this identity on a record. `timestamp` in seconds. */
export async function attest(
  record: ElraRecord,
  identity: Identity,
  timestamp: number,
): Promise<Attestation> {
  const signature = await identity.sign('attestation', timedBody(record, timestamp))
  return { recordId: record.id, witnessKey: identity.publicKey, timestamp, signature }
}

/** The attestation's canonical bytes: `[1, record id, key, time as 8 bytes, signature]`. */
export function encodeAttestation(attestation: Attestation): Bytes {
  const { recordId, witnessKey, timestamp, signature } = attestation
  return encodeCbor([version, recordId, witnessKey, float64(timestamp), signature])
}

/** What bytes say a witness said. Nothing is checked but the form; fields are views into `bytes`. */
export function decodeAttestation(bytes: Uint8Array): Result<Attestation, CarriedFault> {
  const decoded = decodeCbor(bytes, 'signed', {
    maxBytes: maxAttestationBytes,
    maxDepth: 1,
    maxItems: 6,
  })
  if (!decoded.ok) return refuse('it is not canonical CBOR within its bounds')
  const value = decoded.value
  if (!isTuple(value, 5) || value[0] !== version) return refuse('it is not of version 1')
  const [, recordId, witnessKey, time, signature] = value
  if (!isText(recordId, maxIdLength) || recordId === '') return refuse('it names no record')
  if (!isBytes(witnessKey, publicKeyBytes)) return refuse('the key has another length')
  if (!isBytes(time, 8)) return refuse('the time has another length')
  const timestamp = new DataView(time.buffer, time.byteOffset).getFloat64(0)
  if (!Number.isFinite(timestamp) || timestamp < 0 || Object.is(timestamp, -0)) {
    return refuse('the time is none')
  }
  if (!isBytes(signature, signatureBytes) && !isBytes(signature, round3SignatureBytes)) {
    return refuse('the signature has another length')
  }
  return ok({ recordId, witnessKey, timestamp, signature })
}

/** The attestation of these bytes, once its signature was found to hold over the record that it names. */
export function verifyAttestation(
  bytes: Uint8Array,
  record: ElraRecord,
  scheme: SignatureScheme = mlDsaScheme(),
): Promise<Result<Verified<Attestation>, CarriedFault>> {
  const check = async (attestation: Attestation): Promise<CarriedFault | undefined> => {
    const { recordId, witnessKey, timestamp, signature } = attestation
    if (recordId !== record.id) return whyNot('it is about another record')
    if (toHex(witnessKey) === toHex(record.creatorKey)) {
      return whyNot('an author is no witness of its own record')
    }
    const valid = isTimed(attestation)
      ? await scheme.verify({
          domain: 'attestation',
          publicKey: witnessKey,
          body: timedBody(record, timestamp),
          signature,
        })
      : await anyPreimage(record, (body) => dilithium3.verify(witnessKey, body, signature))
    return valid ? undefined : whyNot('the signature is not the witness’s over this record')
  }
  return verifyForeign({ decode: decodeAttestation, check }, bytes)
}

/** Longest attestation. Source: its parts, and what CBOR puts before each. */
export const maxAttestationBytes = 5_600

/** Bytes of a Dilithium3 signature. Source: Dilithium 3.1, table 2. */
const round3SignatureBytes = 3293
/** The form's version. */
const version = 1
/** Characters of a record's id. Source: elara-runtime, one byte of length. */
const maxIdLength = 255

/** The record's bytes come first and end where they end: what follows has a fixed width. */
function timedBody(record: ElraRecord, timestamp: number): Bytes {
  return concat(signableBytes(record), float64(timestamp))
}

function float64(value: number): Bytes {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return bytes
}

function whyNot(why: string): CarriedFault {
  return { code: 'dag/bad-attestation', why }
}

function refuse(why: string): Result<never, CarriedFault> {
  return fail(whyNot(why))
}
