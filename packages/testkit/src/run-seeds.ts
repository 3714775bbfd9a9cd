import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodedError, type Fault } from '@kithnet/kernel'
import { EventLog } from './event-log.ts'

/** What a run of one seed is given. */
export interface SeededRun {
  readonly seed: number
  /** Present in the second run of a seed that failed: pass it on to the network. */
  readonly log: EventLog | undefined
}

/** A seed under which a scenario failed. */
export interface SeedFault extends Fault {
  readonly code: 'testkit/seed-failed' | 'testkit/not-deterministic'
  readonly seed: number
  /** The file with the steps of the failed run, one line of JSON each. */
  readonly logFile: string
}

/** Where logs of failed runs go. */
export interface SeedOptions {
  /** Default: `results` under the working directory if it is there, else a fresh temporary folder. */
  readonly folder?: string
}

/**
 * Runs a scenario under each seed. One that throws is run once more with an event log, which costs the
 * others nothing, because the same seed fails in the same way.
 *
 * @throws CodedError `testkit/seed-failed` names the seed, what failed and the file with the log;
 * `testkit/not-deterministic` when the second run did not fail.
 */
export function runSeeds<T>(
  name: string,
  seeds: readonly number[],
  run: (seeded: SeededRun) => T,
  options: SeedOptions = {},
): T[] {
  return seeds.map((seed) => {
    try {
      return run({ seed, log: undefined })
    } catch (cause) {
      throw replay(name, seed, run, cause, options.folder ?? resultsFolder())
    }
  })
}

function replay(
  name: string,
  seed: number,
  run: (seeded: SeededRun) => unknown,
  cause: unknown,
  folder: string,
): CodedError<SeedFault> {
  const log = new EventLog()
  let again: unknown
  try {
    run({ seed, log })
  } catch (error) {
    again = error
  }
  const logFile = join(folder, `${name}-seed-${seed}.jsonl`)
  writeFileSync(logFile, `${[...log.lines()].join('\n')}\n`)
  const code = again === undefined ? 'testkit/not-deterministic' : 'testkit/seed-failed'
  const what =
    again === undefined
      ? 'failed, and did not when it was run again: something outside the seed takes part'
      : 'failed'
  const why = cause instanceof Error ? cause.message : String(cause)
  return new CodedError(
    { code, seed, logFile },
    `${name} ${what} under seed ${seed}: ${why}. ${log.steps} steps are in ${logFile}`,
    { cause },
  )
}

function resultsFolder(): string {
  return existsSync('results') ? 'results' : mkdtempSync(join(tmpdir(), 'kithnet-'))
}
