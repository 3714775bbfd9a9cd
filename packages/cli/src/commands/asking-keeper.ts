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
 * Asks the running node of a profile for something of contents, witnesses or trust, and shows how far it is. SIGINT and
 * SIGTERM end the connection, and with it the work at the node.
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
  for (const signal of endings) process.once(signal, interrupt)
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
    for (const signal of endings) process.off(signal, interrupt)
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

const endings = ['SIGINT', 'SIGTERM'] as const

const verbs = {
  described: 'blocks described',
  placed: 'symbols placed',
  fetched: 'bytes fetched',
} as const

/** Shows one step of the work after the other. */
class Steps {
  #step: StepDone['step'] | undefined
  #progress: Progress | undefined

  at({ step, done, of }: StepDone): void {
    if (step !== this.#step) {
      this.end()
      this.#step = step
      this.#progress = new Progress(verbs[step])
    }
    this.#progress?.at(done, of)
  }

  end(): void {
    this.#progress?.end()
  }
}
