import type { PeerId } from '@kithnet/types'
import type { ReadyOptions } from './topic.ts'

/** What has neighbours and tells when there is another. */
interface Meeting {
  readonly neighbours: readonly PeerId[]
  /** Aborted when there will be none any more. */
  readonly signal: AbortSignal
  on(name: 'neighbour', listener: () => void, options: { readonly signal: AbortSignal }): Disposable
}

/** Resolves when there are as many neighbours. */
export async function untilReady(
  node: Meeting,
  { peers = 1, signal }: ReadyOptions,
): Promise<void> {
  const given = signal === undefined ? node.signal : AbortSignal.any([signal, node.signal])
  given.throwIfAborted()
  if (node.neighbours.length >= peers) return
  const ended = new AbortController()
  try {
    await new Promise<void>((resolve, reject) => {
      const count = (): void => {
        if (node.neighbours.length >= peers) resolve()
      }
      node.on('neighbour', count, { signal: ended.signal })
      const abort = (): void => reject(given.reason as Error)
      given.addEventListener('abort', abort, { signal: ended.signal })
    })
  } finally {
    ended.abort()
  }
}
