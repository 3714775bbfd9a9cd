import { verifyForeign } from '@kithnet/identity'
import {
  type Bytes,
  equalBytes,
  fail,
  type Fault,
  fromHex,
  ok,
  type Result,
  toHex,
} from '@kithnet/kernel'
import {
  decodeCbor,
  encodeCbor,
  isBytes,
  isBytesUpTo,
  isList,
  isTuple,
  isUint,
  type Verified,
} from '@kithnet/types'
import {
  decodeRecord,
  type ElraRecord,
  maxRecordBytes,
  type MetadataValue,
  sha3_256,
} from '@kithnet/wire'
import type { CarriedFault } from '../faults.ts'
import { maxProofHashes, type MerkleTree, verifyInclusion } from './merkle.ts'

/** What the entries of a tree are: the hashes of a store's first records, or readings of a sensor. */
export type TreeKind = 'seal' | 'readings'

/** A list that a record stands for: it names the root of the list's Merkle tree, so that each entry can be proved alone. */
export interface TreeStatement {
  readonly kind: TreeKind
  /** Entries. */
  readonly size: number
  readonly root: Bytes
  /** The growing list that a seal speaks of, 32 hex digits; empty for readings. */
  readonly log: string
}

/** The statement's canonical bytes: the content of the record that makes it. */
export function treeContent(statement: TreeStatement): Bytes {
  const { kind, size, root, log } = statement
  return encodeCbor([1, kind, size, root, log])
}

/** The metadata with which a record makes the statement. */
export function treeMetadata(
  statement: TreeStatement,
): readonly (readonly [string, MetadataValue])[] {
  const { kind, size, root, log } = statement
  const entries: (readonly [string, MetadataValue])[] = [
    ['tree', kind],
    ['tree_root', toHex(root)],
    ['tree_size', BigInt(size)],
  ]
  if (log !== '') entries.push(['tree_log', log])
  return entries
}

/** The statement that a record makes, or `undefined` when it makes none, or one that is not its content. */
export function treeOf(record: ElraRecord): TreeStatement | undefined {
  const { metadata } = record
  const kind = metadata.get('tree')
  const size = metadata.get('tree_size')
  const rootText = metadata.get('tree_root')
  const log = metadata.get('tree_log') ?? ''
  if (kind !== 'seal' && kind !== 'readings') return undefined
  if (typeof size !== 'bigint' || size < 1n || size > maxTreeSize) return undefined
  if (typeof rootText !== 'string' || typeof log !== 'string') return undefined
  const root = fromHex(rootText)
  if (root?.length !== 32 || !(kind === 'seal' ? logPattern : /^$/).test(log)) return undefined
  const statement: TreeStatement = { kind, size: Number(size), root, log }
  return equalBytes(sha3_256(treeContent(statement)), record.contentHash) ? statement : undefined
}

/** That one entry stands at one place of the list for which a signed record stands. */
export interface TreeProof {
  readonly record: ElraRecord
  readonly statement: TreeStatement
  readonly index: number
  readonly path: readonly Uint8Array[]
}

/** The proof's canonical bytes: `[1, record, index, [hash…]]`. */
export function encodeTreeProof(record: ElraRecord, tree: MerkleTree, index: number): Bytes {
  return encodeCbor([version, record.bytes, index, tree.inclusionProof(index)])
}

/** The proof that bytes hold. Neither signature nor path is looked at: that is `verifyTreeProof`. */
export function decodeTreeProof(bytes: Uint8Array): Result<TreeProof, CarriedFault> {
  const limits = { maxBytes: maxTreeProofBytes, maxDepth: 2, maxItems: 5 + maxProofHashes }
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return refuse('it is not canonical CBOR within its bounds')
  const value = decoded.value
  if (!isTuple(value, 4) || value[0] !== version) return refuse('it is not of version 1')
  const [, wire, index, path] = value
  if (!isBytesUpTo(wire, maxRecordBytes)) return refuse('it has no record')
  const record = decodeRecord(wire)
  if (!record.ok) return refuse(`its record is none: ${record.fault.code}`)
  const statement = treeOf(record.value)
  if (statement === undefined) return refuse('its record stands for no list')
  if (!isUint(index, statement.size - 1)) return refuse('the place is beyond the list')
  if (!isList(path, maxProofHashes)) return refuse('the path is too long')
  const hashes = path.filter((hash) => isBytes(hash, 32))
  if (hashes.length !== path.length) return refuse('the path has something that is no hash')
  return ok({ record: record.value, statement, index, path: hashes })
}

/**
 * The proof of these bytes, once the record's signatures hold and the path leads from the entry to the root that the record
 * names. Needs nothing else. For a seal the entry is the SHA3-256 of a record's bytes.
 */
export function verifyTreeProof(
  bytes: Uint8Array,
  entry: Uint8Array,
  checkRecord: (record: ElraRecord) => Promise<Fault | undefined>,
): Promise<Result<Verified<TreeProof>, CarriedFault>> {
  const check = async (proof: TreeProof): Promise<CarriedFault | undefined> => {
    const { record, statement, index, path } = proof
    if (!verifyInclusion({ entry, index, size: statement.size, root: statement.root, path })) {
      return whyNot('the path does not lead from the entry to the root')
    }
    const fault = await checkRecord(record)
    return fault === undefined ? undefined : whyNot(`the record does not hold: ${fault.code}`)
  }
  return verifyForeign({ decode: decodeTreeProof, check }, bytes)
}

/** Longest proof: a record, the path and what CBOR puts before them. */
export const maxTreeProofBytes: number = maxRecordBytes + maxProofHashes * 34 + 32

/** The form's version. */
const version = 1
/** Entries of a list. Source: the largest tree of `merkle.ts`. */
const maxTreeSize = 2n ** 31n - 1n
const logPattern = /^[0-9a-f]{32}$/

function whyNot(why: string): CarriedFault {
  return { code: 'dag/bad-proof', why }
}

function refuse(why: string): Result<never, CarriedFault> {
  return fail(whyNot(why))
}
