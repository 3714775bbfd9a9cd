import { type ChildProcess, fork } from 'node:child_process'

/** How nodes publish. */
export type Load =
  /** Each node so often a second, on schedule, whatever has arrived (open loop). */
  | { readonly kind: 'paced'; readonly perSecond: number; readonly authors: number }
  /** Each node at most `window` messages ahead of what it has had of every other one (closed loop). */
  | { readonly kind: 'closed'; readonly window: number; readonly authors: number }

/** What a node process of a broadcast benchmark is told. */
export type Order =
  | {
      readonly type: 'start'
      readonly index: number
      readonly contacts: readonly string[]
    }
  /** Publish messages of `bytes` for `ms`, from an instant of the wall clock on, then report. */
  | {
      readonly type: 'run'
      readonly run: number
      readonly startMs: number
      readonly ms: number
      readonly load: Load
      readonly bytes: number
    }

/** What it answers. */
export type Answer =
  | { readonly type: 'loaded' }
  | { readonly type: 'started'; readonly contact: string; readonly rssBytes: number }
  | { readonly type: 'ran'; readonly result: RunResult }

/** One node's part of a run. */
export interface RunResult {
  readonly published: number
  /** How long the run was in the end: a busy process notices the end late. */
  readonly ms: number
  /** Within that time; stragglers count in `arrived`. */
  readonly delivered: number
  readonly arrived: number
  readonly duplicates: number
  /** From the scheduled time of sending to delivery, in milliseconds; at most 20,000 of them, evenly chosen. */
  readonly latenciesMs: readonly number[]
  /** User and system time of the process within the run. */
  readonly cpuUs: number
  /** Bytes written to sockets within the run, where the host counts them. */
  readonly wireBytes: number
  /** Signatures of batches that were checked, where the node counts them. */
  readonly checks: number
  readonly rssBytes: number
}

/** Node processes of one kind, on loopback, that have met along one graph. */
export class Fleet {
  readonly #children: readonly ChildProcess[]
  /** Mean resident bytes of a node that has met the others and does nothing. */
  readonly idleRssBytes: number
  #run = 0

  private constructor(children: readonly ChildProcess[], idleRssBytes: number) {
    this.#children = children
    this.idleRssBytes = idleRssBytes
  }

  /**
   * Starts `count` processes of a script. Each dials the three before it and one more, the
   * same for every script, so that all fleets of a size have one graph.
   */
  static async start(
    script: string,
    count: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Fleet> {
    const children = Array.from({ length: count }, () =>
      fork(script, {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { ...process.env, ...environment },
      }),
    )
    try {
      await Promise.all(
        children.map((child) =>
          next(child, (answer) => (answer.type === 'loaded' ? true : undefined)),
        ),
      )
      const contacts: string[] = []
      let rss = 0
      for (const [index, child] of children.entries()) {
        const started = next(child, (answer) => (answer.type === 'started' ? answer : undefined))
        const order: Order = {
          type: 'start',
          index,
          contacts: dialled(index).map((one) => contacts[one]!),
        }
        child.send(order)
        const { contact, rssBytes } = await started
        contacts.push(contact)
        rss += rssBytes
      }
      return new Fleet(children, rss / count)
    } catch (error) {
      for (const child of children) child.kill('SIGKILL')
      throw error
    }
  }

  /** All nodes run together; resolves with their results. */
  async run(options: {
    readonly ms: number
    readonly load: Load
    readonly bytes: number
  }): Promise<readonly RunResult[]> {
    const results = Promise.all(
      this.#children.map((child) =>
        next(child, (answer) => (answer.type === 'ran' ? answer.result : undefined)),
      ),
    )
    const order: Order = {
      type: 'run',
      run: ++this.#run,
      startMs: Date.now() + leadMs,
      ...options,
    }
    for (const child of this.#children) child.send(order)
    return results
  }

  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}

/** The graph of the published comparison: the three before, and one of the others before them. */
function dialled(index: number): readonly number[] {
  const before = [index - 1, index - 2, index - 3].filter((one) => one >= 0)
  // Any spread will do, as long as it is the same for all.
  return index > 3 ? [...before, (index * 7919) % (index - 3)] : before
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

/** Until every process has its order. Source: our choice. */
const leadMs = 300
/** Source: our choice; the longest run on a machine that is busy. */
const answerMs = 120_000
