import type { Classification } from '@kithnet/wire'
import type { Records } from '../records.ts'
import { encodeAttestation } from '../witnesses/attestations.ts'
import type { Carried } from './bundle.ts'

/** What is to be carried elsewhere. */
export interface ExportOptions {
  /** Only these records and, unless `alone`, all their ancestors; all records when left out. */
  readonly ids?: readonly string[]
  readonly alone?: boolean
  /** Leaves out records of a higher class, and whatever descends from them: a part of the graph that stands alone. */
  readonly clearance?: Classification
}

/**
 * Records, parents first, each followed by what witnesses said of it, and after all of them the proofs against authors: what
 * a bundle or a file of lines carries.
 */
export async function* exported(
  records: Records,
  options: ExportOptions = {},
): AsyncGenerator<Carried> {
  const wanted = wantedOf(records, options)
  const left = new Set<string>()
  for await (const { record } of records.all()) {
    if (wanted !== undefined && !wanted.has(record.id)) continue
    const isAbove = record.classification > (options.clearance ?? 3)
    // Whoever reads a child learns the id of its parent.
    if (isAbove || record.parents.some((parent) => left.has(parent))) {
      left.add(record.id)
      continue
    }
    yield { kind: 'record', bytes: record.bytes }
    for (const word of await records.attestations(record.id)) {
      yield { kind: 'attestation', bytes: encodeAttestation(word) }
    }
  }
  if (options.clearance !== undefined && options.clearance < 3) return
  for (const author of records.equivocators) {
    const evidence = await records.evidence(author)
    if (evidence !== undefined) yield { kind: 'equivocation', bytes: evidence.bytes }
  }
}

/** What became of what was carried here. */
export interface ImportReport {
  readonly inserted: number
  readonly known: number
  /** Records that wait for parents that did not come; they are lost when the records are closed. */
  readonly waiting: number
  readonly attestations: number
  readonly evidence: number
  /** What was not believed, by code. */
  readonly refused: Readonly<Record<string, number>>
}

/** Takes in what a bundle or a file of lines carried, a batch at a time, everything verified first. */
export async function importCarried(
  records: Records,
  carried: AsyncIterable<Carried> | Iterable<Carried>,
  progress: (taken: number) => void = () => {},
): Promise<ImportReport> {
  const importer = new Importer(records)
  let taken = 0
  for await (const one of carried) {
    await importer.take(one)
    if (++taken % batchRecords === 0) progress(taken)
  }
  await importer.flush()
  return importer.report
}

class Importer {
  readonly #records: Records
  readonly #refused: Record<string, number> = {}
  #batch: Uint8Array[] = []
  #counts = { inserted: 0, known: 0, attestations: 0, evidence: 0 }

  constructor(records: Records) {
    this.#records = records
  }

  get report(): ImportReport {
    return { ...this.#counts, waiting: this.#records.waiting.records, refused: this.#refused }
  }

  async take({ kind, bytes }: Carried): Promise<void> {
    if (kind === 'record') {
      this.#batch.push(bytes)
      if (this.#batch.length >= batchRecords) await this.flush()
      return
    }
    await this.flush()
    const added =
      kind === 'attestation'
        ? await this.#records.addAttestation(bytes)
        : await this.#records.addEvidence(bytes)
    if (!added.ok) this.#refuse(added.fault.code)
    else if (added.value) this.#counts[kind === 'attestation' ? 'attestations' : 'evidence']++
    else this.#counts.known++
  }

  async flush(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    const before = this.#records.size
    for (const outcome of await this.#records.insertMany(batch)) {
      if (outcome.status === 'known') this.#counts.known++
      else if (outcome.status === 'refused') this.#refuse(outcome.fault.code)
    }
    // With what came now, records from before may have been let in.
    this.#counts.inserted += this.#records.size - before
  }

  #refuse(code: string): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1
  }
}

/** Records that are verified and written together. Source: our choice; some 1.4 MB. */
const batchRecords = 256

function wantedOf(records: Records, { ids, alone }: ExportOptions): Set<string> | undefined {
  if (ids === undefined) return undefined
  const wanted = new Set(ids)
  if (alone === true) return wanted
  for (const id of ids) {
    for (const ancestor of records.graph.ancestors(id, { count: Infinity }).ids) {
      wanted.add(ancestor)
    }
  }
  return wanted
}
