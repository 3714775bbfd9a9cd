/**
 * The shared form of experiments and benchmarks: figures beside the thresholds they are held against, as a
 * table for a reader and as one line of JSON for a program.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

/** Closed interval; `null` leaves a side open. */
export type Interval = readonly [least: number | null, most: number | null]

/** What a figure is held against: equal to the reference, and better than it. */
export interface Threshold {
  readonly match: Interval | null
  readonly beat: Interval | null
}

/** A number is judged; text (a hash, a version) is only shown. */
export type Figure = number | string

/** The outcome of one experiment or benchmark. */
export interface Report {
  readonly id: string
  /** Every MATCH holds; where there is none, every BEAT. */
  readonly ok: boolean
  /** There is a BEAT and every one holds. */
  readonly beat: boolean
  /** Runs that the figures are over. */
  readonly seeds: number
  readonly figures: Readonly<Record<string, Figure>>
  readonly threshold: Readonly<Record<string, Threshold>>
}

/** How a scenario is to be run. */
export interface ScenarioOptions {
  /** Number of seeds, 1, 2, 3, ... */
  readonly seeds: number
  /** The smaller form that `npm test` runs. */
  readonly quick: boolean
  /** Replay this seed alone. */
  readonly seed?: number
  /** Tells a person how far it is. */
  readonly progress: (text: string) => void
}

/** An experiment in virtual time: `tools/sim/<id>.ts` exports one as `scenario`. */
export interface Scenario {
  readonly id: string
  readonly title: string
  /** Seeds when the command line names none; 20 unless said. */
  readonly defaultSeeds?: number
  run(options: ScenarioOptions): Promise<Report>
}

/** How a benchmark is to be run. */
export interface BenchmarkOptions {
  readonly quick: boolean
  readonly progress: (text: string) => void
}

/** A measurement in real time: `tools/bench/<id>.ts` exports one as `benchmark`. */
export interface Benchmark {
  readonly id: string
  readonly title: string
  run(options: BenchmarkOptions): Promise<Report>
}

/** Source: `targets.md` asks for at least 20 seeds of every simulated figure. */
const usualSeeds = 20

/** A figure no greater than this. */
export function atMost(most: number): Interval {
  return [null, most]
}

/** A figure no less than this. */
export function atLeast(least: number): Interval {
  return [least, null]
}

/** A figure from `least` to `most`, both included. */
export function between(least: number, most: number): Interval {
  return [least, most]
}

/** This figure and no other. */
export function exactly(value: number): Interval {
  return [value, value]
}

/** The seeds that a scenario is to run: the one to replay, or 1 to `seeds`. */
export function seedsOf(options: ScenarioOptions): readonly number[] {
  if (options.seed !== undefined) return [options.seed]
  return Array.from({ length: options.seeds }, (_, index) => index + 1)
}

/**
 * Holds figures against thresholds. A figure that is missing or not a number fails its threshold.
 *
 * @throws Error when there is no threshold at all, because such a report could not fail.
 */
export function judge(input: {
  readonly id: string
  readonly seeds: number
  readonly figures: Readonly<Record<string, Figure>>
  readonly threshold: Readonly<Record<string, Threshold>>
}): Report {
  const rows = Object.entries(input.threshold)
  const matches = rows.filter(([, threshold]) => threshold.match !== null)
  const beats = rows.filter(([, threshold]) => threshold.beat !== null)
  if (matches.length + beats.length === 0) throw new Error(`${input.id} has no threshold`)
  const matched = matches.every(([name, { match }]) => holds(input.figures[name], match))
  const beaten = beats.every(([name, { beat }]) => holds(input.figures[name], beat))
  return {
    id: input.id,
    ok: matches.length > 0 ? matched : beaten,
    beat: beats.length > 0 && beaten,
    seeds: input.seeds,
    figures: input.figures,
    threshold: input.threshold,
  }
}

/** Figure, MATCH and BEAT in columns, and the verdict. */
export function table(report: Report, title: string): string {
  const names = [...new Set([...Object.keys(report.figures), ...Object.keys(report.threshold)])]
  const rows = names.map((name) => {
    const figure = report.figures[name]
    const threshold = report.threshold[name]
    return [name, show(figure), cell(figure, threshold?.match), cell(figure, threshold?.beat)]
  })
  const lines = columns([['figure', 'measured', 'MATCH', 'BEAT'], ...rows])
  const verdict = !report.ok ? 'NOT ok' : report.beat ? 'ok, and beats the goal' : 'ok'
  const runs = report.seeds === 1 ? '1 run' : `${report.seeds} runs`
  return `${report.id}: ${title}\n${lines.join('\n')}\n${report.id}: ${verdict} (${runs})\n`
}

function holds(figure: Figure | undefined, interval: Interval | null | undefined): boolean {
  if (typeof figure !== 'number' || Number.isNaN(figure)) return false
  const [least, most] = interval ?? [null, null]
  return (least === null || figure >= least) && (most === null || figure <= most)
}

function cell(figure: Figure | undefined, interval: Interval | null | undefined): string {
  if (interval === null || interval === undefined) return '-'
  return `${holds(figure, interval) ? 'yes' : 'NO '} ${showInterval(interval)}`
}

function showInterval([least, most]: Interval): string {
  if (least === most) return `= ${show(least ?? undefined)}`
  if (least === null) return `<= ${show(most ?? undefined)}`
  return most === null ? `>= ${show(least)}` : `${show(least)} .. ${show(most)}`
}

