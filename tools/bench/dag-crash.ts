import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { RecordStore, StoredRecord } from '@kithnet/dag'
import { sqliteRecords } from '@kithnet/dag/sqlite'
import { sampleRecord } from '@kithnet/dag/suite'
import { repairTiles, tileRecords } from '@kithnet/dag/tiles'
import { assert, equalBytes, type Rng, seededRng } from '@kithnet/kernel'
import { atLeast, type Benchmark, exactly, type Figure, judge } from '../report.ts'
import { callOf, numbersOf } from './dag/crash-calls.ts'
import { compiled } from './fleet/compiled.ts'

/**
 * Kills a process that writes, at random moments from its start on, and looks at what its store has then: every call that
 * was acknowledged, every record whole, every call whole or not at all.
 */
export const benchmark: Benchmark = {
  id: 'dag-crash',
  title: 'stores of records whose process is killed',
  run: async ({ quick, progress }) => {
    const kills = quick ? 8 : 500
    const script = await compiled('../dag/crash-writer.ts')
    const tiles = await crashLoop('tiles', script, kills, progress)
    const sqlite = await crashLoop('sqlite', script, kills, progress)
    const named = (kind: string, found: CrashFigures): Record<string, Figure> =>
      Object.fromEntries(Object.entries(found).map(([name, value]) => [`${kind}${name}`, value]))
    const none = { match: exactly(0), beat: null }
    return judge({
      id: 'dag-crash',
      seeds: 1,
      figures: { ...named('tiles', tiles), ...named('sqlite', sqlite) },
      threshold: {
        tilesKills: { match: exactly(kills), beat: null },
        tilesAcknowledged: { match: atLeast(kills), beat: null },
        tilesLost: none,
        tilesTorn: none,
        sqliteKills: { match: exactly(kills), beat: null },
        sqliteAcknowledged: { match: atLeast(kills), beat: null },
        sqliteLost: none,
        sqliteTorn: none,
      },
    })
  },
}

interface CrashFigures {
  readonly Kills: number
  /** Kills before the store was open: while it recovered from the one before. */
  readonly EarlyKills: number
  readonly Acknowledged: number
  /** Acknowledged calls that are not there. */
  readonly Lost: number
  /** Records that are not what was appended, and calls of which a part is there. */
  readonly Torn: number
  readonly Records: number
}

type Kind = 'tiles' | 'sqlite'

async function crashLoop(
  kind: Kind,
  script: string,
  kills: number,
  progress: (text: string) => void,
): Promise<CrashFigures> {
  const root = mkdtempSync(join(tmpdir(), 'kithnet-crash-'))
  const path = join(root, 'store')
  const rng = seededRng(`crash ${kind}`)
  const open = (): Promise<RecordStore> =>
    kind === 'tiles' ? tileRecords(path) : sqliteRecords(path)
  const figures = { Kills: 0, EarlyKills: 0, Acknowledged: 0, Lost: 0, Torn: 0, Records: 0 }
  const acknowledged = new Set<number>()
  const look = async (check: CrashCheck): Promise<void> => {
    await using store = await open()
    const { lost, torn } = await check.look(store, acknowledged)
    figures.Lost += lost
    figures.Torn += torn
    figures.Records = store.size
  }
  const start = (round: number): Writer =>
    new Writer(script, [kind, path, `${round * roundNumbers}`])
  let waiting = start(0)
  try {
    const check = new CrashCheck()
    for (let round = 0; round < kills; round++) {
      const writer = waiting
      // The next one loads while this one runs.
      waiting = start(round + 1)
      const { calls, wasOpen } = await writer.killedAtRandom(rng)
      for (const call of calls) acknowledged.add(call)
      figures.Kills++
      if (!wasOpen) figures.EarlyKills++
      progress(`${kind}: killed ${round + 1} of ${kills}`)
      // Not after each, so that a store also recovers from what recovered before.
      if (rng.below(4) === 0) await look(check)
    }
    await look(new CrashCheck())
    for (const call of acknowledged) figures.Acknowledged += numbersOf(call).length
    if (kind === 'sqlite') return figures
    const report = await repairTiles(path)
    figures.Torn += report.unreadable + report.duplicates + report.cutBytes
    assert(report.records === figures.Records, 'the tiles have what the catalogue says')
    return figures
  } finally {
    waiting.kill()
    rmSync(root, { recursive: true })
  }
}

/** A process that appends, from its start until it is killed. */
class Writer {
  readonly #child: ChildProcess
  #printed = ''
  readonly #ended: Promise<void>
  readonly #output: Readable

  constructor(script: string, args: readonly string[]) {
    this.#child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('close', (code, signal) => {
        if (signal === 'SIGKILL') resolve()
        else reject(new Error(`the writer ended by itself with ${code}`))
      })
    })
    this.#ended.catch(() => {})
    this.#output = this.#child.stdout!.setEncoding('utf8')
    this.#output.on('data', (text: string) => {
      this.#printed += text
    })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Lets it begin and kills it; the calls that it said were acknowledged, and whether its store was open by then. */
  async killedAtRandom(
    rng: Rng,
  ): Promise<{ readonly calls: readonly number[]; readonly wasOpen: boolean }> {
    await Promise.race([this.#hasPrinted(1), this.#ended])
    this.#child.stdin!.write('go\n')
    // A quarter from when they begin to open, which is when they recover; a quarter from when they are open; half of them
    // from their first acknowledgement, so that there is something to lose on a slow disk too.
    const phase = rng.below(4)
    if (phase > 0) await Promise.race([this.#hasPrinted(phase === 1 ? 2 : 3), this.#ended])
    await new Promise((resolve) => setTimeout(resolve, rng.below(longestLifeMs)))
    this.kill()
    await this.#ended
    // What follows the last line break is half a line.
    const [, opened, ...calls] = this.#printed.split('\n').slice(0, -1)
    return { calls: calls.map(Number), wasOpen: opened === 'open' }
  }

  /** Resolves once there are so many lines. */
  async #hasPrinted(lines: number): Promise<void> {
    while (this.#printed.split('\n').length <= lines) await once(this.#output, 'data')
  }
}

/** What is found in a store, beside what it should have. */
class CrashCheck {
  /** Records found, by call. */
  readonly #found = new Map<number, number>()
  #looked = 0

  /** Reads what came since the last look. */
  async look(
    store: RecordStore,
    acknowledged: ReadonlySet<number>,
  ): Promise<{ readonly lost: number; readonly torn: number }> {
    let torn = 0
    for await (const batch of store.scan(this.#looked)) {
      for (const stored of batch) torn += this.#count(stored) ? 0 : 1
      this.#looked += batch.length
    }
    if (this.#looked !== store.size) torn++
    let lost = 0
    for (const call of acknowledged) if (!this.#found.has(call)) lost++
    for (const [call, count] of this.#found) if (count !== numbersOf(call).length) torn++
    return { lost, torn }
  }

  /** False when the record is not what was appended. */
  #count({ record, hash }: StoredRecord): boolean {
    const number = Number.parseInt(record.id.slice(-12), 16)
    const expected = sampleRecord(number)
    this.#found.set(callOf(number), (this.#found.get(callOf(number)) ?? 0) + 1)
    return equalBytes(record.bytes, expected.record.bytes) && equalBytes(hash, expected.hash)
  }
}

/** Numbers that one life may use. */
const roundNumbers = 1_000_000
/** Source: our choice, some twenty commits. */
const longestLifeMs = 60
