import { selectBackend } from '@kithnet/identity'
import { type Bytes, fromHex, seededRng } from '@kithnet/kernel'
import { networkId, signatureBytes } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { encodeFrame, frameHeaderBytes, frameKind } from '../../src/pq-channel/frames.ts'
import { networkTag } from '../../src/pq-channel/key-schedule.ts'
import {
  answerBytes,
  decodeHello,
  encodeHello,
  encodeHelloFields,
  finishBytes,
  type Hello,
} from '../../src/pq-channel/messages.ts'
import {
  aesSuite,
  channelPrimitives,
  type ChannelPrimitives,
  chaChaSuite,
} from '../../src/pq-channel/primitives.ts'
import {
  converse,
  type Endpoint,
  gateOf,
  initiator,
  responder,
  type Setting,
  testNetwork,
} from './endpoint.ts'
import { IdealWorld, type Party } from './ideal.ts'

const world = new IdealWorld('attack')
const setting: Setting = { primitives: world.primitives, judge: world }
const [a, b, e] = [world.party('a'), world.party('b'), world.party('e')]

/** A finished conversation, and all that was said in it. */
function recorded(): { one: Endpoint; two: Endpoint; hello: Bytes; answer: Bytes; finish: Bytes } {
  const one = initiator(a, b.peer, setting)
  const two = responder(b, setting)
  converse(one, two)
  return { one, two, hello: one.sent[0]!, answer: two.sent[0]!, finish: one.sent[1]! }
}

/** A hello changed by somebody who knows the network, so that its tag is right. */
function forged(
  hello: Uint8Array,
  change: Partial<Hello>,
  primitives: ChannelPrimitives = world.primitives,
): Bytes {
  const decoded = decodeHello(hello.subarray(frameHeaderBytes))
  if (!decoded.ok) throw new Error('not a hello')
  const fields = encodeHelloFields({ ...decoded.value, ...change })
  const tag = networkTag(primitives, testNetwork, fields)
  return encodeFrame(frameKind.hello, encodeHello(fields, tag, decoded.value.cookie))
}

describe('replayed', () => {
  const { hello, answer, finish, one, two } = recorded()

  it('hello: an answer that nobody can finish', () => {
    const victim = responder(b, setting)
    victim.feed(hello)
    expect(victim.sent).toHaveLength(1)
    expect(victim.sent[0]).not.toEqual(answer)
    victim.feed(finish)
    expect(victim.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'finish' })
  })

  it('answer: refused by another initiator, and by the same in its next attempt', () => {
    const other = initiator(a, b.peer, setting)
    other.feed(answer)
    expect(other.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'answer' })
  })

  it('hello within one conversation: unexpected', () => {
    const victim = responder(b, setting)
    victim.feed(hello)
    victim.feed(hello)
    expect(victim.fault).toEqual({
      code: 'transport/channel-unexpected',
      kind: frameKind.hello,
      state: 'half-open',
    })
  })

  it('answer or finish after the end: no second session', () => {
    for (const [end, message] of [
      [one, answer],
      [two, finish],
    ] as const) {
      const before = end.session
      end.on({
        type: 'received',
        frame: { kind: message[0]!, bytes: message, body: message.subarray(4) },
      })
      expect(end.session).toBe(before)
      expect(end.fault).toBeUndefined()
    }
  })
})

describe('reflected', () => {
  it('messages are of the wrong kind for whoever sent them', () => {
    const one = initiator(a, 'first-contact', setting)
    one.feed(one.sent[0]!)
    expect(one.fault?.code).toBe('transport/channel-unexpected')
    const two = responder(b, setting)
    two.feed(initiator(a, b.peer, setting).sent[0]!)
    two.feed(two.sent[0]!)
    expect(two.fault?.code).toBe('transport/channel-unexpected')
  })

  it('an initiator and a responder of one identity refuse each other', () => {
    const one = initiator(a, 'first-contact', setting)
    const two = responder(a, setting)
    converse(one, two)
    expect(one.fault).toEqual({ code: 'transport/own-peer' })
    expect(two.session).toBeUndefined()
  })

  it('the proof of one role is none in the other', () => {
    const { answer, finish } = recorded()
    const asFinish = encodeFrame(frameKind.finish, answer.subarray(answer.length - finishBytes))
    const two = responder(b, setting)
    two.feed(initiator(a, b.peer, setting).sent[0]!)
    two.feed(asFinish)
    expect(two.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'finish' })
    const asAnswer = new Uint8Array(frameHeaderBytes + answerBytes)
    asAnswer.set(answer)
    asAnswer.set(finish.subarray(frameHeaderBytes), asAnswer.length - finishBytes)
    const one = initiator(a, b.peer, setting)
    one.feed(asAnswer)
    expect(one.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'answer' })
  })

  it('two initiators, or two responders, get nowhere', () => {
    const [one, other] = [initiator(a, b.peer, setting), initiator(b, a.peer, setting)]
    converse(one, other)
    expect([one.fault?.code, other.fault?.code]).toEqual([
      'transport/channel-unexpected',
      'transport/channel-unexpected',
    ])
    const [two, four] = [responder(a, setting), responder(b, setting)]
    converse(two, four)
    expect([...two.sent, ...four.sent]).toEqual([])
  })
})

