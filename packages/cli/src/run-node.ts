import type { NetworkRecords } from '@kithnet/dag'
import { createNode, type Identity, type Node, type NodeOptions, type Service } from 'kithnet'
import type { Holonomic } from 'kithnet/holonomic'
import { openStore } from '@kithnet/store'
import { shortId } from 'kithnet/types'
import { ControlServer } from './control-server.ts'
import type { KeepTerms } from './keep-terms.ts'
import { note } from './output.ts'
import type { Profile } from './profile.ts'
import { openRecordStore, type PlaceOptions } from './records-place.ts'

/** How a program wants its node. */
export interface RunOptions {
  readonly identity: Identity
  readonly profile: Profile
  readonly node: Omit<NodeOptions, 'identity' | 'store' | 'services'>
  /** Public records that it keeps the same as its neighbours'. */
  readonly records?: PlaceOptions
  /** Contents, witnesses and trust: what it keeps for others, and whom it trusts by itself. */
  readonly keep?: KeepTerms
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
    await using kept =
      options.records === undefined ? undefined : await openRecordStore(options.records)
    await using node = await createNode({
      ...options.node,
      services: [
        ...(kept === undefined ? [] : [(await import('@kithnet/dag')).records({ store: kept })]),
        ...(options.keep === undefined ? [] : [await keeper(options.identity, options.keep)]),
      ],
      identity: options.identity,
      store,
      signal: stop.signal,
    })
    if (kept !== undefined) tellOf(node.records)
    if (options.keep !== undefined) tellOfKeeping(node.holonomic)
    await using control = await ControlServer.open(
      node,
      options.profile.socket,
      () => stop.abort(),
      options.keep === undefined ? undefined : node.holonomic,
    )
    void control
    await options.ready(node)
    await untilAborted(stop.signal)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

/** Loaded only where it is asked for. */
async function keeper(
  identity: Identity,
  { roots, keepBytes, checkpointMs }: KeepTerms,
): Promise<Service<'holonomic', Holonomic>> {
  const { holonomic } = await import('kithnet/holonomic')
  const witness = checkpointMs === undefined ? {} : { witness: { checkpointMs } }
  return holonomic({ identity, roots, keepBytes, ...witness })
}

/** Says what came and went whenever records were compared with a peer. */
function tellOf(kept: NetworkRecords): void {
  kept.on((event) => {
    if (event.type === 'failed') note(`records could not be stored: ${String(event.error)}`)
    if (event.type !== 'synced') return
    const { received, sent } = event.report
    if (received + sent > 0)
      note(`records from ${shortId(event.peer)}: ${received}, to it: ${sent}`)
  })
}

/** Says what somebody should look at. */
function tellOfKeeping({ content, witness }: Holonomic): void {
  content.on((event) => {
    if (event.type === 'failed') note(`contents could not be stored: ${String(event.error)}`)
    if (event.type !== 'noted' || event.note.type !== 'unmade') return
    note(`too few shares are left to mend ${event.ref.content.slice(0, 16)} now; it is tried again`)
  })
  witness.on((event) => {
    if (event.type === 'failed') note(`a state could not be kept: ${String(event.error)}`)
    if (event.type === 'fork') {
      note(`forked    ${event.peer}: it has signed two states at once, and is trusted no more`)
    }
    if (event.type !== 'behind') return
    const { epoch, knownEpoch } = event.fault
    note(
      `This store is older than what others have of this node: state ${epoch} here, ${knownEpoch} there. ` +
        'Nothing more is committed, for that would contradict it. Bring the newer store back, or use another identity.',
    )
  })
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
