import type { Backend } from './backend.ts'
import { nodeModule } from './host.ts'
import { WorkerPool } from './worker-pool.ts'

/** Most workers for signing and verifying. Source: our choice; JavaScript verification gains little above. */
const maxWorkers = 4

const poolByBackend = new Map<Backend['name'], WorkerPool>()

/** The workers that all keys and schemes of one backend share. None runs before the first job. */
export function sharedPool(backend: Backend): WorkerPool {
  let pool = poolByBackend.get(backend.name)
  if (pool === undefined) {
    pool = new WorkerPool(backend.name, workerCount())
    poolByBackend.set(backend.name, pool)
  }
  return pool
}

/**
 * Ends the shared workers and refuses what they had not done. Idle ones never keep a process alive, so this
 * is for hosts that want their threads back; later jobs start new ones.
 */
export async function closeWorkers(): Promise<void> {
  await Promise.all([...poolByBackend.values()].map((pool) => pool.close()))
}

function workerCount(): number {
  const { navigator } = globalThis as unknown as {
    readonly navigator?: { readonly hardwareConcurrency?: number }
  }
  const cores = nodeModule('node:os')?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 2
  return Math.max(1, Math.min(maxWorkers, cores))
}
