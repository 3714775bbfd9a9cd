import { describe, expect, it } from 'vitest'
import {
  decodeMembershipMessage,
  descriptorsOf,
  encodeMembershipMessage,
  type MembershipMessage,
  type UncheckedMembershipMessage,
  withVerified,
} from '@kithnet/membership'
import type { CborValue } from '@kithnet/types'
import { known, peer } from './peers.ts'

function unchecked(message: MembershipMessage): UncheckedMembershipMessage {
  const decoded = decodeMembershipMessage(encodeMembershipMessage(message))
  if (!decoded.ok) throw new Error(decoded.fault.field)
  return decoded.value
}

function fieldOf(value: CborValue): string | undefined {
  const decoded = decodeMembershipMessage(value)
  return decoded.ok ? undefined : decoded.fault.field
}

describe('what a verifier leaves of a message', () => {
  it('is nothing without the descriptor that it is about', () => {
    const join = unchecked({ type: 'join', self: known(1), priority: 'high' })
    expect(descriptorsOf(join)).toEqual([known(1).signed])
    expect(withVerified(join, [undefined])).toBeUndefined()
  })

  it('is the list without those that failed', () => {
    const peers = [known(2), known(3), known(4)]
    const shuffle = { type: 'shuffle', origin: known(1), nonce: 7, ttl: 3, peers } as const
    const verified = withVerified(unchecked(shuffle), [known(1), known(2), undefined, known(4)])
    expect(verified).toEqual({ ...shuffle, peers: [known(2), known(4)] })
  })

  it('keeps accusations and drops unproven life', () => {
    const accusation = { state: 'dead', peer: peer(9), incarnation: 4 } as const
    const alive = { state: 'alive', known: known(8) } as const
    const ping = { type: 'ping', nonce: 1, updates: [alive, accusation] } as const
    expect(withVerified(unchecked(ping), [undefined])).toEqual({ ...ping, updates: [accusation] })
  })
})

describe('a membership message is refused', () => {
  const signed: CborValue = [known(1).signed.body, known(1).signed.signature]
  const id = new Uint8Array(32)
  const cases: readonly (readonly [string, CborValue, string])[] = [
    ['of an unknown kind', [99, 0], 'message.kind'],
    ['that is no list', 7, 'message'],
    ['with more hops than any walk', [2, signed, 1, 33], 'forwardJoin.ttl'],
    ['with an unknown priority', [1, signed, 3], 'join.priority'],
    ['with a nonce beyond 32 bits', [7, 2 ** 32, []], 'shuffleReply.nonce'],
    [
      'with too many ids offered',
      [8, signed, Array.from({ length: 33 }, () => id)],
      'exchange.peers',
    ],
    ['with an offer that is no list', [9, 0, []], 'exchangeReply.peers'],
    ['with too many wanted', [9, [], Array.from({ length: 17 }, () => id)], 'exchangeReply.wanted'],
    [
      'with too many introduced',
      [10, Array.from({ length: 17 }, () => signed), []],
      'introduce.peers',
    ],
    ['with wanted that are no ids', [10, [], [1]], 'introduce.wanted'],
    ['with too many peers', [7, 1, Array.from({ length: 17 }, () => signed)], 'shuffleReply.peers'],
    ['with too many updates', [20, Array.from({ length: 9 }, () => [0, signed])], 'gossip.updates'],
    ['with an unknown cause', [5, 6], 'disconnect.cause'],
    ['with a short signature', [1, [known(1).signed.body, new Uint8Array(9)], 1], 'join.self'],
    ['with a long body', [1, [new Uint8Array(2_601), known(1).signed.signature], 1], 'join.self'],
    ['with a short peer id', [20, [[1, new Uint8Array(31), 0]]], 'gossip.updates'],
    ['with a negative incarnation', [20, [[1, new Uint8Array(32), -1]]], 'gossip.updates'],
  ]
  for (const [name, value, field] of cases) {
    it(name, () => expect(fieldOf(value)).toBe(field))
  }
})