describe('downgraded', () => {
  it('lists of suites or versions are noticed, though the tag is right', () => {
    const changes: readonly Partial<Hello>[] = [
      { suites: [chaChaSuite.number] },
      { suites: [aesSuite.number] },
      { suites: [chaChaSuite.number, aesSuite.number] },
      { versions: [1, 2] },
      { versions: [1], suites: [aesSuite.number, chaChaSuite.number, 9] },
    ]
    for (const change of changes) {
      const one = initiator(a, b.peer, setting)
      const two = responder(b, setting)
      converse(one, two, (message, { from, index }) =>
        from === 'initiator' && index === 0 ? forged(message, change) : message,
      )
      expect(one.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'answer' })
      expect(two.session).toBeUndefined()
    }
  })

  it('answers with a suite or version that was not offered are refused unread', () => {
    for (const [at, what] of [
      [frameHeaderBytes, 'version'],
      [frameHeaderBytes + 1, 'suite'],
    ] as const) {
      const one = initiator(a, b.peer, { ...setting, suites: [aesSuite] })
      const two = responder(b, setting)
      two.feed(one.sent[0]!)
      const answer = Uint8Array.from(two.sent[0]!)
      answer[at] = 2
      one.feed(answer)
      expect(one.fault).toEqual({ code: 'transport/channel-no-common', what })
    }
  })

  it('answers with another suite that was offered do not decrypt', () => {
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting)
    two.feed(one.sent[0]!)
    const answer = Uint8Array.from(two.sent[0]!)
    answer[frameHeaderBytes + 1] = chaChaSuite.number
    one.feed(answer)
    expect(one.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'answer' })
  })
})

describe('a key share', () => {
  const real: Setting = { primitives: channelPrimitives(selectBackend()), judge: world }
  // All points of order 1, 2, 4 and 8 on curve and twist, and their forms above p. Source: RFC 7748 section 6.1,
  // and the list in Bernstein's page on Curve25519.
  const lowOrder = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  ]

  it('of low order is refused by both sides', () => {
    for (const hex of lowOrder) {
      const point = fromHex(hex)!
      const one = initiator(a, b.peer, real)
      const two = responder(b, real)
      two.feed(forged(one.sent[0]!, { x25519: point }, real.primitives))
      expect(two.fault, hex).toEqual({ code: 'transport/channel-key-share', share: 'x25519' })
      const honest = responder(b, real)
      honest.feed(one.sent[0]!)
      const answer = Uint8Array.from(honest.sent[0]!)
      answer.set(point, frameHeaderBytes + 2 + 32)
      one.feed(answer)
      expect(one.fault, hex).toEqual({ code: 'transport/channel-key-share', share: 'x25519' })
    }
  })

  it('of ML-KEM with a coefficient of q or more is refused', () => {
    for (const [at, value] of [
      [0, 3329],
      [0, 4095],
      [767, 3329],
      [400, 3500],
    ] as const) {
      const gate = gateOf(real)
      const one = initiator(a, b.peer, real)
      const two = responder(b, real, gate)
      const decoded = decodeHello(one.sent[0]!.subarray(frameHeaderBytes))
      if (!decoded.ok) throw new Error('not a hello')
      const key = Uint8Array.from(decoded.value.mlKem768)
      const byte = Math.floor((at * 3) / 2)
      if (at % 2 === 0) {
        key[byte] = value & 255
        key[byte + 1] = (key[byte + 1]! & 0xf0) | (value >> 8)
      } else {
        key[byte] = (key[byte]! & 15) | ((value & 15) << 4)
        key[byte + 1] = value >> 4
      }
      two.feed(forged(one.sent[0]!, { mlKem768: key }, real.primitives))
      expect(two.fault).toEqual({ code: 'transport/channel-key-share', share: 'ml-kem-768' })
      expect(gate.halfOpen).toBe(0)
    }
  })

  it('swapped for the attacker’s own breaks the handshake', () => {
    for (const share of ['x25519', 'mlKem768'] as const) {
      const own = decodeHello(initiator(e, b.peer, setting).sent[0]!.subarray(frameHeaderBytes))
      if (!own.ok) throw new Error('not a hello')
      const one = initiator(a, b.peer, setting)
      const two = responder(b, setting)
      converse(one, two, (message, { from, index }) =>
        from === 'initiator' && index === 0
          ? forged(message, { [share]: own.value[share] })
          : message,
      )
      expect(one.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'answer' })
      expect(two.session).toBeUndefined()
    }
  })
})

