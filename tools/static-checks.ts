import { brandViolations } from './brands.ts'
import { run, tool } from './command.ts'
import { compile } from './compile.ts'
import { layerTable } from './layer-table.ts'
import { layerViolations } from './layers.ts'
import { type Outcome, outcomeOf, sumOf } from './outcome.ts'
import { workspaceRoot } from './workspace.ts'

/** Rows, references and third-party imports. */
export function layers(): Promise<Outcome> {
  return Promise.resolve(outcomeOf(layerViolations(workspaceRoot, layerTable)))
}

/** The packages, built as they ship; then everything else that is TypeScript. */
export async function types(): Promise<Outcome> {
  const { code, output } = await compile()
  const packages = outcomeOf(code === 0 ? [] : [output.trim()])
  const others = await passes('tsc', ['-p', 'tsconfig.test.json'])
  return sumOf([packages, others])
}

/** oxlint with its types, and the one rule that it does not have. */
export async function lint(): Promise<Outcome> {
  const rules = await passes('oxlint', ['--format=unix', '--deny-warnings', '.'])
  return sumOf([rules, outcomeOf(brandViolations(workspaceRoot))])
}

/** Every file that prettier knows. */
export function format(): Promise<Outcome> {
  return passes('prettier', ['--check', '--log-level=warn', '.'])
}

/** Files, exports and dependencies that nothing uses; as production code, then with tests and tools. */
export async function deadCode(): Promise<Outcome> {
  const quiet = ['--no-progress', '--no-config-hints']
  const production = await passes('knip', [...quiet, '--production', '-W', './packages/*'])
  const everything = await passes('knip', quiet)
  return sumOf([production, everything])
}

async function passes(name: string, args: readonly string[]): Promise<Outcome> {
  const { code, output } = await run(tool(name), args)
  if (code === 0) return outcomeOf([])
  return outcomeOf([`${name} ${args.join(' ')} ended with ${code}\n${output.trim()}`])
}
