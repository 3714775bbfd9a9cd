import { readFileSync, writeFileSync } from 'node:fs'
import {
  checkSignatures,
  type FoundRecord,
  Seals,
  type StoredRecord,
  verifyConsistency,
  verifyEquivocation,
  verifyRecords,
  verifyTreeProof,
} from '@kithnet/dag'
import { CodedError, equalBytes, toHex } from '@kithnet/kernel'
import { decodeRecord, type ElraRecord, identityHash, recordHash } from '@kithnet/wire'
import { type CliFault, usage } from '../faults.ts'
import { note, print, printJson } from '../output.ts'
import { openPlace, type OpenPlace, type PlaceOptions } from '../records-place.ts'
import { timeText } from './dag-record.ts'
import { absent } from './dag-read.ts'
import { signerOf } from './dag-write.ts'
import { Progress } from './progress.ts'

interface PlainOptions extends PlaceOptions {
  readonly json?: boolean
}

interface VerifyOptions extends PlainOptions {
  readonly proof?: string
  readonly entry?: string
  readonly evidence?: string
}

interface ProveOptions extends PlainOptions {
  readonly since?: string
  readonly out?: string
}

/** `kith dag verify`. */
export async function verifyStored(ids: readonly string[], options: VerifyOptions): Promise<void> {
  if (options.evidence !== undefined) return verifyEvidence(options.evidence, options)
  if (options.proof !== undefined) return verifyProof(options.proof, options)
  await using open = await openPlace(options)
  const bad: { readonly id: string; readonly why: string }[] = []
  let checked = 0
  const progress = new Progress('checked')
  for await (const batch of batches(ids, open)) {
    bad.push(...(await faultsOf(batch, open, options)))
    checked += batch.length
    progress.at(checked, open.records.size)
  }
  progress.end()
  if (options.json === true) printJson({ checked, bad })
  else {
    for (const { id, why } of bad) print(`${id}  ${why}`)
    note(`${checked} records checked, ${bad.length} bad.`)
  }
  if (bad.length > 0) {
    throw new CodedError<CliFault>(
      { code: 'cli/records-bad', count: bad.length },
      `${bad.length} of ${checked} records do not hold: do not rely on them; bring them again with "kith dag import" or "kith dag sync".`,
    )
  }
}

/** `kith dag seal`. */
export async function sealRecords(
  options: PlainOptions & { readonly identity?: string; readonly identityPath?: string },
): Promise<void> {
  await using open = await openPlace(options)
  using identity = await signerOf(options)
  const seals = await Seals.open(open.records)
  const size = open.records.size
  const { id } = await seals.seal(identity)
  if (options.json === true) printJson({ id, size })
  else {
    print(id)
    note(`It covers ${size} records.`)
  }
}

/** `kith dag prove`. */
export async function proveRecord(
  sealId: string,
  id: string | undefined,
  options: ProveOptions,
): Promise<void> {
  await using open = await openPlace(options)
  const seals = await Seals.open(open.records)
  if (options.since !== undefined) {
    await showConsistency(seals, options.since, sealId, options)
    return
  }
  if (id === undefined)
    throw usage('id', 'Name the record to prove, or an older seal with --since.')
  const proof = await seals.prove(sealId, id)
  if (options.out !== undefined) {
    writeFileSync(options.out, proof)
    note(`${proof.length} bytes of proof in ${options.out}.`)
  } else if (options.json === true) printJson({ seal: sealId, id, proof: toHex(proof) })
  else if (process.stdout.isTTY) print(toHex(proof))
  else process.stdout.write(proof)
}

async function showConsistency(
  seals: Seals,
  olderId: string,
  newerId: string,
  options: ProveOptions,
): Promise<void> {
  const { older, newer, path } = await seals.proveConsistency(olderId, newerId)
  const claim = {
    oldSize: older.size,
    oldRoot: older.root,
    size: newer.size,
    root: newer.root,
    path,
  }
  const holds = verifyConsistency(claim)
  const shown = {
    holds,
    oldSize: older.size,
    oldRoot: toHex(older.root),
    size: newer.size,
    root: toHex(newer.root),
    path: path.map(toHex),
  }
  if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(shown)}\n`)
  if (options.json === true) printJson(shown)
  else
    print(
      `The ${newer.size} records of the newer seal begin with the ${older.size} of the older one.`,
    )
}

async function verifyProof(path: string, options: VerifyOptions): Promise<void> {
  if (options.entry === undefined) {
    throw usage(
      '--entry',
      'Say what the proof is about, with --entry: the ELRA bytes of a record, or a reading.',
    )
  }
  const entry = new Uint8Array(readFileSync(options.entry))
  const record = decodeRecord(entry)
  const proof = new Uint8Array(readFileSync(path))
  const leaf = record.ok ? recordHash(record.value) : entry
  const verified = await verifyTreeProof(proof, leaf, check)
  if (!verified.ok)
    throw new CodedError(verified.fault, `The proof does not hold: ${verified.fault.why}.`)
  const { statement, index } = verified.value
  const by = identityHash(verified.value.record.creatorKey)
  const time = timeText(verified.value.record.timestamp)
  if (options.json === true) printJson({ holds: true, index, size: statement.size, by, time })
  else print(`It holds: entry ${index} of ${statement.size}, signed by ${by} at ${time}.`)
}

async function verifyEvidence(path: string, options: VerifyOptions): Promise<void> {
  const verified = await verifyEquivocation(new Uint8Array(readFileSync(path)), check)
  if (!verified.ok)
    throw new CodedError(verified.fault, `The proof does not hold: ${verified.fault.why}.`)
  const { kind, first, second } = verified.value
  const author = identityHash(first.creatorKey)
  if (options.json === true) printJson({ holds: true, kind, author, ids: [first.id, second.id] })
  else print(`It holds: ${author} signed both ${first.id} and ${second.id} (${kind}).`)
}

function check(record: ElraRecord): ReturnType<typeof checkSignatures> {
  return checkSignatures(record)
}

/** Records in batches that are verified together. */
async function* batches(
  ids: readonly string[],
  { records }: OpenPlace,
): AsyncGenerator<readonly StoredRecord[]> {
  if (ids.length > 0) {
    const found: FoundRecord[] = []
    for (const id of ids) {
      const one = await records.get(id)
      if (one === undefined) throw absent(id)
      found.push(one)
    }
    yield found
    return
  }
  let batch: StoredRecord[] = []
  for await (const stored of records.all()) {
    batch.push(stored)
    if (batch.length < batchRecords) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function faultsOf(
  batch: readonly StoredRecord[],
  { records }: OpenPlace,
  options: PlainOptions,
): Promise<readonly { readonly id: string; readonly why: string }[]> {
  const mode = options.compatible === true ? 'compatible' : 'strict'
  const results = await verifyRecords(
    batch.map(({ record }) => record.bytes),
    { mode, unknownSecondKey: 'keep' },
  )
  return batch.flatMap(({ record, hash }, index) => {
    const { id } = record
    const result = results[index]!
    if (!result.ok) return [{ id, why: result.fault.code }]
    if (!equalBytes(recordHash(record), hash)) return [{ id, why: 'dag/damaged-record' }]
    const isComplete = record.parents.every((parent) => records.graph.has(parent))
    return isComplete ? [] : [{ id, why: 'dag/missing-parent' }]
  })
}

/** Source: our choice; some 50 ms of one core. */
const batchRecords = 256
