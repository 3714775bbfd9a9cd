import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { workspaceRoot } from './workspace.ts'

/** How a program is run. */
export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Its output goes to the terminal instead of into the answer. */
  readonly shown?: boolean
  /** After this long it is killed, and its code is not 0. */
  readonly timeoutMs?: number
}

/** How a program ended. */
export interface CommandEnd {
  readonly code: number
  readonly stdout: string
  /** Both streams, in the order in which they came. */
  readonly output: string
}

/** The path of a program that the workspace has installed. */
export function tool(name: string): string {
  const file = process.platform === 'win32' ? `${name}.cmd` : name
  return join(workspaceRoot, 'node_modules', '.bin', file)
}

/** Runs a program to its end; never rejects. A program that cannot be started ends with code 127. */
export function run(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  const { promise, resolve } = Promise.withResolvers<CommandEnd>()
  let stdout = ''
  let output = ''
  const child = spawn(file, args, {
    cwd: options.cwd ?? workspaceRoot,
    env: options.env ?? process.env,
    stdio: [
      'ignore',
      options.shown === true ? 'inherit' : 'pipe',
      options.shown === true ? 'inherit' : 'pipe',
    ],
    shell: process.platform === 'win32',
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.on('error', (error) => {
    resolve({ code: 127, stdout, output: `${output}${file}: ${error.message}\n` })
  })
  child.on('close', (code, signal) => {
    if (signal !== null) output += `${file} was ended by ${signal}\n`
    resolve({ code: code ?? 1, stdout, output })
  })
  return promise
}
