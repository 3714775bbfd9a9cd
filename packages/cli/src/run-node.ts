import { createNode, type Identity, type Node, type NodeOptions } from 'kithnet'
import { openStore } from '@kithnet/store'
import { ControlServer } from './control-server.ts'
import type { Profile } from './profile.ts'

/** How a program wants its node. */
export interface RunOptions {
  readonly identity: Identity
  readonly profile: Profile
  readonly node: Omit<NodeOptions, 'identity' | 'store'>
  /** Called once the node listens and later commands can reach it. */
  readonly ready: (node: Node) => Promise<void> | void
}

/**
 * Runs a node until SIGINT, SIGTERM or a `stop` over its control socket, then closes everything in order.
 * A second signal ends the process at once.
 */
export async function runNode(options: RunOptions): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await using store = await openStore(options.profile.store)
    await using node = await createNode({
      ...options.node,
      identity: options.identity,
      store,
      signal: stop.signal,
    })
    await using control = await ControlServer.open(node, options.profile.socket, () => stop.abort())
    void control
    await options.ready(node)
    await untilAborted(stop.signal)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

/** Waits, keeping the process alive: the node's own timers and sockets need not. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 1 << 30)
    const done = (): void => {
      clearInterval(alive)
      resolve()
    }
    if (signal.aborted) done()
    else signal.addEventListener('abort', done, { once: true })
  })
}
