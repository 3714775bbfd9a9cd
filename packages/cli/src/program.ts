import { Command, CommanderError } from 'commander'
import { contentCommand } from './commands/content.ts'
import { dagCommand } from './commands/dag.ts'
import { fountainCommand } from './commands/fountain.ts'
import { identityCommand } from './commands/identity.ts'
import { networkCommand } from './commands/network.ts'
import { topicCommand } from './commands/topic.ts'
import { trustCommand } from './commands/trust.ts'
import { witnessCommand } from './commands/witness.ts'
import { exitCode, reportFailure } from './exit.ts'
import { version } from './version.ts'

/** The command line `kith`. */
export function kithProgram(): Command {
  const program = new Command('kith')
    .description('A post-quantum gossip network on the command line: no server, no DHT.')
    .version(version, '--version', 'print the version')
    .addHelpText(
      'after',
      `
Examples:
  kith identity create alice
  kith network up --identity alice
  kith network up --join kith1…
  kith topic subscribe news
  echo hello | kith topic publish news
  kith network up --identity alice --keep 2GB
  kith content put film.mp4
  kith fountain encode film.mp4 shares
  kith dag init && kith dag insert --identity alice "first light"

Files: identities in $XDG_CONFIG_HOME/kithnet, stores and records in $XDG_DATA_HOME/kithnet, sockets in
$XDG_RUNTIME_DIR/kithnet; KITH_HOME replaces all three.
Exit codes: 0 done, 1 failed, 2 usage, 3 identity or password, 4 nobody answers.`,
    )
  program.addCommand(identityCommand())
  program.addCommand(networkCommand())
  program.addCommand(topicCommand())
  program.addCommand(contentCommand())
  program.addCommand(trustCommand())
  program.addCommand(witnessCommand())
  program.addCommand(dagCommand())
  program.addCommand(fountainCommand())
  return program
}

/** Runs a program to its exit code. Usage mistakes and failures are sentences on stderr. */
export async function runProgram(program: Command, args: readonly string[]): Promise<number> {
  for (const command of withChildren(program)) {
    command.exitOverride().showHelpAfterError('(--help shows the options)')
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    return reportFailure(error)
  }
}

function withChildren(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withChildren)]
}
