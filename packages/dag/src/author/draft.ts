import type { Identity, SlhDsaKey } from '@kithnet/identity'
import { assert, type Bytes, CodedError } from '@kithnet/kernel'
import {
  type Classification,
  decodeRecord,
  type ElraRecord,
  encodeRecord,
  type Metadata,
  type MetadataValue,
  sha3_256,
  signableBytes,
  withAlgorithms,
} from '@kithnet/wire'
import type { VerificationFault } from '../intake/verified-record.ts'

/** What an author wants to record. */
export interface Draft {
  /** The content, of which the record keeps the SHA3-256; or that hash itself. */
  readonly content: Uint8Array | { readonly hash: Uint8Array }
  /** Who may know of it: public when left out. */
  readonly classification?: Classification
  readonly metadata?: Metadata
  /** Opaque bytes under the signature. */
  readonly zkProof?: Uint8Array
  /** An SLH-DSA-SHA2-192f key for a second signature, whose safety rests on hashes alone; some 0.3 s in a worker. */
  readonly secondKey?: SlhDsaKey
}

/** A draft with its place: everything that is signed but the key. */
export interface PlacedDraft extends Draft {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly parents: readonly string[]
}

/**
 * The signed record of a draft, by an identity's ML-DSA-65 key and, where the draft has one, an SLH-DSA key. Strict: an
 * identity signs nothing that a strict reader would refuse.
 *
 * @throws CodedError with the fault of `@kithnet/wire` when the draft cannot be written.
 */
export async function signDraft(draft: PlacedDraft, identity: Identity): Promise<ElraRecord> {
  const { id, timestamp, parents, classification = 0, zkProof, secondKey } = draft
  assert(
    secondKey === undefined || secondKey.set === 'slh-dsa-sha2-192f',
    'the second signature of a record is of SLH-DSA-SHA2-192f',
  )
  const fields = {
    id,
    version: 1,
    contentHash: 'hash' in draft.content ? draft.content.hash : sha3_256(draft.content),
    creatorKey: identity.publicKey,
    timestamp,
    parents,
    classification,
    metadata: withAlgorithms(
      draft.metadata ?? new Map<string, MetadataValue>(),
      secondKey?.publicKey,
    ),
    zkProof,
  }
  // Written once before it is signed, so that what is refused is refused with a reason.
  written(encodeRecord(fields))
  const preimage = signableBytes(fields)
  const [signature, sphincsSignature] = await Promise.all([
    identity.sign('elra', preimage),
    secondKey?.sign('elra', preimage),
  ])
  const bytes = written(encodeRecord({ ...fields, signature, sphincsSignature }))
  const record = decodeRecord(bytes)
  assert(record.ok, 'what was written can be read')
  return record.value
}

function written(result: ReturnType<typeof encodeRecord>): Bytes {
  if (result.ok) return result.value
  throw new CodedError<VerificationFault>(
    result.fault,
    'The record cannot be written: a field is over its bound or has no exact form.',
  )
}
