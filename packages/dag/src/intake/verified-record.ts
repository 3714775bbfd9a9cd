import {
  type ForeignKind,
  mlDsaScheme,
  type SignatureScheme,
  SlhDsaSigner,
  verifyForeign,
} from '@kithnet/identity'
import { CodedError, equalBytes, fail, type Result } from '@kithnet/kernel'
import { publicKeyBytes, signatureBytes, type Verified } from '@kithnet/types'
import {
  decodeRecord,
  type ElraRecord,
  type Mode,
  recordAlgorithms,
  type SecondaryAlgorithm,
  signableBytes,
  type WireFault,
} from '@kithnet/wire'
import { dilithium3, sphincs192f } from '@kithnet/wire/round3'
import { maxBundleEntryBytes } from '../bundles/bundle.ts'
import type { RecordRefusedFault } from '../faults.ts'
import { inOwnTurn } from '../host.ts'

/** What has to hold of a record before it is believed. */
export interface Verification {
  /** How exact its bytes must be; `strict` when left out. */
  readonly mode?: Mode
  /**
   * The author's key for its second signature, 48 bytes, from wherever such keys are kept. Without an answer the key that
   * the record itself names is used, which an author chose freely. A record for which there is neither is refused, or kept
   * with that signature unchecked when `unknownSecondKey` is `keep`.
   */
  readonly secondKeyOf?: (creatorKey: Uint8Array) => Uint8Array | undefined
  readonly unknownSecondKey?: 'refuse' | 'keep'
  readonly scheme?: SignatureScheme
}

/** Why bytes are no record to be believed. */
export type VerificationFault = WireFault | RecordRefusedFault

/**
 * The record of these bytes, once every signature in it was found to hold. The bytes are copied. Costs 0.13 ms native, off
 * the event loop; a second signature some 2 ms native and 30 ms in JavaScript.
 */
export function verifyRecord(
  bytes: Uint8Array,
  verification: Verification = {},
): Promise<Result<Verified<ElraRecord>, VerificationFault>> {
  return verifyForeign(recordKind(verification), bytes)
}

/** Many at once, on all cores that the host gives. Answers stand in the order of the records. */
export function verifyRecords(
  list: readonly Uint8Array[],
  verification: Verification = {},
): Promise<readonly Result<Verified<ElraRecord>, VerificationFault>[]> {
  const kind = recordKind(verification)
  return Promise.all(list.map((bytes) => verifyForeign(kind, bytes)))
}

/** What is wrong with the signatures of a record, or nothing. */
export async function checkSignatures(
  record: ElraRecord,
  verification: Verification = {},
): Promise<VerificationFault | undefined> {
  const { id, signature, sphincsSignature, creatorKey } = record
  if (signature === undefined) return { code: 'dag/unsigned', id }
  const algorithms = recordAlgorithms(record)
  if (!algorithms.ok) return algorithms.fault
  const { primary, secondary, secondaryKey } = algorithms.value
  const holds =
    primary === 'ml-dsa-65'
      ? await verifyMlDsa(record, signature, verification)
      : await anyPreimage(record, (body) => dilithium3.verify(creatorKey, body, signature))
  if (!holds) return { code: 'dag/bad-signature', id }
  if (sphincsSignature === undefined) return undefined
  const key = verification.secondKeyOf?.(creatorKey) ?? secondaryKey
  if (key === undefined) {
    return verification.unknownSecondKey === 'keep' ? undefined : { code: 'dag/unknown-key', id }
  }
  const secondHolds = await verifySecond(record, secondary, key, sphincsSignature)
  return secondHolds ? undefined : { code: 'dag/bad-signature', id }
}

async function verifyMlDsa(
  record: ElraRecord,
  signature: Uint8Array,
  { scheme = mlDsaScheme() }: Verification,
): Promise<boolean> {
  const { creatorKey: publicKey } = record
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
  return scheme.verify({ domain: 'elra', publicKey, body: signableBytes(record), signature })
}

async function verifySecond(
  record: ElraRecord,
  algorithm: SecondaryAlgorithm,
  key: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (algorithm === 'sphincs-sha2-192f-r3') {
    return anyPreimage(record, (body) => sphincs192f.verify(key, body, signature))
  }
  if (key.length !== secondKeyBytes || signature.length !== secondSignatureBytes) return false
  return slhDsa().verify(secondSet, key, 'elra', signableBytes(record), signature)
}

/** The error for a record that its own author tried to write. */
export function refusedError(fault: VerificationFault): CodedError<VerificationFault> {
  const sentences: Partial<Record<string, string>> = {
    'dag/unknown-key': 'Give secondKeyOf, which tells the long-term key of an author.',
    'dag/id-taken': 'Another record has this id: make a new one.',
    'dag/not-admitted': 'The admission check of this store refused it.',
    'dag/bad-time': 'Its time is not one that this store accepts.',
  }
  const why = sentences[fault.code] ?? 'It is not a record that anybody would accept.'
  return new CodedError(fault, `The record was not stored. ${why}`)
}

/**
 * Whether a signature of old data holds: over the metadata as it came, or as elara-runtime reads and writes it again. Each
 * look blocks, 4 ms for Dilithium3 and 26 for SPHINCS+, so it has a turn of its own.
 */
export async function anyPreimage(
  record: ElraRecord,
  verify: (preimage: Uint8Array) => boolean,
): Promise<boolean> {
  const asItCame = signableBytes(record)
  if (await inOwnTurn(() => verify(asItCame))) return true
  if (record.mode === 'strict') return false
  const writtenAgain = signableBytes(record, 'compatible')
  return !equalBytes(writtenAgain, asItCame) && inOwnTurn(() => verify(writtenAgain))
}

function recordKind(verification: Verification): ForeignKind<ElraRecord, VerificationFault> {
  const { mode = 'strict' } = verification
  return {
    decode(bytes) {
      if (bytes.length > maxBundleEntryBytes) {
        return fail({ code: 'wire/too-long', got: bytes.length, most: maxBundleEntryBytes })
      }
      return decodeRecord(bytes, mode)
    },
    check: (record) => checkSignatures(record, verification),
  }
}

/** Source: FIPS 205 table 2, as elara-runtime chose. */
const secondSet = 'slh-dsa-sha2-192f'
/** Bytes of an SLH-DSA-SHA2-192f public key. Source: FIPS 205 table 2. */
const secondKeyBytes = 48
/** Bytes of an SLH-DSA-SHA2-192f signature. Source: FIPS 205 table 2. */
const secondSignatureBytes = 35_664

let sharedSlhDsa: SlhDsaSigner | undefined

/** One worker for the whole process; it does not keep it alive. */
function slhDsa(): SlhDsaSigner {
  sharedSlhDsa ??= new SlhDsaSigner()
  return sharedSlhDsa
}
