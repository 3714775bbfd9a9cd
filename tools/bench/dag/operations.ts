import {
  memoryRecords,
  MerkleTree,
  openRecords,
  Seals,
  signDraft,
  verifyRecords,
} from '@kithnet/dag'
import { createIdentity } from '@kithnet/identity'
import { assert, epochMs, seededRng, utf8 } from '@kithnet/kernel'
import type { ElraRecord } from '@kithnet/wire'
import { atMost, type BenchmarkOptions, type Figure, type Threshold } from '../../report.ts'

/**
 * What an author and a reader do: sign, verify many at once, take in what was verified, seal and prove. Signatures are
 * real; what a store adds to an insert is measured elsewhere.
 */
export async function operationFigures({
  quick,
  progress,
}: BenchmarkOptions): Promise<Record<string, Figure>> {
  const count = quick ? 300 : 5_000
  progress(`signing ${count} records`)
  const started = performance.now()
  const records = await signed(count)
  const signMs = performance.now() - started
  progress('verifying them')
  const bytes = records.map((record) => record.bytes)
  const verified = await timed(() => verifyRecords(bytes))
  const results = verified.value
  assert(
    results.every((result) => result.ok),
    'every record holds',
  )
  const hundred = await timed(() => verifyRecords(bytes.slice(0, 100)))
  progress('taking them in')
  await using store = memoryRecords()
  const host = { wall: () => epochMs(1_780_000_000_000), rng: seededRng('operations') }
  await using kept = await openRecords({ store, host })
  const inserted = await timed(async () => {
    for (let at = 0; at < count; at += 500) await kept.insertMany(bytes.slice(at, at + 500))
  })
  assert(kept.size === count, 'every record is in')
  progress('sealing and proving')
  const seals = await Seals.open(kept, host)
  const seal = await seals.seal(author)
  const proof = await seals.prove(seal.id, records[count >> 1]!.id)
  return {
    signsPerSecond: (count / signMs) * 1_000,
    verifiesPerSecond: (count / verified.ms) * 1_000,
    verifyCpuUs: verified.cpuUs / count,
    verify100Ms: hundred.ms,
    verifiedInsertsPerSecond: (count / inserted.ms) * 1_000,
    verifiedInsertCpuUs: inserted.cpuUs / count,
    sealedRecords: count,
    sealProofBytes: proof.length,
    ...readings(quick ? 3_000 : 100_000),
  }
}

/** Source: Elara whitepaper 0.6.0, section 11.3: less than 6 KB to prove one record. */
export const operationThresholds: Record<string, Threshold> = {
  sealProofBytes: { match: null, beat: atMost(6_144) },
}

const author = createIdentity(new Uint8Array(32).fill(1))

interface Timed<T> {
  readonly value: T
  readonly ms: number
  /** Processor time, the host's share of it included: what a busy machine changes least. */
  readonly cpuUs: number
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const before = process.cpuUsage()
  const started = performance.now()
  const value = await work()
  const ms = performance.now() - started
  const { user, system } = process.cpuUsage(before)
  return { value, ms, cpuUs: user + system }
}

/** A chain. */
async function signed(count: number): Promise<readonly ElraRecord[]> {
  const records: ElraRecord[] = []
  const idOf = (index: number): string =>
    `01950f2e-7c1a-7abc-8def-${String(index).padStart(12, '0')}`
  for (let at = 0; at < count; at += 64) {
    const length = Math.min(64, count - at)
    const drafts = Array.from({ length }, (_, index) => ({
      content: utf8(`content ${at + index}`),
      id: idOf(at + index),
      timestamp: 1_770_000_000 + at + index,
      parents: at + index === 0 ? [] : [idOf(at + index - 1)],
    }))
    records.push(...(await Promise.all(drafts.map((draft) => signDraft(draft, author)))))
  }
  return records
}

function readings(count: number): Record<string, Figure> {
  const entries = Array.from({ length: count }, (_, index) => utf8(`reading ${index}`))
  const started = performance.now()
  const tree = new MerkleTree(entries)
  const treeMs = performance.now() - started
  const proofs = 10_000
  const proofStarted = performance.now()
  for (let index = 0; index < proofs; index++) tree.inclusionProof((index * 7_919) % count)
  return {
    readings: count,
    readingTreeMs: treeMs,
    readingProofUs: ((performance.now() - proofStarted) / proofs) * 1_000,
  }
}
