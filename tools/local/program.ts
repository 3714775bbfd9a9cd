import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { isAbsolute } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ControlClient } from '@kithnet/cli'

/** One of the network's programs, as a process of its own. */
export class Program {
  readonly name: string
  readonly peer: string
  readonly ticket: string
  readonly control: ControlClient
  /** Resolves with the exit code, or the name of the signal. */
  readonly exited: Promise<number | string>
  readonly #child: ChildProcess

  private constructor(
    name: string,
    child: ChildProcess,
    said: Announcement,
    control: ControlClient,
  ) {
    this.name = name
    this.#child = child
    this.peer = said.peer
    this.ticket = said.ticket
    this.control = control
    this.exited = exitOf(child)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Starts a program, by its source or as a file of its own, and waits until it says that it runs. */
  static async start(
    script: 'kith.ts' | 'kith-coordinator.ts' | `/${string}`,
    args: readonly string[],
    options: {
      readonly home: string
      readonly profile: string
      readonly onNote: (line: string) => void
    },
  ): Promise<Program> {
    const source = new URL(`../../packages/cli/src/${script}`, import.meta.url)
    const path = isAbsolute(script) ? script : fileURLToPath(source)
    const { KITH_PASSWORD: _, ...env } = process.env
    const child = spawn(process.execPath, [path, ...args, '--profile', options.profile, '--json'], {
      env: { ...env, KITH_HOME: options.home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    createInterface({ input: child.stderr }).on('line', options.onNote)
    const said = await announcementOf(child, options.profile)
    const control = await ControlClient.open(`${options.home}/run/${options.profile}.sock`)
    return new Program(options.profile, child, said, control)
  }

  /** Ends it as a crash would. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Asks it to end, and insists after a while. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const insist = setTimeout(() => this.kill(), 5_000)
    await this.exited
    clearTimeout(insist)
  }
}

interface Announcement {
  readonly peer: string
  readonly ticket: string
}

async function announcementOf(child: ChildProcess, name: string): Promise<Announcement> {
  const lines = createInterface({ input: child.stdout! })
  const first = once(lines, 'line') as Promise<[string]>
  const ended = exitOf(child).then((how) => {
    throw new Error(`${name} ended (${how}) before it ran; its messages are above`)
  })
  const [line] = await Promise.race([first, ended])
  ended.catch(() => {})
  return JSON.parse(line) as Announcement
}

function exitOf(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  if (child.signalCode !== null) return Promise.resolve(child.signalCode)
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0))
  })
}
