import type { Command } from 'commander'
import { CodedError } from '@kithnet/kernel'
import { ControlClient } from '../control-client.ts'
import type { CliFault } from '../faults.ts'
import type { HolonomicRequest, HolonomicResults, StepDone } from '../holonomic-protocol.ts'
import { profileOf } from '../profile.ts'
import { Progress } from './progress.ts'

/** What every command that asks a running node takes. */
export interface AskOptions {
  readonly profile: string
  readonly json?: boolean
}

/** The options of a command that asks the running node. */
export function asking(command: Command): Command {
  return command
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .option('--json', 'as one line of JSON')
}

/**
 * Asks the running node of a profile for something of contents, witnesses or trust, and shows how far it is. SIGINT ends
 * the connection, and with it the work at the node.
 *
 * @throws CodedError `cli/no-node` when none runs, `cli/control` when it was interrupted, or what the node says.
 */
export async function askKeeper<M extends HolonomicRequest['method']>(
  options: AskOptions,
  request: Extract<HolonomicRequest, { readonly method: M }>,
): Promise<HolonomicResults[M]> {
  using client = await openKeeper(options.profile)
  let isInterrupted = false
  const interrupt = (): void => {
    isInterrupted = true
    client[Symbol.dispose]()
  }
  process.once('SIGINT', interrupt)
  const steps = new Steps()
  try {
    return (await client.ask(request, (event) =>
      steps.at(event as StepDone),
    )) as HolonomicResults[M]
  } catch (error) {
    if (!isInterrupted) throw error
    throw new CodedError<CliFault>({ code: 'cli/control', why: 'interrupted' }, 'Interrupted.')
  } finally {
    steps.end()
    process.off('SIGINT', interrupt)
  }
}

async function openKeeper(profile: string): Promise<ControlClient> {
  const { socket } = profileOf(profile)
  try {
    return await ControlClient.open(socket)
  } catch (cause) {
    throw new CodedError<CliFault>(
      { code: 'cli/no-node', socket },
      'No node runs here. Start one with: kith network up --keep 1GB',
      { cause },
    )
  }
}

/** Shows one step of the work after the other. */
class Steps {
  #verb: string | undefined
  #progress: Progress | undefined

  at({ verb, done, of }: StepDone): void {
    if (verb !== this.#verb) {
      this.end()
      this.#verb = verb
      this.#progress = new Progress(verb)
    }
    this.#progress?.at(done, of)
  }

  end(): void {
    this.#progress?.end()
  }
}
