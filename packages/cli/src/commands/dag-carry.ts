import { createReadStream, createWriteStream } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  type Carried,
  carriedOf,
  exported,
  type ImportReport,
  importCarried,
  lineOf,
  maxLineLength,
  mergeRecords,
  readBundle,
  writeBundle,
} from '@kithnet/dag'
import { CodedError } from '@kithnet/kernel'
import type { Mode } from '@kithnet/wire'
import { note, printJson } from '../output.ts'
import { openPlace, type PlaceOptions } from '../records-place.ts'
import { absent } from './dag-read.ts'
import { classOf } from './dag-record.ts'
import { Progress } from './progress.ts'

interface PlainOptions extends PlaceOptions {
  readonly json?: boolean
}

interface ExportOptions extends PlainOptions {
  readonly bundle?: boolean
  readonly clearance?: string
  readonly out?: string
}

/** `kith dag export`. */
export async function exportRecords(ids: readonly string[], options: ExportOptions): Promise<void> {
  await using open = await openPlace(options)
  const unknown = ids.find((id) => !open.records.graph.has(id))
  if (unknown !== undefined) throw absent(unknown)
  const entries = exported(open.records, {
    ...(ids.length === 0 ? {} : { ids }),
    ...(options.clearance === undefined
      ? {}
      : { clearance: classOf(options.clearance, '--clearance') }),
  })
  let count = 0
  const progress = new Progress('written')
  async function* counted(): AsyncGenerator<Carried> {
    for await (const entry of entries) {
      yield entry
      progress.at(++count)
    }
  }
  const bytes = options.bundle === true ? writeBundle(counted()) : lines(counted(), modeOf(options))
  const target: Writable =
    options.out === undefined ? process.stdout : createWriteStream(options.out, { mode: 0o600 })
  try {
    await pipeline(Readable.from(bytes), target, { end: options.out !== undefined })
  } catch (error) {
    // Whoever reads our output has read enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
  progress.end()
  if (options.out === undefined) return
  if (options.json === true) printJson({ path: options.out, entries: count })
  else note(`${count} entries in ${options.out}.`)
}

/** `kith dag import`. */
export async function importRecords(
  path: string | undefined,
  options: PlainOptions,
): Promise<void> {
  await using open = await openPlace(options)
  const source = path === undefined ? process.stdin : createReadStream(path)
  const progress = new Progress('taken in')
  const report = await importCarried(open.records, entriesOf(source, modeOf(options)), (taken) =>
    progress.at(taken),
  )
  progress.end()
  tell(report, options)
}

/** `kith dag sync`. */
export async function syncRecords(other: string, options: PlainOptions): Promise<void> {
  await using here = await openPlace(options)
  await using there = await openPlace({ ...options, store: other })
  const { toFirst, toSecond } = await mergeRecords(here.records, there.records)
  if (options.json === true) {
    printJson({ received: toFirst, sent: toSecond, records: here.records.size })
    return
  }
  note(
    `Received ${toFirst.items} (${toFirst.bytes} bytes), gave ${toSecond.items} (${toSecond.bytes} bytes). ` +
      `Here are ${here.records.size} records, there ${there.records.size}.`,
  )
}

function tell(report: ImportReport, options: PlainOptions): void {
  const refused = Object.values(report.refused).reduce((sum, count) => sum + count, 0)
  if (options.json === true) printJson(report)
  else {
    note(
      `${report.inserted} records inserted, ${report.attestations} attestations, ${report.evidence} proofs; ${report.known} were here already.`,
    )
  }
  if (refused > 0) {
    const why = Object.entries(report.refused).map(([code, count]) => `${count} ${code}`)
    throw new CodedError(
      { code: 'cli/records-refused', count: refused },
      `${refused} entries were refused: ${why.join(', ')}. The rest is in.`,
    )
  }
  if (report.waiting > 0) {
    throw new CodedError(
      { code: 'cli/records-refused', count: report.waiting },
      `${report.waiting} records follow others that are neither here nor in the file, and were left out: import those first.`,
    )
  }
}

function modeOf(options: PlainOptions): Mode {
  return options.compatible === true ? 'compatible' : 'strict'
}

async function* lines(entries: AsyncIterable<Carried>, mode: Mode): AsyncGenerator<string> {
  for await (const entry of entries) {
    const line = lineOf(entry, mode)
    if (!line.ok) throw new CodedError(line.fault, `An entry cannot be written: ${line.fault.why}.`)
    yield `${line.value}\n`
  }
}

/** A bundle or lines, whichever begins here. */
async function* entriesOf(source: Readable, mode: Mode): AsyncGenerator<Carried> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const first = await chunks.next()
  if (first.done === true) return
  const rest = { [Symbol.asyncIterator]: () => chunks }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first.value as Uint8Array
    yield* rest
  }
  // No line of JSON begins with this letter.
  if (first.value[0] === 0x4b) yield* readBundle(all())
  else yield* readLines(all(), mode)
}

async function* readLines(chunks: AsyncIterable<Uint8Array>, mode: Mode): AsyncGenerator<Carried> {
  let number = 0
  for await (const line of splitLines(chunks)) {
    number++
    if (line.trim() === '') continue
    const carried = carriedOf(line, mode)
    if (!carried.ok) {
      throw new CodedError(
        carried.fault,
        `Line ${number} cannot be read: ${carried.fault.why}. What came before it is in.`,
      )
    }
    yield carried.value
  }
}

/** Lines of text, none of them kept beyond its bound. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop()!
    if (rest.length > maxLineLength) parts.push(rest)
    yield* parts
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
