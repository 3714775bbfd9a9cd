import { assert, type Bytes, wipe } from '@kithnet/kernel'
import type { Backend, SlhDsaSet } from './backend.ts'
import { contextOf, type Domain, type ForeignFormat } from './domain.ts'
import { seedBytesOf } from './seeds.ts'
import { selectBackend } from './select-backend.ts'
import { WorkerPool } from './worker-pool.ts'

/** All twelve parameter sets. Source: FIPS 205 table 2. */
export const slhDsaSets: readonly SlhDsaSet[] = (['sha2', 'shake'] as const).flatMap((hash) =>
  ([128, 192, 256] as const).flatMap((strength) =>
    (['s', 'f'] as const).map((size): SlhDsaSet => `slh-dsa-${hash}-${strength}${size}`),
  ),
)

/** A long-term signing key whose safety rests on hashes alone. Disposing wipes it. */
export interface SlhDsaKey extends Disposable {
  readonly set: SlhDsaSet
  readonly publicKey: Bytes
  /** Milliseconds to seconds, by parameter set, always in a worker. */
  sign(domain: Domain | ForeignFormat, body: Uint8Array): Promise<Bytes>
}

/**
 * SLH-DSA in one worker of its own: a signature can take seconds, and nothing else should wait for it. The
 * sets ending in `s` have small signatures and slow signing, those in `f` the reverse. A host without workers
 * refuses.
 */
export class SlhDsaSigner implements AsyncDisposable {
  readonly #pool: WorkerPool

  constructor(backend: Backend = selectBackend()) {
    this.#pool = new WorkerPool(backend.name, 1)
  }

  /** The key of a seed of 3n bytes, as `Identity.exportSeed` gives it. The seed is copied: wipe yours. */
  async key(set: SlhDsaSet, seed: Uint8Array): Promise<SlhDsaKey> {
    assert(seed.length === seedBytesOf(set), `a seed of ${set} has ${seedBytesOf(set)} bytes`)
    const copy = Uint8Array.from(seed)
    const keys = await this.#pool.run({ op: 'slh-key-pair', set, seed: copy })
    wipe(copy)
    return new WorkerSlhDsaKey(this.#pool, set, keys.publicKey, keys.secretKey)
  }

  /** False for anything that is not the signature of this body, in this domain, under this key. */
  verify(
    set: SlhDsaSet,
    publicKey: Uint8Array,
    domain: Domain | ForeignFormat,
    body: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean> {
    return this.#pool.run({
      op: 'slh-verify',
      set,
      publicKey: Uint8Array.from(publicKey),
      message: Uint8Array.from(body),
      context: contextOf(domain),
      signature: Uint8Array.from(signature),
    })
  }

  /** Ends the worker. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.close()
  }
}

class WorkerSlhDsaKey implements SlhDsaKey {
  readonly set: SlhDsaSet
  readonly publicKey: Bytes
  readonly #pool: WorkerPool
  readonly #secretKey: Bytes
  #disposed = false

  constructor(pool: WorkerPool, set: SlhDsaSet, publicKey: Bytes, secretKey: Bytes) {
    this.#pool = pool
    this.set = set
    this.publicKey = publicKey
    this.#secretKey = secretKey
  }

  async sign(domain: Domain | ForeignFormat, body: Uint8Array): Promise<Bytes> {
    assert(!this.#disposed, 'a disposed key signs nothing')
    const secretKey = this.#secretKey.slice()
    const message = Uint8Array.from(body)
    try {
      const job = { op: 'slh-sign', set: this.set, secretKey, message } as const
      return await this.#pool.run({ ...job, context: contextOf(domain) })
    } finally {
      wipe(secretKey)
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    wipe(this.#secretKey)
  }
}
