import { CodedError } from '@kithnet/kernel'
import { type BlockAnswer, type BlockJob, doJob } from './block-job.ts'
import type { PoolFault } from './faults.ts'
import { coreCount } from './host.ts'
import {
  type PoolReply,
  startWorker,
  type WorkerHandle,
  type WorkerListener,
} from './worker-handle.ts'

/** Source: our choice: more gain little, because memory is what is short. */
const maxWorkers = 4

interface Task {
  readonly job: BlockJob
  readonly resolve: (answer: BlockAnswer) => void
  readonly reject: (error: Error) => void
}

interface Member {
  readonly handle: WorkerHandle
  /** True once it has answered, which shows that the host can load it. */
  proven: boolean
  task: Task | undefined
}

/** Options of a {@link BlockPool}. */
export interface BlockPoolOptions {
  /** Workers at most. Default: the cores, up to 4. With 0 everything is done on this thread. */
  readonly workers?: number
  /** How workers start; for tests and hosts of another kind. */
  readonly start?: (listener: WorkerListener) => WorkerHandle | undefined
}

/**
 * Encodes and decodes blocks in workers, so that a block of megabytes does not hold up the event loop. Workers start with the
 * first job and keep the process alive only while they work. On hosts without workers it is done on the calling thread.
 */
export class BlockPool {
  readonly #capacity: number
  readonly #start: (listener: WorkerListener) => WorkerHandle | undefined
  readonly #members: Member[] = []
  readonly #waiting: Task[] = []
  #unavailable: boolean
  #closed = false

  constructor(options: BlockPoolOptions = {}) {
    this.#capacity = options.workers ?? Math.max(1, Math.min(maxWorkers, coreCount()))
    this.#start = options.start ?? startWorker
    this.#unavailable = this.#capacity === 0
  }

  /** Jobs that are done at once. */
  get capacity(): number {
    return Math.max(1, this.#capacity)
  }

  /**
   * Symbols of a block, one after the other, in the order of `ids`. The block is transferred: its buffer is empty afterwards.
   *
   * @throws CodedError `fountain/pool-closed`, `fountain/worker-lost` when a worker died at it.
   */
  async encode(
    block: Uint8Array<ArrayBuffer>,
    symbolBytes: number,
    ids: readonly number[],
  ): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await this.#run({ op: 'encode', block, symbolBytes, ids })
    return answer ?? new Uint8Array(0)
  }

  /**
   * A block from symbols, one after the other in the order of `ids`; `undefined` when they are not sufficient. The symbols are
   * transferred: their buffer is empty afterwards.
   *
   * @throws CodedError as {@link encode}.
   */
  decode(
    sourceSymbols: number,
    symbolBytes: number,
    ids: readonly number[],
    symbols: Uint8Array<ArrayBuffer>,
  ): Promise<BlockAnswer> {
    return this.#run({ op: 'decode', sourceSymbols, symbolBytes, ids, symbols })
  }

  /** Ends all workers; what they had not done is refused, and so is what is asked for later. */
  async close(): Promise<void> {
    this.#closed = true
    const members = this.#members.splice(0)
    const left = this.#waiting.splice(0)
    for (const { task } of members) if (task !== undefined) left.push(task)
    for (const task of left) task.reject(poolError('fountain/pool-closed'))
    await Promise.all(members.map(({ handle }) => handle.terminate()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #run(job: BlockJob): Promise<BlockAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
      this.#dispatch()
    })
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      if (this.#closed) this.#waiting.shift()?.reject(poolError('fountain/pool-closed'))
      else if (this.#unavailable) this.#doHere(this.#waiting.shift()!)
      else {
        const idle = this.#members.find(({ task }) => task === undefined) ?? this.#grow()
        if (idle === undefined && !this.#unavailable) return
        if (idle !== undefined) this.#assign(idle, this.#waiting.shift()!)
      }
    }
  }

  #doHere({ job, resolve, reject }: Task): void {
    try {
      resolve(doJob(job))
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #assign(member: Member, task: Task): void {
    member.task = task
    member.handle.hold(true)
    const { job } = task
    // What a worker may yet turn out to be unable to load must still be here.
    const bytes = job.op === 'encode' ? job.block : job.symbols
    member.handle.post({ id: 0, job }, member.proven && isWhole(bytes) ? [bytes.buffer] : [])
  }

  #grow(): Member | undefined {
    if (this.#members.length >= this.#capacity) return undefined
    const handle = this.#start({
      replied: (reply) => this.#replied(member, reply),
      died: () => this.#died(member),
    })
    if (handle === undefined) {
      this.#unavailable = true
      return undefined
    }
    const member: Member = { handle, proven: false, task: undefined }
    this.#members.push(member)
    return member
  }

  #replied(member: Member, reply: PoolReply): void {
    member.proven = true
    const { task } = member
    if (task === undefined) return
    member.task = undefined
    member.handle.hold(false)
    if ('error' in reply) task.reject(poolError('fountain/worker-refused', reply.error))
    else task.resolve(reply.answer)
    this.#dispatch()
  }

  #died(member: Member): void {
    const at = this.#members.indexOf(member)
    if (at < 0) return
    this.#members.splice(at, 1)
    void member.handle.terminate()
    const { task } = member
    // One that never answered could not be loaded, and nor could the next: a bundler may have left the file out.
    if (!member.proven) {
      this.#unavailable = true
      if (task !== undefined) this.#waiting.unshift(task)
    } else task?.reject(poolError('fountain/worker-lost'))
    this.#dispatch()
  }
}

/** True when nobody else has a view of the same buffer that would become empty. */
function isWhole(bytes: Uint8Array<ArrayBuffer>): boolean {
  return bytes.byteLength === bytes.buffer.byteLength
}

function poolError(code: PoolFault['code'], cause?: unknown): CodedError<PoolFault> {
  return new CodedError({ code }, sentences[code], { cause })
}

const sentences: Readonly<Record<PoolFault['code'], string>> = {
  'fountain/pool-closed':
    'The pool was closed before this was done: keep it open until the last answer.',
  'fountain/worker-lost':
    'The worker that did this died. Try again; with less memory in use, if it was short.',
  'fountain/worker-refused': 'The worker could not do this: the numbers of the job are wrong.',
}
