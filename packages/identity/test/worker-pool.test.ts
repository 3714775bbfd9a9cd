import { CodedError, utf8 } from '@kithnet/kernel'
import { nobleBackend } from '@kithnet/identity'
import { describe, expect, it } from 'vitest'
import type { CryptoRequest } from '../src/crypto-job.ts'
import { OffThreadKey } from '../src/off-thread-key.ts'
import type { WorkerListener } from '../src/worker-handle.ts'
import { type StartWorker, WorkerPool } from '../src/worker-pool.ts'

/** A worker that answers when the test says so. */
interface Puppet {
  readonly listener: WorkerListener
  readonly requests: CryptoRequest[]
  held: boolean
  ended: boolean
}

function puppets(): { readonly start: StartWorker; readonly all: Puppet[] } {
  const all: Puppet[] = []
  const start: StartWorker = (listener) => {
    const puppet: Puppet = { listener, requests: [], held: false, ended: false }
    all.push(puppet)
    return {
      post: (request) => puppet.requests.push(request),
      hold: (held) => {
        puppet.held = held
      },
      terminate: () => {
        puppet.ended = true
        return Promise.resolve()
      },
    }
  }
  return { start, all }
}

const verify = { op: 'verify', items: [] } as const
const sign = { op: 'sign', key: 1, message: utf8('m'), context: utf8('c') } as const
const key = { number: 1, seed: (): Uint8Array => new Uint8Array(32) }

function answerLast(puppet: Puppet, answer: boolean[] | Uint8Array<ArrayBuffer>): void {
  puppet.listener.replied({ id: puppet.requests.at(-1)?.id ?? 0, answer })
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const outcome: unknown = await promise.catch((error: unknown) => error)
  return outcome instanceof CodedError ? outcome.code : 'resolved'
}

describe('a pool of workers', () => {
  it('starts none before there is work, and no more than its capacity', async () => {
    const { start, all } = puppets()
    const pool = new WorkerPool('noble', 2, start)
    expect(all.length).toBe(0)
    const jobs = [1, 2, 3].map(() => pool.run(verify))
    expect(all.length).toBe(2)
    expect(all.map((puppet) => puppet.held)).toEqual([true, true])
    answerLast(all[0]!, [true])
    expect(await jobs[0]).toEqual([true])
    answerLast(all[0]!, [false])
    answerLast(all[1]!, [])
    expect(await Promise.all(jobs)).toEqual([[true], [], [false]])
    expect(all.map((puppet) => puppet.held)).toEqual([false, false])
  })

  it('lets a signature pass waiting verifications, but never take the last worker', () => {
    const { start, all } = puppets()
    const pool = new WorkerPool('noble', 2, start)
    const ops = (): unknown => all.map((puppet) => puppet.requests.at(-1)?.job.op)
    for (let index = 0; index < 4; index++) void pool.run(verify)
    for (let index = 0; index < 3; index++) void pool.run(sign, { urgent: true, key })
    answerLast(all[0]!, [])
    expect(ops()).toEqual(['sign', 'verify'])
    answerLast(all[1]!, [])
    expect(ops()).toEqual(['sign', 'verify'])
    answerLast(all[0]!, new Uint8Array(1))
    expect(ops()).toEqual(['sign', 'verify'])
    expect(all[0]!.requests.filter(({ job }) => job.op === 'load').length).toBe(1)
  })

  it('gives a key to each worker once, and takes it back', async () => {
    const { start, all } = puppets()
    const pool = new WorkerPool('noble', 1, start)
    const signing = pool.run(sign, { key })
    answerLast(all[0]!, new Uint8Array(2))
    expect(await signing).toEqual(new Uint8Array(2))
    pool.forget(key)
    pool.forget(key)
    expect(all[0]!.requests.map(({ job }) => job.op)).toEqual(['load', 'sign', 'forget'])
    const gone = { number: 1, seed: () => undefined }
    expect(await codeOf(pool.run(sign, { key: gone }))).toBe('identity/worker-refused')
  })

  it('refuses the job of a worker that died and goes on with another', async () => {
    const { start, all } = puppets()
    const pool = new WorkerPool('noble', 1, start)
    const first = pool.run(verify)
    answerLast(all[0]!, [])
    await first
    const lost = pool.run(verify)
    const next = pool.run(verify)
    all[0]!.listener.died(new Error('out of memory'))
    all[0]!.listener.died(undefined)
    expect(await codeOf(lost)).toBe('identity/worker-lost')
    expect(all[0]!.ended).toBe(true)
    answerLast(all[1]!, [true])
    expect(await next).toEqual([true])
  })

  it('passes on what a worker says is wrong with a job', async () => {
    const { start, all } = puppets()
    const pool = new WorkerPool('noble', 1, start)
    const job = pool.run(verify)
    all[0]!.listener.replied({ id: all[0]!.requests[0]!.id, error: 'no such thing' })
    await expect(job).rejects.toThrow('no such thing')
  })
})

describe('a key where workers cannot be had', () => {
  const context = utf8('kithnet/1/batch')
  const message = utf8('signed all the same')
  const check = async (start: StartWorker): Promise<void> => {
    const signer = new OffThreadKey(
      new Uint8Array(32),
      nobleBackend,
      new WorkerPool('noble', 1, start),
    )
    const signatures = await Promise.all([
      signer.sign(message, context),
      signer.sign(message, context),
    ])
    for (const signature of signatures) {
      expect(nobleBackend.mlDsa65.verify(signer.publicKey, message, context, signature)).toBe(true)
    }
  }

  it('signs on its own thread when the host has none', () => check(() => undefined))

  it('does so too when the worker’s file cannot be loaded, and tries that once only', async () => {
    let starts = 0
    await check((listener) => {
      starts++
      queueMicrotask(() => listener.died(new Error('no such file')))
      return { post: () => undefined, hold: () => undefined, terminate: () => Promise.resolve() }
    })
    expect(starts).toBe(1)
  })
})
