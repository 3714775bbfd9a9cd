import { CodedError } from '@kithnet/kernel'
import type { Backend } from './backend.ts'
import type { CryptoAnswers, CryptoJob, CryptoReply } from './crypto-job.ts'
import type { WorkerFault } from './faults.ts'
import { startWorker, type WorkerHandle, type WorkerListener } from './worker-handle.ts'

/** A key that workers may hold a copy of. */
export interface WorkerKey {
  readonly number: number
  /** Its seed, read when a worker first needs it; `undefined` once the key is disposed. */
  seed(): Uint8Array | undefined
}

interface Task {
  readonly urgent: boolean
  readonly job: CryptoJob
  readonly key: WorkerKey | undefined
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

interface Member {
  readonly handle: WorkerHandle
  readonly keys: Set<number>
  /** True once it has answered, which shows that the host can load it. */
  proven: boolean
  task: Task | undefined
}

/** Starts a worker, or gives `undefined` where there is none. */
export type StartWorker = (listener: WorkerListener) => WorkerHandle | undefined

/**
 * A few workers that do what would block the event loop. They start with the first job, keep the process
 * alive only while they work, and take one job each. Urgent jobs go first, but never take every worker of
 * several: with as many signing as there are cores, the event loop itself would wait for a core.
 */
export class WorkerPool {
  readonly #backend: Backend['name']
  readonly #capacity: number
  readonly #start: StartWorker
  readonly #members: Member[] = []
  readonly #urgent: Task[] = []
  readonly #patient: Task[] = []
  #unavailable = false
  #nextId = 0

  constructor(backend: Backend['name'], capacity: number, start: StartWorker = startWorker) {
    this.#backend = backend
    this.#capacity = capacity
    this.#start = start
  }

  /** Workers at most. */
  get capacity(): number {
    return this.#capacity
  }

  /** Workers running now. */
  get size(): number {
    return this.#members.length
  }

  /** False once the host has turned out to have no workers, or none that can load our file. */
  get available(): boolean {
    if (!this.#unavailable && this.#members.length === 0) this.#grow()
    return !this.#unavailable
  }

  /**
   * Does a job in a worker. Urgent jobs go first.
   *
   * @throws CodedError `identity/worker-lost` when the worker died, `identity/worker-refused` when the job was wrong.
   */
  run<Job extends CryptoJob>(
    job: Job,
    options: { readonly urgent?: boolean; readonly key?: WorkerKey } = {},
  ): Promise<CryptoAnswers[Job['op']]> {
    return new Promise((resolve, reject) => {
      const urgent = options.urgent === true
      const queue = urgent ? this.#urgent : this.#patient
      queue.push({ urgent, job, key: options.key, resolve, reject })
      this.#dispatch()
    })
  }

  /** Makes every worker drop its copy of a key. Nothing waits for it: jobs of one worker go in order. */
  forget(key: WorkerKey): void {
    for (const member of this.#members) {
      if (!member.keys.delete(key.number)) continue
      this.#post(member, { op: 'forget', key: key.number })
    }
  }

  /** Ends all workers and refuses what they had not done. The pool may be used again. */
  async close(): Promise<void> {
    const members = this.#members.splice(0)
    const left = [...this.#urgent.splice(0), ...this.#patient.splice(0)]
    for (const member of members) if (member.task !== undefined) left.push(member.task)
    for (const task of left) task.reject(workerError('identity/worker-lost'))
    await Promise.all(members.map((member) => member.handle.terminate()))
  }

  #dispatch(): void {
    for (;;) {
      const queue = this.#mayTakeUrgent() ? this.#urgent : this.#patient
      const task = queue[0]
      if (task === undefined) break
      const member = this.#members.find((candidate) => candidate.task === undefined) ?? this.#grow()
      if (member === undefined) break
      queue.shift()
      this.#assign(member, task)
    }
    if (this.#unavailable) this.#refuseAll()
  }

  #mayTakeUrgent(): boolean {
    if (this.#urgent.length === 0) return false
    const busy = this.#members.filter((member) => member.task?.urgent === true).length
    return busy < Math.max(1, this.#capacity - 1)
  }

  #assign(member: Member, task: Task): void {
    const { key } = task
    if (key !== undefined && !member.keys.has(key.number)) {
      const seed = key.seed()
      if (seed === undefined) {
        task.reject(workerError('identity/worker-refused', 'the key was disposed'))
        return
      }
      member.keys.add(key.number)
      this.#post(member, { op: 'load', key: key.number, seed })
    }
    member.task = task
    member.handle.hold(true)
    this.#post(member, task.job)
  }

  #post(member: Member, job: CryptoJob): void {
    const awaited = job.op !== 'load' && job.op !== 'forget'
    const id = awaited ? ++this.#nextId : 0
    member.handle.post({ id, backend: this.#backend, job })
  }

  #grow(): Member | undefined {
    if (this.#unavailable || this.#members.length >= this.#capacity) return undefined
    const handle = this.#start({
      replied: (reply) => this.#replied(member, reply),
      died: (error) => this.#died(member, error),
    })
    if (handle === undefined) {
      this.#unavailable = true
      return undefined
    }
    const member: Member = { handle, keys: new Set(), proven: false, task: undefined }
    this.#members.push(member)
    return member
  }

  #replied(member: Member, reply: CryptoReply): void {
    member.proven = true
    const task = member.task
    if (reply.id === 0 || task === undefined) return
    member.task = undefined
    member.handle.hold(false)
    if ('error' in reply) task.reject(workerError('identity/worker-refused', reply.error))
    else task.resolve(reply.answer as never)
    this.#dispatch()
  }

  #died(member: Member, error: unknown): void {
    const at = this.#members.indexOf(member)
    if (at < 0) return
    this.#members.splice(at, 1)
    // One that never answered could not be loaded, and nor could the next: a bundler may have left the file out.
    if (!member.proven) this.#unavailable = true
    void member.handle.terminate()
    member.task?.reject(workerError('identity/worker-lost', error))
    this.#dispatch()
  }

  #refuseAll(): void {
    for (const task of [...this.#urgent.splice(0), ...this.#patient.splice(0)]) {
      task.reject(workerError('identity/worker-lost'))
    }
  }
}

/**
 * Does work in a pool, or on this thread where the host turns out to have no workers: it blocks, but a peer
 * that cannot sign or verify is none.
 */
export async function orHere<Answer>(
  pool: WorkerPool,
  there: () => Promise<Answer>,
  here: () => Answer,
): Promise<Answer> {
  if (!pool.available) return here()
  try {
    return await there()
  } catch (error) {
    if (pool.available) throw error
    return here()
  }
}

function workerError(code: WorkerFault['code'], cause?: unknown): CodedError<WorkerFault> {
  const sentence =
    code === 'identity/worker-lost'
      ? 'No worker finished the job: it ended first, or this host has none. Try again, or use a host with workers.'
      : `The worker refused the job (${String(cause)}): this is a mistake in the program.`
  return new CodedError({ code }, sentence, { cause })
}
