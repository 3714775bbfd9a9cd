import { type ChildProcess, fork } from 'node:child_process'

/** A connection over which a benchmark sends messages to another process. */
export interface Messenger {
  /** Sends a message; resolves when the sender may go on. */
  send(message: Uint8Array): Promise<void> | undefined
  /** Resolves with the number of messages that the other process says it has had, once it is at least `count`. */
  received(count: number): Promise<number>
  close(): Promise<void>
}

/** A stack whose links are measured. */
export interface Subject {
  /** Listens and counts messages: says how many after every `ackEvery`th, and after each longer than `ackAbove`. */
  serve(): Promise<string>
  dial(address: string): Promise<Messenger>
}

/** Every so many short messages the receiver says how many it has had. */
export const ackEvery = 64
/** Longer messages are acknowledged one by one. */
export const ackAbove = 4_096

/** True when the receiver says how many it has had after message number `count`. */
export function acksAfter(count: number, length: number): boolean {
  return length > ackAbove || count % ackEvery === 0
}

/** The count in an acknowledgement. */
export function encodeCount(count: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, count)
  return bytes
}

export function decodeCount(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
}

/** Resolves waiters when a count rises. */
export class CountWaiter {
  #count = 0
  #wanted = 0
  #resolve: ((count: number) => void) | undefined

  rise(count: number): void {
    this.#count = count
    if (this.#resolve !== undefined && count >= this.#wanted) {
      const resolve = this.#resolve
      this.#resolve = undefined
      resolve(count)
    }
  }

  reach(count: number): Promise<number> {
    if (this.#count >= count) return Promise.resolve(this.#count)
    this.#wanted = count
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }
}

/** A server in a process of its own. */
export interface Served extends AsyncDisposable {
  readonly address: string
  readonly process: ChildProcess
}

/** Runs `serve` of a subject's file in another process. */
export async function serveApart(file: string): Promise<Served> {
  const child = fork(file, ['serve'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const address = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(typeof message === 'string' ? message : ''))
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} before it listened`)))
  })
  return {
    address,
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** What the file of a subject does when it is run as a process. */
export async function serveWhenAsked(subject: Subject, isMain: boolean): Promise<void> {
  if (!isMain || process.argv[2] !== 'serve') return
  process.once('disconnect', () => process.exit())
  process.send?.(await subject.serve())
}
