import { assert, type Bytes } from '@kithnet/kernel'
import type { Backend, MlDsaKeyPair } from './backend.ts'
import { sharedPool } from './shared-pool.ts'
import { orHere, type WorkerKey, type WorkerPool } from './worker-pool.ts'

let lastKeyNumber = 0

/** An ML-DSA-65 key that signs where the event loop does not wait: in Node's thread pool, else in a worker. */
export class OffThreadKey implements Disposable {
  readonly publicKey: Bytes
  readonly #keyPair: MlDsaKeyPair
  readonly #pool: WorkerPool
  readonly #seed: Bytes
  readonly #workerKey: WorkerKey
  #disposed = false

  /** The seed is copied. */
  constructor(seed: Uint8Array, backend: Backend, pool: WorkerPool = sharedPool(backend)) {
    this.#keyPair = backend.mlDsa65.keyPair(seed)
    this.publicKey = this.#keyPair.publicKey
    this.#pool = pool
    // Only a worker needs the seed again.
    this.#seed = Uint8Array.from(this.#keyPair.signOffThread === undefined ? seed : [])
    this.#workerKey = {
      number: ++lastKeyNumber,
      seed: () => (this.#disposed ? undefined : this.#seed),
    }
  }

  /** The message may change once the call has returned. */
  async sign(message: Uint8Array, context: Uint8Array): Promise<Bytes> {
    assert(!this.#disposed, 'a disposed key signs nothing')
    const { signOffThread } = this.#keyPair
    if (signOffThread !== undefined) return signOffThread(message, context)
    // A copy, because the job may wait, and because cloning a view would clone the whole frame behind it.
    const copy = Uint8Array.from(message)
    const key = this.#workerKey
    const job = { op: 'sign', key: key.number, message: copy, context } as const
    return orHere(
      this.#pool,
      () => this.#pool.run(job, { urgent: true, key }),
      () => {
        assert(!this.#disposed, 'a disposed key signs nothing')
        return this.#keyPair.sign(copy, context)
      },
    )
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#pool.forget(this.#workerKey)
    this.#keyPair[Symbol.dispose]()
    this.#seed.fill(0)
  }
}
