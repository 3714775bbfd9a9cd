import { createIdentity, type Identity } from '@kithnet/identity'
import { epochMs, toHex, utf8 } from '@kithnet/kernel'
import { hash, networkId, topicId } from '@kithnet/types'

/** Who signs; their order is that of their seeds. */
export const people: readonly Identity[] = Array.from({ length: 12 }, (_, index) =>
  createIdentity(new Uint8Array(32).fill(index + 1)),
)
const [first, second, third, fourth] = people as [Identity, Identity, Identity, Identity]
export const alice: Identity = first
export const bob: Identity = second
export const carol: Identity = third
export const dave: Identity = fourth
export const ids = people.map(({ peer }) => peer).sort()
export const network = networkId('holonomic vectors')
export const stream = topicId(network, 'stream')
export const at = epochMs(1_800_000_000_000)
export const content = toHex(hash('trace', utf8('content')))
export const nonce = toHex(hash('trace', utf8('nonce')))