describe('an insider', () => {
  /** A party that says it is `shown` and signs as `signer` does. */
  const impostor = (shown: Party, sign: Party['sign']): Party => ({ ...shown, sign })

  it('cannot pass for another without its key, as initiator or responder', () => {
    const fake = impostor(a, (body) => e.sign(body))
    const one = initiator(fake, b.peer, setting)
    const two = responder(b, setting)
    converse(one, two)
    expect(two.fault).toEqual({ code: 'transport/channel-signature', what: 'finish' })
    const three = initiator(b, a.peer, setting)
    converse(three, responder(fake, setting))
    expect(three.fault).toEqual({ code: 'transport/channel-signature', what: 'answer' })
  })

  it('that computes the proof of its keys wrongly is refused before its signature is looked at', () => {
    const { primitives } = setting
    const wrong: ChannelPrimitives = {
      ...primitives,
      hmacSha256: (key, body) => {
        const tag = primitives.hmacSha256(key, body)
        // Only finish tags cover a transcript, an id and a signature.
        if (body.length === 32 + 32 + signatureBytes) tag[0]! ^= 1
        return tag
      },
    }
    let checked = 0
    const judge = { verify: () => checked++ >= 0 }
    const two = responder(b, { ...setting, judge })
    // The initiator must read the answer rightly, and err only in what it sends.
    const half = initiator(e, b.peer, { primitives: finishOnly(wrong, primitives), judge: world })
    converse(half, two)
    expect(two.fault).toEqual({ code: 'transport/channel-finish', what: 'finish' })
    const one = initiator(a, e.peer, { ...setting, judge })
    converse(one, responder(e, { ...setting, primitives: wrong }))
    expect(one.fault).toEqual({ code: 'transport/channel-finish', what: 'answer' })
    expect(checked).toBe(0)
  })

  it('cannot use a signature that it was given in a handshake of its own (misbinding)', () => {
    let stolen: Bytes | undefined
    const generous = impostor(a, (body) => (stolen = a.sign(body)))
    converse(initiator(generous, e.peer, setting), responder(e, setting))
    expect(stolen).toBeDefined()
    const two = responder(b, setting)
    converse(
      initiator(
        impostor(a, () => stolen!),
        b.peer,
        setting,
      ),
      two,
    )
    expect(two.fault).toEqual({ code: 'transport/channel-signature', what: 'finish' })
  })

  it('cannot claim as its own a session in which another signed (unknown key share)', () => {
    const two = responder(b, setting)
    converse(
      initiator(
        impostor(e, (body) => a.sign(body)),
        b.peer,
        setting,
      ),
      two,
    )
    expect(two.fault).toEqual({ code: 'transport/channel-signature', what: 'finish' })
    const one = initiator(a, 'first-contact', setting)
    converse(
      one,
      responder(
        impostor(e, (body) => b.sign(body)),
        setting,
      ),
    )
    expect(one.fault).toEqual({ code: 'transport/channel-signature', what: 'answer' })
  })

  it('that relays between two learns and changes nothing: each still knows the other', () => {
    const { one, two } = recorded()
    expect(one.session!.remote).toBe(b.peer)
    expect(two.session!.remote).toBe(a.peer)
    const toInsider = initiator(a, e.peer, setting)
    const two2 = responder(b, setting)
    converse(toInsider, two2)
    expect(toInsider.fault).toEqual({
      code: 'transport/wrong-peer',
      expected: e.peer,
      got: b.peer,
    })
    expect(two2.session).toBeUndefined()
  })
})

/** Computes as `first` does, but a finish tag wrongly from the second on. */
function finishOnly(wrong: ChannelPrimitives, first: ChannelPrimitives): ChannelPrimitives {
  let tags = 0
  return {
    ...first,
    hmacSha256: (key, body) => {
      const isTag = body.length === 32 + 32 + signatureBytes
      return isTag && tags++ > 0 ? wrong.hmacSha256(key, body) : first.hmacSha256(key, body)
    },
  }
}

