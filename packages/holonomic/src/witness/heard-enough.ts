import type { Part } from '../part.ts'

/**
 * Resolves once it is known what this node's own logs have come to, as far as neighbours tell: two of them were asked, or all
 * where there are fewer. One alone may hold back what this node said before its disk was restored, and to go on without
 * that would fork the log. Neighbours that never answer are waited for so long and no longer.
 */
export async function heardEnough({ host, statements }: Part): Promise<void> {
  await statements.ready
  const isEnough = (): boolean =>
    statements.compared.size >= Math.min(enoughNeighbours, statements.neighbours.size)
  if (isEnough() || host.signal.aborted) return
  await new Promise<void>((resolve) => {
    const timer = host.timer(longestMs, () => end())
    const listening = statements.onCompared(() => {
      if (isEnough()) end()
    })
    const end = (): void => {
      timer[Symbol.dispose]()
      listening[Symbol.dispose]()
      resolve()
    }
    host.signal.addEventListener('abort', end, { once: true })
  })
}

/** Source: our choice: one of them may lie, as for a witness. */
const enoughNeighbours = 2
/** Source: our choice: three tries of a slow neighbour. A node without this service never answers. */
const longestMs = 15_000
