import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a node process of a broadcast benchmark is told. */
export type Order =
  | { readonly type: 'meet'; readonly contacts: readonly string[] }
  /** Publish `perSecond` messages of `bytes` for `ms`, from an instant of the wall clock on, then report. */
  | {
      readonly type: 'run'
      readonly startMs: number
      readonly ms: number
      readonly perSecond: number
      readonly bytes: number
    }
  | { readonly type: 'end' }

/** What it answers. */
export type Answer =
  | { readonly type: 'ready'; readonly contact: string }
  | { readonly type: 'met'; readonly neighbours: number }
  | { readonly type: 'ran'; readonly result: RunResult }

/** One node's part of a run. */
export interface RunResult {
  readonly published: number
  readonly delivered: number
  readonly duplicates: number
  /** From the scheduled time of sending to delivery, in milliseconds; at most 20,000 of them, evenly chosen. */
  readonly latenciesMs: readonly number[]
  readonly cpuUs: number
  readonly bytesSent: number
  readonly rssBytes: number
}

/** Node processes of one kind, on loopback. */
export class Fleet {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  /** Starts `count` processes of a script in this folder; each meets those before it, as `contactsOf` chooses. */
  static async start(
    script: string,
    count: number,
    contactsOf: (index: number, ready: readonly string[]) => readonly string[],
  ): Promise<Fleet> {
    const path = fileURLToPath(new URL(script, import.meta.url))
    const fleet = new Fleet(
      Array.from({ length: count }, () =>
        fork(path, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
      ),
    )
    try {
      const ready = await fleet.#all((answer) =>
        answer.type === 'ready' ? answer.contact : undefined,
      )
      for (let index = 1; index < count; index++) {
        const met = next(fleet.#children[index]!, (answer) =>
          answer.type === 'met' ? true : undefined,
        )
        fleet.#tell(index, { type: 'meet', contacts: contactsOf(index, ready) })
        await met
      }
      return fleet
    } catch (error) {
      fleet.kill()
      throw error
    }
  }

  /** All nodes publish together; resolves with their results. */
  async run(options: {
    readonly ms: number
    readonly perSecondEach: number
    readonly bytes: number
  }): Promise<readonly RunResult[]> {
    const results = this.#all((answer) => (answer.type === 'ran' ? answer.result : undefined))
    const startMs = Date.now() + 300
    for (let index = 0; index < this.#children.length; index++) {
      const { ms, bytes, perSecondEach: perSecond } = options
      this.#tell(index, { type: 'run', startMs, ms, perSecond, bytes })
    }
    return results
  }

  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  #tell(index: number, order: Order): void {
    this.#children[index]!.send(order)
  }

  #all<T>(pick: (answer: Answer) => T | undefined): Promise<readonly T[]> {
    return Promise.all(this.#children.map((child) => next(child, pick)))
  }
}

/** The first answer of a child that `pick` takes; rejects when the child ends or takes too long. */
function next<T>(child: ChildProcess, pick: (answer: Answer) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new Error('a node did not answer'))),
      answerMs,
    )
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      child.off('message', take)
      child.off('exit', gone)
      finish()
    }
    const take = (answer: unknown): void => {
      const found = pick(answer as Answer)
      if (found !== undefined) settle(() => resolve(found))
    }
    const gone = (): void => settle(() => reject(new Error('a node ended')))
    child.on('message', take)
    child.on('exit', gone)
  })
}

/** Source: our choice; the longest run and its start. */
const answerMs = 90_000
