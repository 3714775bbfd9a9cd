import { fail, fromHex, hasCode, ok, type Result, toHex } from '@kithnet/kernel'
import type { RunCase, VectorCase } from '@kithnet/testkit/suite'
import { decodeRecord, identityHash, sha3_256 } from '@kithnet/wire'
import {
  carriedOf,
  checkSignatures,
  isTimed,
  MerkleTree,
  readBundle,
  verifyAttestation,
  verifyConsistency,
  verifyEquivocation,
  verifyInclusion,
  verifyTreeProof,
} from '@kithnet/dag'

/** Changes to the bytes of another case of the file, in their order. */
export type Change =
  | { readonly at: number; readonly bytes: string }
  | { readonly length: number }
  | { readonly append: string }

/** Bytes in hexadecimal, or those of another case, changed. */
export type Source = string | { readonly base: string; readonly changes: readonly Change[] }

/** The bytes of a source; negative places count from the end. */
export function bytesOf(source: Source, bases: ReadonlyMap<string, string>): Uint8Array {
  if (typeof source === 'string') return fromHex(source)!
  let bytes: Uint8Array = fromHex(bases.get(source.base)!)!
  for (const change of source.changes) {
    if ('length' in change) bytes = bytes.slice(0, change.length)
    else if ('append' in change) bytes = Uint8Array.from([...bytes, ...fromHex(change.append)!])
    else {
      bytes = bytes.slice()
      bytes.set(fromHex(change.bytes)!, change.at < 0 ? bytes.length + change.at : change.at)
    }
  }
  return bytes
}

/** The bytes of the cases that others are made from, by name. */
export function basesOf(cases: readonly VectorCase[], field: string): ReadonlyMap<string, string> {
  return new Map(
    cases.flatMap(({ name, input }) => {
      const value = (input as Readonly<Record<string, unknown>>)[field]
      return typeof value === 'string' ? [[name, value] as const] : []
    }),
  )
}

const badProof = fail({ code: 'dag/bad-proof' })

/** Roots and paths of lists of entries, and claims about them. */
export const runMerkle: RunCase = (input) => {
  const { op, entries, at } = input as {
    readonly op: string
    readonly entries: readonly string[]
    readonly at: number
  }
  if (op === 'verify-inclusion') {
    const claim = input as Readonly<Record<'entry' | 'root', string>> & {
      readonly index: number
      readonly size: number
      readonly path: readonly string[]
    }
    const holds = verifyInclusion({
      entry: fromHex(claim.entry)!,
      index: claim.index,
      size: claim.size,
      root: fromHex(claim.root)!,
      path: claim.path.map((hash) => fromHex(hash)!),
    })
    return holds ? ok(true) : badProof
  }
  if (op === 'verify-consistency') {
    const claim = input as Readonly<Record<'oldRoot' | 'root', string>> & {
      readonly oldSize: number
      readonly size: number
      readonly path: readonly string[]
    }
    const holds = verifyConsistency({
      oldSize: claim.oldSize,
      oldRoot: fromHex(claim.oldRoot)!,
      size: claim.size,
      root: fromHex(claim.root)!,
      path: claim.path.map((hash) => fromHex(hash)!),
    })
    return holds ? ok(true) : badProof
  }
  const tree = new MerkleTree(entries.map((entry) => fromHex(entry)!))
  if (op === 'root') return ok(toHex(tree.root()))
  const path = op === 'inclusion' ? tree.inclusionProof(at) : tree.consistencyProof(at)
  return ok(path.map(toHex))
}

/** A witness's word on a record. */
export function runAttestation(cases: readonly VectorCase[]): RunCase {
  const words = basesOf(cases, 'attestation')
  const records = basesOf(cases, 'record')
  return async (input) => {
    const { attestation, record } = input as Readonly<Record<'attestation' | 'record', Source>>
    const about = decodeRecord(bytesOf(record, records))
    if (!about.ok) return about
    const verified = await verifyAttestation(bytesOf(attestation, words), about.value)
    if (!verified.ok) return verified
    const { recordId, witnessKey, timestamp } = verified.value
    const witness = identityHash(witnessKey)
    return ok({ recordId, witness, timestamp, timed: isTimed(verified.value) })
  }
}

/** Proof that an author contradicted itself. */
export function runEquivocation(cases: readonly VectorCase[]): RunCase {
  const proofs = basesOf(cases, 'proof')
  return async (input) => {
    const { proof } = input as { readonly proof: Source }
    const verified = await verifyEquivocation(bytesOf(proof, proofs), (record) =>
      checkSignatures(record),
    )
    if (!verified.ok) return verified
    const { kind, first, second } = verified.value
    return ok({ kind, author: identityHash(first.creatorKey), ids: [first.id, second.id] })
  }
}

/** Proof that an entry is one of those for which a record stands. */
export function runTreeProof(cases: readonly VectorCase[]): RunCase {
  const proofs = basesOf(cases, 'proof')
  return async (input) => {
    const { proof, entry } = input as { readonly proof: Source; readonly entry: string }
    const verified = await verifyTreeProof(bytesOf(proof, proofs), fromHex(entry)!, (record) =>
      checkSignatures(record),
    )
    if (!verified.ok) return verified
    const { statement, index, record } = verified.value
    const { kind, size, root, log } = statement
    return ok({ kind, size, root: toHex(root), log, index, record: record.id })
  }
}

/** What a bundle carries. */
export function runBundle(cases: readonly VectorCase[]): RunCase {
  const bundles = basesOf(cases, 'bundle')
  return async (input) => {
    const { bundle } = input as { readonly bundle: Source }
    try {
      const carried: unknown[] = []
      for await (const { kind, bytes } of readBundle([bytesOf(bundle, bundles)])) {
        carried.push({ kind, sha3: toHex(sha3_256(bytes)) })
      }
      return ok(carried)
    } catch (error) {
      if (!hasCode(error, 'dag/bad-bundle')) throw error
      return fail({ code: 'dag/bad-bundle' })
    }
  }
}

/** What a line carries. */
export const runLine: RunCase = (input): Result<unknown> => {
  const { line } = input as { readonly line: string }
  const carried = carriedOf(line)
  if (!carried.ok) return carried
  const { kind, bytes } = carried.value
  return ok({ kind, sha3: toHex(sha3_256(bytes)) })
}
