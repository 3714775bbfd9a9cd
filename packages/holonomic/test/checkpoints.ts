import { encodeCheckpoint } from '@kithnet/holonomic'
import { type Bytes, type EpochMs, utf8 } from '@kithnet/kernel'
import { hash } from '@kithnet/types'
import { type Actor, network, noon } from './actors.ts'

/** The body of a checkpoint of a state that has only a name. */
export function checkpointBody(by: Actor, epoch: number, state: string, at: EpochMs = noon): Bytes {
  const root = hash('trace', utf8(state))
  return encodeCheckpoint({
    network,
    peer: by.peer,
    namespaces: ['records'],
    epoch,
    stateRoot: root,
    stateSize: 1,
    logRoot: root,
    at,
  })
}
