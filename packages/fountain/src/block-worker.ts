import { doJob } from './block-job.ts'
import { nodeModule } from './host.ts'
import type { PoolReply, PoolRequest } from './worker-handle.ts'

/** The two shapes of a worker's end of its channel: Node's and the browser's. */
interface Channel {
  postMessage(reply: PoolReply, transfer: readonly ArrayBuffer[]): void
}

const parent = nodeModule('node:worker_threads')?.parentPort
if (parent === undefined || parent === null) {
  const scope = globalThis as unknown as Channel & {
    onmessage: ((event: { readonly data: PoolRequest }) => void) | null
  }
  scope.onmessage = (event) => reply(scope, event.data)
} else {
  const channel: Channel = {
    postMessage: (message, transfer) => parent.postMessage(message, [...transfer]),
  }
  parent.on('message', (request: PoolRequest) => reply(channel, request))
}

function reply(channel: Channel, { id, job }: PoolRequest): void {
  try {
    const answer = doJob(job)
    channel.postMessage({ id, answer }, answer === undefined ? [] : [answer.buffer])
  } catch (error) {
    channel.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, [])
  }
}
