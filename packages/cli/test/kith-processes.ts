import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  /** Standard output as it was. */
  readonly bytes: Buffer
  readonly err: string
}

/** What `--json` prints of a program that goes on. */
export interface Running {
  readonly peer: string
  readonly ticket: string
}

/** Real processes of our programs in a home of their own, all ended and deleted with it. */
export class KithProcesses implements Disposable {
  readonly home: string = mkdtempSync(join(tmpdir(), 'kith-test-'))
  readonly #children = new Set<ChildProcess>()

  launch(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const path = fileURLToPath(new URL(`../src/${script}`, import.meta.url))
    const child = spawn(process.execPath, [path, ...args], {
      cwd: this.home,
      env: { ...process.env, KITH_HOME: this.home, KITH_PASSWORD: undefined, ...env },
    })
    this.#children.add(child)
    child.on('exit', () => this.#children.delete(child))
    return child
  }

  /** Runs `kith` to its end. */
  kith(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return new Promise((resolve) => {
      const child = this.launch('kith.ts', args, env)
      const out: Buffer[] = []
      let err = ''
      child.stdout!.on('data', (bytes: Buffer) => out.push(bytes))
      child.stderr!.on('data', (text: Buffer) => (err += text.toString()))
      child.on('close', (code) => {
        const bytes = Buffer.concat(out)
        resolve({ code, out: bytes.toString(), bytes, err })
      })
      child.stdin!.end(input)
    })
  }

  /** Starts a program that goes on, and resolves with its first line. */
  running(script: string, args: readonly string[]): Promise<Running> {
    return new Promise((resolve, reject) => {
      const child = this.launch(script, args)
      let err = ''
      child.stderr!.on('data', (text: Buffer) => (err += text.toString()))
      child.stdout!.once('data', (text: Buffer) =>
        resolve(JSON.parse(text.toString().split('\n')[0]!) as Running),
      )
      child.on('exit', () => reject(new Error(err)))
    })
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.home, { recursive: true, force: true })
  }
}
