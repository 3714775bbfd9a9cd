import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { CannotCheck, type Outcome, outcomeOf, report, sumOf } from './outcome.ts'
import { workspaceRoot } from './workspace.ts'

/** The vectors under `root`, each with what is wrong with it. */
export function vectorProblems(root: string): ReadonlyMap<string, readonly string[]> {
  const files = globSync('*/**/*', { cwd: join(root, 'vectors'), exclude: ['node_modules/**'] })
    .filter((file) => file.includes('.'))
    .toSorted()
  const named = namesInTests(root)
  return new Map(
    files.map((file) => {
      const problems = shapeProblems(join(root, 'vectors', file))
      const read = named.some((text) => text.includes(file))
      const all = read ? problems : [...problems, 'no test reads it']
      return [file, all.map((problem) => `vectors/${file}: ${problem}`)]
    }),
  )
}

/** Every string in a test: a name in a comment reads nothing. */
function namesInTests(root: string): readonly string[] {
  const tests = globSync(['packages/*/test/**/*.test.ts', 'tools/**/*.test.ts'], {
    cwd: root,
    exclude: ['**/node_modules/**'],
  })
  return tests.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
    const strings: string[] = []
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteralLike(node)) strings.push(node.text)
      ts.forEachChild(node, visit)
    }
    visit(tree)
    return strings
  })
}

/** A vector file says what it follows, where it comes from and what made it, and has cases. */
function shapeProblems(path: string): readonly string[] {
  if (!path.endsWith('.json')) return []
  let value: Readonly<Record<string, unknown>>
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as typeof value
  } catch (error) {
    return [`is not JSON: ${String(error)}`]
  }
  const absent = ['spec', 'source', 'generatedBy'].filter((key) => typeof value[key] !== 'string')
  const problems = absent.map((key) => `lacks "${key}"`)
  const cases = value['cases']
  if (!Array.isArray(cases) || cases.length === 0) problems.push('has no cases')
  return problems
}

/** One result for each file of vectors/. */
export function vectorCoverage(): Promise<Outcome> {
  if (!existsSync(join(workspaceRoot, 'vectors'))) throw new CannotCheck('vectors/ is not there')
  const byFile = vectorProblems(workspaceRoot)
  if (byFile.size === 0) throw new CannotCheck('vectors/ has no file')
  return Promise.resolve(sumOf([...byFile.values()].map(outcomeOf)))
}

if (import.meta.main) report('vector-coverage', await vectorCoverage())
