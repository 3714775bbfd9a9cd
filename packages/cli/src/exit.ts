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
  if (code === 'cli/usage' || code === 'runtime/bad-option' || code === 'runtime/bad-ticket') {
    return exitCode.usage
  }
  if (code.startsWith('identity/') || code === 'cli/no-password') return exitCode.identity
  if (code === 'cli/no-node' || code === 'runtime/unreachable' || code === 'runtime/no-peers') {
    return exitCode.unreachable
  }
  return exitCode.failed
}
