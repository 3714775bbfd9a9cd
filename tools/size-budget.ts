import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from './bundle.ts'
import { type Outcome, outcomeOf, report, sumOf } from './outcome.ts'
import { members, workspaceRoot } from './workspace.ts'

/** What tools/size-budget.json says. */
interface Budget {
  /** Most bytes of a package with all that it needs: minified, gzipped. */
  readonly maxGzipBytes: Readonly<Record<string, number>>
  /** Packages that a browser can load as they are: no import of a Node module anywhere. */
  readonly browser: readonly string[]
}

const file = join(import.meta.dirname, 'size-budget.json')

/** New budgets leave room for small changes, not for a new dependency. */
const slack = 1.1

/** One result for each budget and for each browser bundle. */
export async function sizeBudget(): Promise<Outcome> {
  const budget = JSON.parse(readFileSync(file, 'utf8')) as Budget
  const names = publicNames()
  const outcomes: Outcome[] = []
  for (const name of names) outcomes.push(outcomeOf(await sizeProblems(name, budget)))
  for (const name of budget.browser) outcomes.push(outcomeOf(await browserProblems(name)))
  const gone = Object.keys(budget.maxGzipBytes).filter((name) => !names.includes(name))
  const stale = gone.map((name) => `${name}: has a budget and is not a public package`)
  return sumOf([...outcomes, ...(stale.length > 0 ? [outcomeOf(stale)] : [])])
}

async function sizeProblems(name: string, budget: Budget): Promise<readonly string[]> {
  const most = budget.maxGzipBytes[name]
  if (most === undefined) return [`${name}: has no budget in tools/size-budget.json`]
  const { gzipBytes, errors } = await bundle(name, 'node')
  if (errors.length > 0) return errors.map((error) => `${name}: ${error}`)
  if (gzipBytes <= most) return []
  return [`${name}: ${gzipBytes} bytes minified and gzipped, ${gzipBytes - most} above its budget`]
}

async function browserProblems(name: string): Promise<readonly string[]> {
  const { builtins, errors } = await bundle(name, 'browser')
  return [
    ...errors.map((error) => `${name} in a browser: ${error}`),
    ...builtins.map((builtin) => `${name} in a browser: imports ${builtin}`),
  ]
}

/** Writes the sizes of today, with a little room, as the budgets. What does not bundle keeps its own. */
async function update(): Promise<void> {
  const budget = JSON.parse(readFileSync(file, 'utf8')) as Budget
  const sizes: Record<string, number> = {}
  for (const name of publicNames()) {
    const { gzipBytes, errors } = await bundle(name, 'node')
    if (errors.length > 0) {
      console.error(`${name}: ${errors.join('; ')}`)
      process.exitCode = 1
    } else {
      console.log(`${name.padEnd(24)}${String(gzipBytes).padStart(8)} bytes`)
    }
    const rounded = Math.ceil((gzipBytes * slack) / 256) * 256
    const size = errors.length > 0 ? budget.maxGzipBytes[name] : rounded
    if (size !== undefined) sizes[name] = size
  }
  writeFileSync(file, `${JSON.stringify({ ...budget, maxGzipBytes: sizes }, null, 2)}\n`)
}

function publicNames(): readonly string[] {
  return members(workspaceRoot)
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ manifest }) => manifest.name)
}

if (import.meta.main) {
  if (process.argv.includes('--update')) await update()
  else report('size', await sizeBudget())
}