function show(figure: Figure | undefined): string {
  if (figure === undefined) return 'missing'
  if (typeof figure === 'string') return figure
  if (Number.isInteger(figure)) return String(figure)
  return Math.abs(figure) >= 1000 ? figure.toFixed(0) : String(Number(figure.toPrecision(4)))
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, text] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, text.length)
  }
  return rows.map((row) =>
    `  ${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  )
}

interface Flags {
  readonly json: boolean
  readonly quick: boolean
  readonly seeds: number | undefined
  readonly seed: number | undefined
}

/** One thing that the command can run, whatever its kind. */
interface Entry {
  readonly id: string
  readonly title: string
  run(flags: Flags, progress: (text: string) => void): Promise<Report>
}

/** `npm run sim` and `npm run bench`: lists, or runs by name. Answers with the exit code. */
export async function main(kind: 'sim' | 'bench', folder: string, argv: string[]): Promise<number> {
  const parsed = parse(argv)
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\nUsage: npm run ${kind} -- [name ...] ${usage(kind)}\n`)
    return 1
  }
  const ids = await idsIn(kind, folder)
  if (parsed.names.length === 0) {
    await list(kind, folder, ids)
    return 0
  }
  const unknown = parsed.names.filter((name) => !ids.includes(name.toLowerCase()))
  if (unknown.length > 0) {
    process.stderr.write(
      `There is no ${kind} named ${unknown.map((name) => `"${name}"`).join(', ')}. ` +
        `There are: ${ids.join(', ')}.\n`,
    )
    return 1
  }
  const lines: string[] = []
  let ok = true
  for (const name of parsed.names) {
    const report = await runOne(kind, folder, name.toLowerCase(), parsed.flags)
    lines.push(JSON.stringify(report))
    ok &&= report.ok
  }
  if (parsed.flags.json) process.stdout.write(`${lines.join('\n')}\n`)
  return ok ? 0 : 1
}

async function runOne(
  kind: 'sim' | 'bench',
  folder: string,
  id: string,
  flags: Flags,
): Promise<Report> {
  try {
    const entry = await load(kind, folder, id)
    if (entry === undefined) throw new Error(`tools/${kind}/${id}.ts exports no ${exported[kind]}`)
    const report = await entry.run(flags, (text) => process.stderr.write(`${entry.id}: ${text}\n`))
    const out = flags.json ? process.stderr : process.stdout
    out.write(table(report, entry.title))
    return report
  } catch (error) {
    process.stderr.write(`${id}: ${error instanceof Error ? error.stack : String(error)}\n`)
    return { id, ok: false, beat: false, seeds: 0, figures: {}, threshold: {} }
  }
}

async function list(kind: 'sim' | 'bench', folder: string, ids: readonly string[]): Promise<void> {
  const rows: string[][] = []
  for (const id of ids) {
    try {
      const entry = await load(kind, folder, id)
      if (entry !== undefined) rows.push([entry.id, entry.title])
    } catch (error) {
      rows.push([id, `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`])
    }
  }
  process.stdout.write(`${columns(rows).join('\n')}\n`)
  process.stderr.write(`Run one: npm run ${kind} -- NAME ${usage(kind)}\n`)
}

const exported = { sim: 'scenario', bench: 'benchmark' } as const

async function load(kind: 'sim' | 'bench', folder: string, id: string): Promise<Entry | undefined> {
  const loaded: unknown = await import(pathToFileURL(join(folder, `${id}.ts`)).href)
  if (kind === 'bench') {
    const { benchmark } = loaded as { readonly benchmark?: Benchmark }
    if (benchmark === undefined) return undefined
    const run: Entry['run'] = ({ quick }, progress) => benchmark.run({ quick, progress })
    return { id: benchmark.id, title: benchmark.title, run }
  }
  const { scenario } = loaded as { readonly scenario?: Scenario }
  if (scenario === undefined) return undefined
  const run: Entry['run'] = ({ quick, seeds, seed }, progress) => {
    const count = seed === undefined ? (seeds ?? scenario.defaultSeeds ?? usualSeeds) : 1
    return scenario.run({ quick, seeds: count, progress, ...(seed === undefined ? {} : { seed }) })
  }
  return { id: scenario.id, title: scenario.title, run }
}

/** The files that export what can be run; others beside them are their parts. */
async function idsIn(kind: 'sim' | 'bench', folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const ids: string[] = []
  for (const name of names.filter((one) => /^[a-z0-9-]+\.ts$/.test(one))) {
    const text = await readFile(join(folder, name), 'utf8')
    if (text.includes(`export const ${exported[kind]}:`)) ids.push(name.slice(0, -3))
  }
  return ids.toSorted(naturally)
}

/** a2 before a10. */
function naturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function usage(kind: 'sim' | 'bench'): string {
  return kind === 'sim' ? '[--seeds N] [--seed S] [--quick] [--json]' : '[--quick] [--json]'
}

function parse(argv: string[]): { readonly names: string[]; readonly flags: Flags } | string {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        seeds: { type: 'string' },
        seed: { type: 'string' },
      },
    })
    const seeds = values.seeds === undefined ? undefined : whole('--seeds', values.seeds, 1)
    const seed = values.seed === undefined ? undefined : whole('--seed', values.seed, 0)
    return { names: positionals, flags: { json: values.json, quick: values.quick, seeds, seed } }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`${name} takes a whole number from ${least}, not "${text}".`)
  }
  return value
}