describe('a cookie', () => {
  it('is asked for once; a second demand ends the handshake', () => {
    const one = initiator(a, b.peer, setting)
    const retry = encodeFrame(frameKind.retry, new Uint8Array(32))
    one.feed(retry)
    expect(one.sent).toHaveLength(2)
    one.feed(retry)
    expect(one.fault?.code).toBe('transport/channel-unexpected')
    expect(one.sent).toHaveLength(2)
  })

  it('that was flipped on its way gets nobody in', () => {
    const gate = gateOf(setting, { cookieAbove: 1, maxHalfOpen: 9 })
    responder(b, setting, gate).feed(initiator(a, b.peer, setting).sent[0]!)
    for (let at = frameHeaderBytes; at < frameHeaderBytes + 32; at++) {
      const one = initiator(a, b.peer, setting)
      const two = responder(b, setting, gate)
      converse(one, two, (message, { from }) => {
        const flipped = Uint8Array.from(message)
        if (from === 'responder' && message[0] === frameKind.retry) flipped[at]! ^= 1
        return flipped
      })
      expect(two.fault).toEqual({ code: 'transport/channel-busy' })
      expect(one.fault).toEqual({ code: 'transport/channel-refused', reason: 'busy' })
    }
    expect(gate.halfOpen).toBe(1)
  })

  it('that was not asked for changes nothing but the transcript', () => {
    const one = initiator(a, b.peer, setting)
    one.feed(encodeFrame(frameKind.retry, new Uint8Array(32)))
    const two = responder(b, setting)
    two.feed(one.sent[1]!)
    one.feed(two.sent[0]!)
    two.feed(one.sent[2]!)
    expect(two.session!.exporter).toEqual(one.session!.exporter)
    // The first hello, without the cookie, leads to another transcript.
    const three = initiator(a, b.peer, setting)
    const four = responder(b, setting)
    four.feed(three.sent[0]!)
    three.feed(encodeFrame(frameKind.retry, new Uint8Array(32)))
    three.feed(four.sent[0]!)
    expect(three.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'answer' })
  })
})

describe('random frames', () => {
  it('in every state of both roles end in a typed fault, never in a throw or a session', () => {
    const rng = seededRng('frames')
    const kinds = Object.values(frameKind)
    for (let count = 0; count < 3_000; count++) {
      const one = initiator(a, b.peer, setting)
      const two = responder(b, setting)
      if (rng.below(2) === 0) two.feed(one.sent[0]!)
      const body = rng.bytes(rng.below(rng.below(4) === 0 ? 7_000 : 64))
      const frame = encodeFrame(kinds[rng.below(kinds.length)]!, body)
      for (const end of [one, two]) {
        end.feed(frame)
        end.on({ type: 'ended' })
        expect(end.session).toBeUndefined()
        expect(end.fault?.code).toMatch(/^transport\//)
      }
    }
  })

  it('of a hello that breaks the form name the field', () => {
    const good = initiator(a, b.peer, setting).sent[0]!.subarray(frameHeaderBytes)
    const change = (edit: (body: number[]) => void): Uint8Array => {
      const body = [...good]
      edit(body)
      return new Uint8Array(body)
    }
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['versions', change((body) => (body[0] = 0))],
      ['versions', change((body) => (body[0] = 9))],
      ['versions', change((body) => (body[1] = 0))],
      ['suites', change((body) => (body[4] = body[3]!))],
      ['suites', change((body) => (body[2] = 17))],
      ['cookie', change((body) => (body[body.length - 1] = 31))],
      ['length', change((body) => body.push(0))],
      ['length', change((body) => body.pop())],
    ]
    for (const [field, body] of cases) {
      const decoded = decodeHello(body)
      expect(decoded.ok ? undefined : decoded.fault, field).toEqual({
        code: 'transport/channel-malformed',
        message: 'hello',
        field,
      })
    }
  })

  it('of another network are told apart before anything is computed', () => {
    const { primitives } = setting
    let exchanged = 0
    const counting: ChannelPrimitives = {
      ...primitives,
      mlKem768: {
        ...primitives.mlKem768,
        encapsulate: (key) => (exchanged++, primitives.mlKem768.encapsulate(key)),
      },
    }
    const two = responder(b, { ...setting, primitives: counting })
    two.feed(initiator(a, b.peer, { ...setting, network: networkId('x') }).sent[0]!)
    expect(two.fault).toEqual({ code: 'transport/wrong-network' })
    expect(exchanged).toBe(0)
  })
})
