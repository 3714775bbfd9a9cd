import { CodedError } from '@kithnet/kernel'

/** Exit codes, also in `kith --help`. */
export const exitCode = {
  ok: 0,
  /** The command was understood and did not succeed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** An identity or its password. */
  identity: 3,
  /** Nobody to talk to: no running node, or no contact that answers. */
  unreachable: 4,
} as const

/** Prints a sentence on stderr and says which code to exit with. Stacks only with `KITH_DEBUG`. */
export function reportFailure(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`kith: ${message}\n`)
  if (process.env['KITH_DEBUG'] !== undefined && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`)
    if (error.cause instanceof Error) process.stderr.write(`cause: ${error.cause.stack ?? ''}\n`)
  }
  return codeOf(error)
}

function codeOf(error: unknown): number {
  if (!(error instanceof CodedError)) return exitCode.failed
  const { code } = error.fault
  if (usageCodes.has(code)) return exitCode.usage
  if (code.startsWith('identity/') || code === 'cli/no-password') return exitCode.identity
  return unreachableCodes.has(code) ? exitCode.unreachable : exitCode.failed
}

const usageCodes: ReadonlySet<string> = new Set([
  'cli/usage',
  'cli/peer',
  'holonomic/content-ref',
  'runtime/bad-option',
  'runtime/bad-ticket',
])

const unreachableCodes: ReadonlySet<string> = new Set([
  'cli/no-node',
  'runtime/unreachable',
  'runtime/no-peers',
  'holonomic/not-compared',
])
