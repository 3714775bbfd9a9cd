import type { CryptoReply, CryptoRequest } from './crypto-job.ts'
import { nodeModule } from './host.ts'

/** A running worker, in Node or in a browser. */
export interface WorkerHandle {
  post(request: CryptoRequest): void
  /** Whether the worker keeps the process alive: only while a job is under way. Nothing in a browser. */
  hold(held: boolean): void
  terminate(): Promise<void>
}

/** What a worker's owner is told. */
export interface WorkerListener {
  replied(reply: CryptoReply): void
  /** The worker is gone and will answer nothing more. */
  died(error: unknown): void
}

/** What a browser offers; Node has no such global. */
declare const Worker: new (
  url: URL,
  options: { readonly type: 'module' },
) => {
  postMessage(request: CryptoRequest): void
  terminate(): void
  onmessage: ((event: { readonly data: CryptoReply }) => void) | null
  onerror: ((event: unknown) => void) | null
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
  const worker = new Worker(new URL('./crypto-worker.js', import.meta.url), { type: 'module' })
  worker.onmessage = (event) => listener.replied(event.data)
  worker.onerror = (event) => listener.died(event)
  return {
    post: (request) => worker.postMessage(request),
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
  const name = import.meta.url.endsWith('.ts') ? './crypto-worker.ts' : './crypto-worker.js'
  const worker = new threads.Worker(new URL(name, import.meta.url), { execArgv: [], stdin: false })
  worker.unref()
  worker.on('message', (reply: CryptoReply) => listener.replied(reply))
  worker.on('error', (error) => listener.died(error))
  worker.on('exit', () => listener.died(undefined))
  return {
    post: (request) => worker.postMessage(request),
    hold(held) {
      if (held) worker.ref()
      else worker.unref()
    },
    async terminate() {
      await worker.terminate()
    },
  }
}
