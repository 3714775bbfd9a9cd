import { contextOf, selectBackend } from '@kithnet/identity'
import type { Bytes } from '@kithnet/kernel'
import { peerIdOf } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { channelPrimitives } from '../../src/pq-channel/primitives.ts'
import { converse, initiator, responder, type Setting } from './endpoint.ts'
import { IdealWorld, type Party } from './ideal.ts'

/** With the primitives of this host, so many bytes lie between flips: each costs a real handshake. */
const realStride = 97

function scene(seed: string): { setting: Setting; a: Party; b: Party } {
  const world = new IdealWorld(seed)
  return {
    setting: { primitives: world.primitives, judge: world },
    a: world.party('a'),
    b: world.party('b'),
  }
}

const common = ['transport/channel-frame-length', 'transport/channel-malformed']
const messages = [
  {
    name: 'hello',
    from: 'initiator',
    index: 0,
    codes: [
      'transport/channel-frame',
      ...common,
      'transport/channel-truncated',
      'transport/wrong-network',
    ],
  },
  {
    name: 'answer',
    from: 'responder',
    index: 0,
    codes: [...common, 'transport/channel-no-common', 'transport/channel-unauthentic'],
  },
  {
    name: 'finish',
    from: 'initiator',
    index: 1,
    codes: [...common, 'transport/channel-unauthentic'],
  },
] as const

describe('every byte of every message', () => {
  const { setting, a, b } = scene('flip')
  const whole = initiator(a, b.peer, setting)
  const peer = responder(b, setting)
  converse(whole, peer)
  const lengths = { hello: whole.sent[0]!, answer: peer.sent[0]!, finish: whole.sent[1]! }

  for (const { name, from, index, codes } of messages) {
    it(`of the ${name}, flipped: a typed fault, no session where it arrives, no agreement`, () => {
      const faults = new Set<string>()
      const { length } = lengths[name]
      for (let at = 0; at < length; at++) {
        const one = initiator(a, b.peer, setting)
        const two = responder(b, setting)
        converse(one, two, (message, place) => {
          if (place.from !== from || place.index !== index) return message
          const flipped = Uint8Array.from(message)
          // The place decides which bit, so that all bits are met.
          flipped[at]! ^= 1 << (at % 8)
          return flipped
        })
        // A length that grew makes the reader wait for more; then the carrier ends.
        for (const end of [one, two]) if (end.session === undefined) end.on({ type: 'ended' })
        const receiver = from === 'initiator' ? two : one
        expect(two.session, `byte ${at}`).toBeUndefined()
        expect(receiver.session, `byte ${at}`).toBeUndefined()
        expect(receiver.fault?.code, `byte ${at}`).toMatch(/^transport\//)
        faults.add(receiver.fault!.code)
      }
      expect([...faults].toSorted()).toEqual(codes)
    })

    it(`of the ${name}, cut off behind: no session`, () => {
      const { length } = lengths[name]
      for (let kept = 0; kept < length; kept += 1 + Math.floor(length / 200)) {
        const one = initiator(a, b.peer, setting)
        const two = responder(b, setting)
        converse(one, two, (message, place) =>
          place.from === from && place.index === index ? message.subarray(0, kept) : message,
        )
        for (const end of [one, two]) end.on({ type: 'ended' })
        const receiver = from === 'initiator' ? two : one
        expect(receiver.session).toBeUndefined()
        expect(receiver.fault?.code).toBe('transport/channel-truncated')
      }
    })
  }
})

describe('with real key exchange and signatures', () => {
  const backend = selectBackend()
  const context = contextOf('handshake')
  const party = (fill: number): Party => {
    const keys = backend.mlDsa65.keyPair(new Uint8Array(32).fill(fill))
    const sign = (body: Uint8Array): Bytes => keys.sign(body, context)
    return { peer: peerIdOf(keys.publicKey), publicKey: keys.publicKey, sign }
  }
  const [a, b] = [party(1), party(2)]
  const setting: Setting = {
    primitives: channelPrimitives(backend),
    judge: {
      verify: (key, body, signature) => backend.mlDsa65.verify(key, body, context, signature),
    },
  }

  for (const { name, from, index } of messages) {
    it(`every ${realStride}th byte of the ${name}, flipped: a typed fault, no session`, () => {
      for (let at = 0; ; at += realStride) {
        const one = initiator(a, b.peer, setting)
        const two = responder(b, setting)
        let length = 0
        converse(one, two, (message, place) => {
          if (place.from !== from || place.index !== index) return message
          length = message.length
          const flipped = Uint8Array.from(message)
          flipped[Math.min(at, length - 1)]! ^= 1 << (at % 8)
          return flipped
        })
        for (const end of [one, two]) if (end.session === undefined) end.on({ type: 'ended' })
        const receiver = from === 'initiator' ? two : one
        expect(two.session, `byte ${at}`).toBeUndefined()
        expect(receiver.session, `byte ${at}`).toBeUndefined()
        expect(receiver.fault?.code, `byte ${at}`).toMatch(/^transport\//)
        if (at >= length) break
      }
    })
  }
})
