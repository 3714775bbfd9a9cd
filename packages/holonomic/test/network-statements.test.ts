import { createIdentity } from '@kithnet/identity'
import { epochMs, instant, seededRng } from '@kithnet/kernel'
import type { PeerId, ServiceHost } from '@kithnet/types'
import { expect, it } from 'vitest'
import { NetworkStatements } from '../src/statements/network-statements.ts'
import { StatementBook } from '../src/statements/statement-book.ts'
import { network, noon } from './actors.ts'

const identity = createIdentity()
const nothing: Disposable = { [Symbol.dispose]: () => {} }

it('are fresh once they were compared with a neighbour, and not with whoever came to compare', async () => {
  let tell: (peer: PeerId, isUp: boolean) => void = () => {}
  const host = {
    self: identity.peer,
    network,
    signal: new AbortController().signal,
    store: { scan: async () => [] },
    now: () => instant(0),
    wall: () => epochMs(noon),
    timer: () => nothing,
    subscribe: () => nothing,
    onStream: () => nothing,
    onNeighbour: (listener: typeof tell) => {
      tell = listener
      return nothing
    },
  } as unknown as ServiceHost
  const book = new StatementBook({ self: identity.peer, network })
  const rng = seededRng('statements')
  const statements = await NetworkStatements.open({ host, identity, rng, book, config: {} })
  const [caller, neighbour] = [createIdentity().peer, createIdentity().peer]
  tell(neighbour, true)
  const report = { sent: 0, received: 0, complete: true }
  statements.emit({ type: 'synced', peer: caller, report })
  expect([statements.fresh, statements.compared.size]).toEqual([false, 0])
  statements.emit({ type: 'synced', peer: neighbour, report: { ...report, complete: false } })
  expect(statements.fresh).toBe(false)
  statements.emit({ type: 'synced', peer: neighbour, report })
  expect([statements.fresh, [...statements.compared]]).toEqual([true, [neighbour]])
  await statements.ready
})
