import { rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { run } from './command.ts'
import { countsOf } from './counts.mjs'
import type { Outcome } from './outcome.ts'
import { supportedNodes } from './supported-nodes.ts'
import { workspaceRoot } from './workspace.ts'

/** Some of vitest's projects, run together. */
export interface Suite {
  readonly projects: readonly string[]
  /** The version of the Node to run them on, if not the pinned one; then only the packages' own tests. */
  readonly node?: string
}

/** Longer than any suite may take: what has not ended by then hangs. */
const hangMs = 40 * 60_000

/** Runs a suite and leaves vitest's own JSON in `file`. */
export async function runSuite(suite: Suite, file: string): Promise<Outcome> {
  rmSync(file, { force: true })
  const node = suite.node === undefined ? process.execPath : fileOfNode(suite.node)
  if (node === undefined) return skip(suite, file)
  const args = [
    join(workspaceRoot, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...suite.projects.flatMap((project) => ['--project', project]),
    '--allowOnly=false',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...(suite.node === undefined ? [] : ['packages/']),
  ]
  // A test that starts `node` means the one it runs on.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` }
  const { code } = await run(node, args, { shown: true, timeoutMs: hangMs, env })
  const counts = countsOf(file)
  const silent = code !== 0 && counts.failed === 0
  return {
    ...counts,
    failed: silent ? 1 : counts.failed,
    notes: silent ? [`vitest ended with ${code} although no test failed`] : [],
  }
}

function fileOfNode(version: string): string | undefined {
  return supportedNodes().find((node) => node.version === version)?.file
}

function skip(suite: Suite, file: string): Outcome {
  const where = `${process.platform} ${process.arch}`
  const outcome = {
    passed: 0,
    failed: 0,
    skipped: 1,
    notes: [`skipped: Node ${suite.node} is not installed on ${where}`],
  }
  writeFileSync(file, `${JSON.stringify(outcome)}\n`)
  return outcome
}
