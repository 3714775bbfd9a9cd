import { type Bytes, epochMs, utf8 } from '@kithnet/kernel'
import { checkpointKind, encodeCheckpoint, type Offered, type WitnessLog } from '@kithnet/holonomic'
import { type Actor, actor, network, noon } from './actors.ts'

export const owner = actor('owner')
/** The witness of these tests. */
export const notary = actor('witness')
export const self = notary.peer
export const name = { network, peer: owner.peer, namespaces: ['records'] }
export const state = (text: string): Bytes[] => text.split('').map((letter) => utf8(letter))

/** The next state of a log, as its owner puts it to a witness that knows the epoch `from`. */
export function offer(log: WitnessLog, text: string, from: number, by: Actor = owner): Offered {
  const { checkpoint } = log.commit(state(text), epochMs(noon + log.epoch))
  const signed = by.sign(checkpointKind, encodeCheckpoint(checkpoint))
  const verified = by.say(checkpointKind, encodeCheckpoint(checkpoint))
  const proof = log.consistencyProof(from)
  const { publicKey } = by
  return { type: 'offered', from: by.peer, checkpoint: verified, signed, publicKey, proof }
}
