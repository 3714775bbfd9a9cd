import type { BlockAnswer, BlockJob } from './block-job.ts'
import { nodeModule } from './host.ts'

/** A job for a worker. */
export interface PoolRequest {
  readonly id: number
  readonly job: BlockJob
}

/** What a worker made of it. */
export type PoolReply =
  | { readonly id: number; readonly answer: BlockAnswer }
  | { readonly id: number; readonly error: string }

/** A running worker, in Node or in a browser. */
export interface WorkerHandle {
  /** Buffers that are transferred are the worker's from then on. */
  post(request: PoolRequest, transfer: readonly ArrayBuffer[]): void
  /** Whether the worker keeps the process alive: only while a job is under way. Nothing in a browser. */
  hold(held: boolean): void
  terminate(): Promise<void>
}

/** What a worker's owner is told. */
export interface WorkerListener {
  replied(reply: PoolReply): void
  /** The worker is gone and will answer nothing more. */
  died(): void
}

/** What a browser offers; Node has no such global. */
declare const Worker: new (
  url: URL,
  options: { readonly type: 'module' },
) => {
  postMessage(request: PoolRequest, transfer: readonly ArrayBuffer[]): void
  terminate(): void
  onmessage: ((event: { readonly data: PoolReply }) => void) | null
  onerror: (() => void) | null
}

/** Starts a worker, or gives `undefined` where the host has none or forbids it. */
export function startWorker(listener: WorkerListener): WorkerHandle | undefined {
  const threads = nodeModule('node:worker_threads')
  try {
    return threads === undefined ? startWebWorker(listener) : startThread(threads, listener)
  } catch {
    // A page's security policy, or a bundle whose address is no file.
    return undefined
  }
}

function startWebWorker(listener: WorkerListener): WorkerHandle | undefined {
  if (typeof Worker === 'undefined') return undefined
  // Bundlers look for exactly this expression to make a file of the worker.
  const worker = new Worker(new URL('./block-worker.js', import.meta.url), { type: 'module' })
  worker.onmessage = (event) => listener.replied(event.data)
  worker.onerror = () => listener.died()
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    hold: () => undefined,
    terminate() {
      worker.terminate()
      return Promise.resolve()
    },
  }
}

function startThread(
  threads: typeof import('node:worker_threads'),
  listener: WorkerListener,
): WorkerHandle {
  // In the workspace this file is TypeScript, which Node strips; in the published package both are JavaScript.
  const name = import.meta.url.endsWith('.ts') ? './block-worker.ts' : './block-worker.js'
  const worker = new threads.Worker(new URL(name, import.meta.url), { execArgv: [], stdin: false })
  worker.unref()
  worker.on('message', (reply: PoolReply) => listener.replied(reply))
  worker.on('error', () => listener.died())
  worker.on('exit', () => listener.died())
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    hold(held) {
      if (held) worker.ref()
      else worker.unref()
    },
    async terminate() {
      await worker.terminate()
    },
  }
}
