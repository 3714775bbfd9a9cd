import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { assert, type Result } from '@kithnet/kernel'

/** One case of a vector file. Bytes are hexadecimal text. */
export interface VectorCase {
  readonly name: string
  /** What the case is there to show. */
  readonly why: string
  readonly valid: boolean
  readonly input: unknown
  /** Of a valid case. */
  readonly output?: unknown
  /** Of an invalid case: the code of the fault. */
  readonly fault?: string
}

/** A file of `vectors/`. */
export interface VectorFile {
  readonly spec: string
  readonly source: string
  readonly generatedBy: string
  readonly cases: readonly VectorCase[]
}

/** Registers a test: `test` of vitest or of node:test. */
export type Register = (name: string, run: () => Promise<void>) => void

/** What a subject makes of a case's input: the output, or the fault that refuses it. */
export type RunCase = (
  input: unknown,
  named: VectorCase,
) => Result<unknown> | Promise<Result<unknown>>

const vectorsFolder = join(import.meta.dirname, '../../../vectors')

/** Reads `vectors/<file>`, and checks that it has valid and invalid cases under different names. */
export function readVectors(file: string, folder: string = vectorsFolder): VectorFile {
  const read: VectorFile = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  for (const key of ['spec', 'source', 'generatedBy'] as const) {
    assert(typeof read[key] === 'string', `${file} says its ${key}`)
  }
  const names = new Set(read.cases.map(({ name }) => name))
  assert(names.size === read.cases.length, `the cases of ${file} have different names`)
  for (const valid of [true, false]) {
    const what = valid ? 'a valid' : 'an invalid'
    assert(
      read.cases.some((one) => one.valid === valid),
      `${file} has ${what} case`,
    )
  }
  return read
}

/** One test per case: valid inputs give their output, invalid ones the fault that the file names. */
export function runVectors(
  register: Register,
  file: string,
  run: RunCase,
  folder: string = vectorsFolder,
): void {
  for (const named of readVectors(file, folder).cases) {
    register(`${named.name}: ${named.why}`, async () => check(named, await run(named.input, named)))
  }
}

function check(named: VectorCase, result: Result<unknown>): void {
  if (!named.valid) {
    assert(!result.ok, `"${named.name}" is refused with ${named.fault}`)
    const { code } = result.fault
    assert(code === named.fault, `the fault of "${named.name}" is ${named.fault}, not ${code}`)
    return
  }
  assert(result.ok, `"${named.name}" is accepted`)
  const { value } = result
  assert(
    isDeepStrictEqual(value, named.output),
    `"${named.name}" gives ${JSON.stringify(named.output)}, not ${JSON.stringify(value)}`,
  )
}
