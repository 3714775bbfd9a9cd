import { type CommandEnd, run, tool } from './command.ts'
import { members, workspaceRoot } from './workspace.ts'

/** Compiles every package into its dist, with those it refers to first; what is current is left alone. */
export function compile(): Promise<CommandEnd> {
  return run(tool('tsc'), ['-b', ...members(workspaceRoot).map(({ folder }) => folder)])
}

if (import.meta.main) {
  const { code, output } = await compile()
  process.stdout.write(output)
  process.exitCode = code
}
