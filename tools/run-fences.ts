import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { run, tool } from './command.ts'
import { type Fence, fencesUnder } from './fences.ts'
import { CannotCheck, type Outcome, outcomeOf, report, sumOf } from './outcome.ts'
import { workspaceRoot } from './workspace.ts'

/** An example is something that a reader waits for. */
const runLimitMs = 60_000

/** Inside tools/, because there every package of the workspace can be imported. */
const folder = join(import.meta.dirname, '.cache', 'fences')

/**
 * Compiles every example of the documents, and runs each that is not marked `no-run` in a process of its
 * own: it must end by itself, with exit code 0.
 */
export async function runFences(): Promise<Outcome> {
  const fences = fencesUnder(workspaceRoot)
  if (fences.length === 0) throw new CannotCheck('no document has a ts example')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const fence of fences) writeFileSync(fileOf(fence), fileText(fence))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig()))
  const types = await run(tool('tsc'), ['-p', folder, '--pretty', 'false'])
  const outcomes = [outcomeOf(types.code === 0 ? [] : [namedByDocument(types.output, fences)])]
  for (const fence of fences) if (fence.runs) outcomes.push(await execute(fence))
  return sumOf(outcomes)
}

async function execute(fence: Fence): Promise<Outcome> {
  const { code, output } = await run(process.execPath, [fileOf(fence)], { timeoutMs: runLimitMs })
  if (code === 0) return outcomeOf([])
  return outcomeOf([
    `${fence.document}:${fence.line}: the example ended with ${code}\n${namedByDocument(output, [fence])}`,
  ])
}

/** Blank lines in front give the code the line numbers that it has in its document. */
function fileText(fence: Fence): string {
  const blank = '\n'.repeat(fence.line - 1)
  // Without an import or export it would be a script, where `await` at the top is an error.
  return `${blank}${fence.code}\nexport {}\n`
}

function fileOf(fence: Fence): string {
  const name = `${fence.document.replace(/\.md$/, '').replaceAll('/', '-')}-${fence.line}.ts`
  return join(folder, name)
}

function namedByDocument(output: string, fences: readonly Fence[]): string {
  const named = fences.reduce((text, fence) => {
    const file = fileOf(fence)
    return text
      .replaceAll(relative(workspaceRoot, file), fence.document)
      .replaceAll(file, fence.document)
  }, output)
  return named.trim()
}

function tsconfig(): object {
  return {
    extends: '../../../tsconfig.test.json',
    // An example may stop after the line that matters.
    compilerOptions: { incremental: false, noUnusedLocals: false, noUnusedParameters: false },
    include: ['*.ts'],
    exclude: [],
  }
}

if (import.meta.main) report('fences', await runFences())
