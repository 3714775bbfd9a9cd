import { verifyForeign } from '@kithnet/identity'
import {
  type Bytes,
  compareBytes,
  equalBytes,
  fail,
  type Fault,
  ok,
  type Result,
} from '@kithnet/kernel'
import { decodeCbor, encodeCbor, isBytesUpTo, isTuple, type Verified } from '@kithnet/types'
import { contentId, decodeRecord, type ElraRecord, maxRecordBytes } from '@kithnet/wire'
import { chainPlaceOf } from '../author/author-chain.ts'
import type { CarriedFault } from '../faults.ts'

/** What an author said twice and differently: one id, one place of a chain, or what follows one record of a chain. */
export type EquivocationKind = 'same-id' | 'same-place' | 'same-previous'

/** Two signed records of one author that no honest author would both sign: whoever has both has the proof. */
export interface EquivocationProof {
  readonly kind: EquivocationKind
  /** The one whose bytes are smaller. */
  readonly first: ElraRecord
  readonly second: ElraRecord
}

/** How two records of one author contradict each other, or `undefined` when they do not. Their signatures are not looked at. */
export function contradiction(a: ElraRecord, b: ElraRecord): EquivocationKind | undefined {
  if (!equalBytes(a.creatorKey, b.creatorKey)) return undefined
  // Signing is hedged: one statement has many valid signatures, which contradict nothing.
  if (equalBytes(contentId(a), contentId(b))) return undefined
  if (a.id === b.id) return 'same-id'
  const [one, other] = [chainPlaceOf(a.metadata), chainPlaceOf(b.metadata)]
  if (one === undefined || other === undefined) return undefined
  if (one.stream === other.stream && one.seq === other.seq) return 'same-place'
  return one.prev !== undefined && one.prev === other.prev ? 'same-previous' : undefined
}

/** The proof's canonical bytes, `[1, record, record]`, the smaller record first: one pair has one proof. */
export function encodeEquivocation(a: ElraRecord, b: ElraRecord): Bytes {
  const records = [a.bytes, b.bytes].toSorted(compareBytes)
  return encodeCbor([version, ...records])
}

/** The equivocation that bytes tell of. Signatures are not looked at: that is `verifyEquivocation`. */
export function decodeEquivocation(bytes: Uint8Array): Result<EquivocationProof, CarriedFault> {
  const limits = { maxBytes: maxEquivocationBytes, maxDepth: 1, maxItems: 4 }
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return refuse('it is not canonical CBOR within its bounds')
  const value = decoded.value
  if (!isTuple(value, 3) || value[0] !== version) return refuse('it is not of version 1')
  const [, one, other] = value
  if (!isBytesUpTo(one, maxRecordBytes) || !isBytesUpTo(other, maxRecordBytes)) {
    return refuse('it has no two records')
  }
  if (compareBytes(one, other) >= 0) return refuse('the records are not in order')
  const first = decodeRecord(one)
  if (!first.ok) return refuse(`the first record is none: ${first.fault.code}`)
  const second = decodeRecord(other)
  if (!second.ok) return refuse(`the second record is none: ${second.fault.code}`)
  const kind = contradiction(first.value, second.value)
  if (kind === undefined) return refuse('the records do not contradict each other')
  return ok({ kind, first: first.value, second: second.value })
}

/**
 * The equivocation of these bytes, once both signatures were found to be the author's. Needs nothing else: no store, no
 * network, no other record. `checkRecord` says what is wrong with a record's signatures.
 */
export function verifyEquivocation(
  bytes: Uint8Array,
  checkRecord: (record: ElraRecord) => Promise<Fault | undefined>,
): Promise<Result<Verified<EquivocationProof>, CarriedFault>> {
  const check = async ({ first, second }: EquivocationProof): Promise<CarriedFault | undefined> => {
    const faults = await Promise.all([checkRecord(first), checkRecord(second)])
    const fault = faults.find((one) => one !== undefined)
    return fault === undefined ? undefined : whyNot(`a signature does not hold: ${fault.code}`)
  }
  return verifyForeign({ decode: decodeEquivocation, check }, bytes)
}

/** Longest proof: two of the longest records, and what CBOR puts before them. */
export const maxEquivocationBytes: number = 2 * maxRecordBytes + 16

/** The form's version. */
const version = 1

function whyNot(why: string): CarriedFault {
  return { code: 'dag/bad-evidence', why }
}

function refuse(why: string): Result<never, CarriedFault> {
  return fail(whyNot(why))
}
