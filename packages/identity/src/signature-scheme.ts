import type { Bytes } from '@kithnet/kernel'
import type { Backend } from './backend.ts'
import type { VerifyItem } from './crypto-job.ts'
import { contextOf, type Domain, type ForeignFormat } from './domain.ts'
import { OffThreadKey } from './off-thread-key.ts'
import { selectBackend } from './select-backend.ts'
import { sharedPool } from './shared-pool.ts'
import { orHere, type WorkerPool } from './worker-pool.ts'

/** One signature to check. */
export interface Claim {
  readonly domain: Domain | ForeignFormat
  readonly publicKey: Uint8Array
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

/** The secret half of a scheme's key. */
export interface SigningKey extends Disposable {
  readonly publicKey: Bytes
  /** Signs off the event loop. The body may change once the call has returned. */
  sign(domain: Domain | ForeignFormat, body: Uint8Array): Promise<Bytes>
}

/**
 * How Kithnet signs. The one that ships is ML-DSA-65; a simulator may inject another of the same sizes
 * whose signatures are deterministic.
 */
export interface SignatureScheme {
  readonly name: string
  /** The key of a 32-byte seed, which is copied. */
  signingKey(seed: Uint8Array): SigningKey
  /** Blocks until it knows: 0.13 ms native, 1.3 ms in JavaScript. */
  verifySync(claim: Claim): boolean
  /** Checks one off the event loop where the host can. */
  verify(claim: Claim): Promise<boolean>
  /** Checks many, on all cores that the host gives. Answers stand in the order of the claims. */
  verifyAll(claims: readonly Claim[]): Promise<readonly boolean[]>
}

/** Most signatures in one job of a worker, so that a signing job waits at most about 10 ms. Source: our choice. */
const claimsPerJob = 8

/** ML-DSA-65 on a backend, with the Kithnet context of each domain. */
export function createMlDsaScheme(backend: Backend = selectBackend()): SignatureScheme {
  const { mlDsa65 } = backend
  const { verifyOffThread } = mlDsa65
  const verifySync = ({ publicKey, body, domain, signature }: Claim): boolean =>
    mlDsa65.verify(publicKey, body, contextOf(domain), signature)
  const base = {
    name: `ml-dsa-65/${backend.name}`,
    signingKey(seed: Uint8Array): SigningKey {
      const key = new OffThreadKey(seed, backend)
      return {
        publicKey: key.publicKey,
        sign: (domain, body) => key.sign(body, contextOf(domain)),
        [Symbol.dispose]: () => key[Symbol.dispose](),
      }
    },
    verifySync,
  }
  if (verifyOffThread !== undefined) {
    const verify = ({ publicKey, body, domain, signature }: Claim): Promise<boolean> =>
      verifyOffThread(publicKey, body, contextOf(domain), signature)
    return { ...base, verify, verifyAll: (claims) => Promise.all(claims.map(verify)) }
  }
  const verifyAll = (claims: readonly Claim[]): Promise<readonly boolean[]> => {
    const items = claims.map(toItem)
    const pool = sharedPool(backend)
    return orHere(
      pool,
      () => verifyInWorkers(pool, items),
      () => items.map((item) => verifyItem(backend, item)),
    )
  }
  return { ...base, verify: async (claim) => (await verifyAll([claim]))[0] === true, verifyAll }
}

async function verifyInWorkers(
  pool: WorkerPool,
  items: readonly VerifyItem[],
): Promise<readonly boolean[]> {
  const share = Math.min(claimsPerJob, Math.ceil(items.length / pool.capacity))
  const jobs: Promise<readonly boolean[]>[] = []
  for (let at = 0; at < items.length; at += share) {
    jobs.push(pool.run({ op: 'verify', items: items.slice(at, at + share) }))
  }
  return (await Promise.all(jobs)).flat()
}

function verifyItem({ mlDsa65 }: Backend, item: VerifyItem): boolean {
  return mlDsa65.verify(item.publicKey, item.message, item.context, item.signature)
}

/** Copies, because the job may wait, and because cloning a view would clone the whole frame behind it. */
function toItem({ publicKey, body, domain, signature }: Claim): VerifyItem {
  return {
    publicKey: Uint8Array.from(publicKey),
    message: Uint8Array.from(body),
    context: contextOf(domain),
    signature: Uint8Array.from(signature),
  }
}

let shared: SignatureScheme | undefined

/** The scheme of the selected backend, shared by the whole process. */
export function mlDsaScheme(): SignatureScheme {
  shared ??= createMlDsaScheme()
  return shared
}

/** Checks many signatures on all cores that the host gives, in the order of the claims. */
export function verifyBatch(
  claims: readonly Claim[],
  scheme: SignatureScheme = mlDsaScheme(),
): Promise<readonly boolean[]> {
  return scheme.verifyAll(claims)
}
