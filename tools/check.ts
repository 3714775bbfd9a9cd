import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultCodes } from './fault-codes.ts'
import { matrix } from './matrix.ts'
import { CannotCheck, type Outcome } from './outcome.ts'
import { packCheck } from './pack-check.ts'
import { runFences } from './run-fences.ts'
import { sizeBudget } from './size-budget.ts'
import * as source from './static-checks.ts'
import { runSuite } from './suites.ts'
import { vectorCoverage } from './vector-coverage.ts'
import { workspaceRoot } from './workspace.ts'

interface Step {
  readonly name: string
  readonly kind: 'vitest' | 'check'
  /** Of a vitest step: which projects, and the Node they run on when it is not the pinned one. */
  readonly projects?: readonly string[]
  readonly node?: string
  /** Part of `npm run check`. */
  readonly fast?: boolean
  readonly what: string
}

interface Line {
  readonly step: Step
  readonly outcome: Outcome
  readonly seconds: number
}

/** Where every runner leaves its result, for whoever adds them up. Ignored by git. */
const results = join(workspaceRoot, 'results')

/** The checks by name; a step of kind `vitest` is carried out by vitest. */
const checks: Readonly<Record<string, () => Promise<Outcome>>> = {
  layers: source.layers,
  types: source.types,
  lint: source.lint,
  format: source.format,
  'dead-code': source.deadCode,
  'fault-codes': faultCodes,
  'vector-coverage': vectorCoverage,
  fences: runFences,
  packaging: packCheck,
  nodes: matrix,
  size: sizeBudget,
}

const usage = `npm test                 every step
npm run check            the fast steps
npm test -- lint unit    these steps
Steps:`

async function main(args: readonly string[]): Promise<void> {
  const file = join(import.meta.dirname, 'steps.json')
  const steps = JSON.parse(readFileSync(file, 'utf8')) as readonly Step[]
  const names = args.filter((arg) => !arg.startsWith('-'))
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (args.includes('--help') || unknown.length > 0) {
    if (unknown.length > 0) console.error(`No such step: ${unknown.join(', ')}.\n`)
    console.error(usage)
    for (const step of steps) console.error(`  ${step.name.padEnd(18)}${step.what}`)
    process.exitCode = unknown.length > 0 ? 2 : 0
    return
  }
  const chosen = steps.filter((step) => {
    if (names.length > 0) return names.includes(step.name)
    return step.fast === true || !args.includes('--fast')
  })
  mkdirSync(results, { recursive: true })
  const lines: Line[] = []
  for (const [index, step] of chosen.entries()) {
    console.log(`\n[${index + 1}/${chosen.length}] ${step.name}: ${step.what}`)
    lines.push(await take(step))
  }
  summarize(lines)
  if (lines.some(({ outcome }) => outcome.failed > 0)) process.exitCode = 1
}

async function take(step: Step): Promise<Line> {
  const file = join(results, `${step.name}.json`)
  rmSync(file, { force: true })
  const began = performance.now()
  const outcome = await outcomeOfStep(step)
  const seconds = (performance.now() - began) / 1000
  // vitest writes its own.
  if (step.kind === 'check') writeFileSync(file, `${JSON.stringify({ ...outcome, seconds })}\n`)
  for (const note of outcome.notes) console.log(indented(note))
  console.log(`${mark(outcome)} ${step.name}  ${seconds.toFixed(1)} s`)
  return { step, outcome, seconds }
}

/** A check that breaks, or says nothing, has failed. */
async function outcomeOfStep(step: Step): Promise<Outcome> {
  try {
    if (step.kind === 'vitest') {
      const { projects = [], node } = step
      const suite = node === undefined ? { projects } : { projects, node }
      return await runSuite(suite, join(results, `${step.name}.json`))
    }
    const check = checks[step.name]
    if (check === undefined) throw new CannotCheck(`nothing carries out the step ${step.name}`)
    const outcome = await check()
    if (outcome.passed + outcome.failed + outcome.skipped === 0)
      throw new CannotCheck('nothing was checked')
    return outcome
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, notes: [reasonOf(error)] }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof CannotCheck) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function summarize(lines: readonly Line[]): void {
  const cell = (value: string | number): string => String(value).padStart(9)
  const row = (name: string, { passed, failed, skipped }: Outcome, seconds: number): string =>
    `${name.padEnd(20)}${cell(passed)}${cell(failed)}${cell(skipped)}${cell(`${seconds.toFixed(1)} s`)}`
  const total = {
    passed: lines.reduce((sum, { outcome }) => sum + outcome.passed, 0),
    failed: lines.reduce((sum, { outcome }) => sum + outcome.failed, 0),
    skipped: lines.reduce((sum, { outcome }) => sum + outcome.skipped, 0),
    notes: [],
  }
  const seconds = lines.reduce((sum, line) => sum + line.seconds, 0)
  const heads = ['passed', 'failed', 'skipped', 'time'].map(cell).join('')
  console.log(`\n  ${'step'.padEnd(20)}${heads}`)
  for (const line of lines) {
    console.log(`${mark(line.outcome)} ${row(line.step.name, line.outcome, line.seconds)}`)
  }
  console.log(`${mark(total)} ${row('all', total, seconds)}`)
}

function mark(outcome: Outcome): string {
  return outcome.failed > 0 ? '✗' : '✓'
}

function indented(text: string): string {
  return text.replace(/^/gm, '    ')
}

await main(process.argv.slice(2))
