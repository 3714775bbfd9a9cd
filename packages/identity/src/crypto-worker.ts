import { assert, wipe } from '@kithnet/kernel'
import type { Backend, MlDsaKeyPair } from './backend.ts'
import type { CryptoAnswers, CryptoJob, CryptoReply, CryptoRequest } from './crypto-job.ts'
import { nodeModule } from './host.ts'
import { nobleBackend } from './noble-backend.ts'
import { mixedBackend, nodeBackend } from './node-backend.ts'

/** The two shapes of a worker's end of its channel: Node's and the browser's. */
interface Channel {
  postMessage(reply: CryptoReply): void
}

const keyPairs = new Map<number, MlDsaKeyPair>()

listen()

function listen(): void {
  const parent = nodeModule('node:worker_threads')?.parentPort
  if (parent !== undefined && parent !== null) {
    parent.on('message', (request: CryptoRequest) => reply(parent, request))
    return
  }
  const scope = globalThis as unknown as Channel & {
    onmessage: ((event: { readonly data: CryptoRequest }) => void) | null
  }
  scope.onmessage = (event) => reply(scope, event.data)
}

function reply(channel: Channel, { id, backend, job }: CryptoRequest): void {
  try {
    channel.postMessage({ id, answer: answer(backendNamed(backend), job) })
  } catch (error) {
    channel.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
}

let current: Backend = nobleBackend

function backendNamed(name: Backend['name']): Backend {
  if (name === current.name) return current
  const backend =
    name === 'node' ? nodeBackend() : name === 'node+noble' ? mixedBackend() : nobleBackend
  assert(backend !== undefined, `the worker has the backend ${name}`)
  current = backend
  return backend
}

function answer(backend: Backend, job: CryptoJob): CryptoAnswers[CryptoJob['op']] {
  switch (job.op) {
    case 'load':
      keyPairs.set(job.key, backend.mlDsa65.keyPair(job.seed))
      wipe(job.seed)
      return true
    case 'forget':
      keyPairs.get(job.key)?.[Symbol.dispose]()
      keyPairs.delete(job.key)
      return true
    case 'sign': {
      const keyPair = keyPairs.get(job.key)
      assert(keyPair !== undefined, 'the key was loaded before it signs')
      return keyPair.sign(job.message, job.context)
    }
    case 'verify':
      return job.items.map((item) =>
        backend.mlDsa65.verify(item.publicKey, item.message, item.context, item.signature),
      )
    case 'slh-key-pair': {
      const keys = backend.slhDsa.keyPair(job.set, job.seed)
      wipe(job.seed)
      return keys
    }
    case 'slh-sign': {
      const signature = backend.slhDsa.sign(job.set, job.secretKey, job.message, job.context)
      wipe(job.secretKey)
      return signature
    }
    case 'slh-verify':
      return backend.slhDsa.verify(job.set, job.publicKey, job.message, job.context, job.signature)
  }
}
