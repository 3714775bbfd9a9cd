import { contextOf, workingBackends } from '@kithnet/identity'
import { type Bytes, equalBytes, toHex } from '@kithnet/kernel'
import { networkId, peerIdOf } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import {
  handshakeKeys,
  type SharedInput,
  trafficSecrets,
} from '../../src/pq-channel/key-schedule.ts'
import {
  aesSuite,
  channelPrimitives,
  chaChaSuite,
  preferredSuites,
} from '../../src/pq-channel/primitives.ts'
import type { Responder } from '../../src/pq-channel/responder.ts'
import { converse, type Endpoint, gateOf, initiator, responder, type Setting } from './endpoint.ts'
import { IdealWorld, type Party } from './ideal.ts'

function ideal(seed = 'handshake'): { world: IdealWorld; setting: Setting; a: Party; b: Party } {
  const world = new IdealWorld(seed)
  const setting = { primitives: world.primitives, judge: world }
  return { world, setting, a: world.party('a'), b: world.party('b') }
}

function expectSame(a: Endpoint, b: Endpoint): void {
  expect(a.fault).toBeUndefined()
  expect(b.fault).toBeUndefined()
  expect(a.session!.exporter).toEqual(b.session!.exporter)
  expect(a.session!.sendSecret).toEqual(b.session!.receiveSecret)
  expect(a.session!.receiveSecret).toEqual(b.session!.sendSecret)
  expect(a.session!.sendSecret).not.toEqual(a.session!.receiveSecret)
  expect(a.session!.suite).toBe(b.session!.suite)
}

describe('a handshake', () => {
  for (const backend of workingBackends()) {
    it(`joins two real identities on the ${backend.name} backend`, () => {
      const context = contextOf('handshake')
      const party = (fill: number): Party => {
        const keys = backend.mlDsa65.keyPair(new Uint8Array(32).fill(fill))
        const sign = (body: Uint8Array): Bytes => keys.sign(body, context)
        return { peer: peerIdOf(keys.publicKey), publicKey: keys.publicKey, sign }
      }
      const judge = {
        verify: (key: Uint8Array, body: Uint8Array, signature: Uint8Array) =>
          backend.mlDsa65.verify(key, body, context, signature),
      }
      const setting = { primitives: channelPrimitives(backend), judge }
      const [one, two] = [party(1), party(2)]
      const a = initiator(one, two.peer, setting)
      const b = responder(two, setting)
      converse(a, b)
      expectSame(a, b)
      expect(a.session!.remote).toBe(two.peer)
      expect(b.session!.remote).toBe(one.peer)
      expect(equalBytes(b.session!.remoteKey, one.publicKey)).toBe(true)
    })
  }

  it('fits in 14 KB and lets the initiator send after one round trip', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting)
    converse(one, two)
    expectSame(one, two)
    const bytes = [...one.sent, ...two.sent].map((message) => message.length)
    expect(bytes).toMatchInlineSnapshot(`
      [
        1274,
        5313,
        6467,
      ]
    `)
    expect(bytes.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(14 * 1024)
    expect(two.sent).toHaveLength(1)
  })

  it('tells nobody who talks: no id, key or network crosses the wire in the clear', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting)
    converse(one, two)
    const wire = [...one.sent, ...two.sent].map(toHex).join('')
    for (const { peer, publicKey } of [a, b]) {
      expect(wire).not.toContain(peer)
      expect(wire).not.toContain(toHex(publicKey.subarray(0, 16)))
    }
    expect(wire).not.toContain(networkId('test'))
  })

  it('keeps at most 1 KB for a half-open handshake', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting)
    two.feed(one.sent[0]!)
    const kept = (two.machine as Responder).halfOpenBytes
    expect(kept).toBe(128)
    expect(kept).toBeLessThanOrEqual(1_024)
  })

  it('works when the carrier splits and joins messages anywhere', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting)
    const trickle = (to: Endpoint, bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at += 7) to.feed(bytes.subarray(at, at + 7))
    }
    trickle(two, one.sent[0]!)
    trickle(one, two.sent[0]!)
    trickle(two, one.sent[1]!)
    expectSame(one, two)
  })

  it('takes the cipher that the initiator wants most among those of the responder', () => {
    const { setting, a, b } = ideal()
    const cases = [
      [[chaChaSuite, aesSuite], [aesSuite, chaChaSuite], chaChaSuite],
      [[aesSuite, chaChaSuite], [chaChaSuite], chaChaSuite],
      [[aesSuite], [chaChaSuite, aesSuite], aesSuite],
    ] as const
    for (const [offered, accepted, chosen] of cases) {
      const one = initiator(a, b.peer, { ...setting, suites: offered })
      const two = responder(b, { ...setting, suites: accepted })
      converse(one, two)
      expectSame(one, two)
      expect(one.session!.suite).toBe(chosen)
    }
  })

  it('skips versions and suites that it does not know', () => {
    const { setting, a, b } = ideal()
    const future = { number: 9, name: 'future', cipher: 'aes256Gcm' } as const
    const one = initiator(a, b.peer, { ...setting, versions: [7, 1], suites: [future, aesSuite] })
    const two = responder(b, setting)
    converse(one, two)
    expectSame(one, two)
  })

  it('trusts whoever answers on first contact, and shows who it was', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, 'first-contact', setting)
    const two = responder(b, setting)
    converse(one, two)
    expectSame(one, two)
    expect(one.session!.remote).toBe(b.peer)
  })

  it('gives every channel other keys, also between the same two', () => {
    const { setting, a, b } = ideal()
    const exporters = new Set<string>()
    for (let round = 0; round < 5; round++) {
      const one = initiator(a, b.peer, setting)
      converse(one, responder(b, setting))
      exporters.add(toHex(one.session!.exporter))
    }
    expect(exporters.size).toBe(5)
  })
})

describe('a refusal', () => {
  it('of another network is told to the initiator, and costs no signature', () => {
    const { setting, a, b } = ideal()
    let signatures = 0
    const counting = { ...b, sign: (body: Uint8Array) => (signatures++, b.sign(body)) }
    const one = initiator(a, b.peer, { ...setting, network: networkId('other') })
    const two = responder(counting, setting)
    converse(one, two)
    expect(one.fault).toEqual({ code: 'transport/wrong-network' })
    expect(two.fault).toEqual({ code: 'transport/wrong-network' })
    expect(signatures).toBe(0)
  })

  it('of version or suite names what is not common', () => {
    const { setting, a, b } = ideal()
    for (const [what, other] of [
      ['version', { versions: [2] }],
      ['suite', { suites: [chaChaSuite] }],
    ] as const) {
      const one = initiator(a, b.peer, { ...setting, ...other })
      const two = responder(b, { ...setting, suites: [aesSuite] })
      converse(one, two)
      expect(two.fault).toEqual({ code: 'transport/channel-no-common', what })
      expect(one.fault).toEqual({ code: 'transport/channel-refused', reason: what })
    }
  })

  it('of an unexpected peer comes from the initiator, before it says who it is', () => {
    const { world, setting, a, b } = ideal()
    const expected = world.party('somebody else').peer
    let signatures = 0
    const counting = { ...a, sign: (body: Uint8Array) => (signatures++, a.sign(body)) }
    const one = initiator(counting, expected, setting)
    const two = responder(b, setting)
    converse(one, two)
    expect(signatures).toBe(0)
    expect(one.fault).toEqual({ code: 'transport/wrong-peer', expected, got: b.peer })
    expect(one.sent).toHaveLength(1)
    expect(two.session).toBeUndefined()
  })

  it('of another channel label: nothing decrypts', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, b.peer, { ...setting, label: 'none:websocket' })
    const two = responder(b, { ...setting, label: 'none:memory' })
    converse(one, two)
    expect(one.fault).toEqual({ code: 'transport/channel-unauthentic', what: 'answer' })
    expect(two.session).toBeUndefined()
  })

  it('of oneself', () => {
    const { setting, a } = ideal()
    const one = initiator(a, 'first-contact', setting)
    converse(one, responder(a, setting))
    expect(one.fault).toEqual({ code: 'transport/own-peer' })
  })

  it('of a handshake that takes longer than 5 s', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, b.peer, setting)
    const gate = gateOf(setting)
    const two = responder(b, setting, gate)
    two.feed(one.sent[0]!)
    expect(gate.halfOpen).toBe(1)
    for (const end of [one, two]) {
      end.now = 5_000
      end.on({ type: 'fired', key: 'timeout' })
      expect(end.fault).toEqual({ code: 'transport/handshake-timeout', timeoutMs: 5_000 })
    }
    expect(gate.halfOpen).toBe(0)
  })

  it('of a carrier that ends early', () => {
    const { setting, a, b } = ideal()
    const one = initiator(a, b.peer, setting)
    const gate = gateOf(setting)
    const two = responder(b, setting, gate)
    two.feed(one.sent[0]!)
    two.on({ type: 'ended' })
    one.on({ type: 'ended' })
    expect(two.fault).toEqual({ code: 'transport/channel-truncated', state: 'half-open' })
    expect(one.fault).toEqual({ code: 'transport/channel-truncated', state: 'greeted' })
    expect(gate.halfOpen).toBe(0)
  })
})

describe('the gate', () => {
  const limits = { cookieAbove: 1, maxHalfOpen: 3 }

  it('asks for a cookie above its mark, and the handshake still takes its course', () => {
    const { setting, a, b } = ideal()
    const gate = gateOf(setting, limits)
    const first = responder(b, setting, gate)
    first.feed(initiator(a, b.peer, setting).sent[0]!)
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting, gate)
    converse(one, two)
    expectSame(one, two)
    expect(two.sent.map((message) => message[0])).toEqual([2, 3])
    expect(two.sent[0]!.length).toBeLessThanOrEqual(64)
    expect(gate.halfOpen).toBe(1)
  })

  it('keeps nothing of a hello without a cookie, however many come', () => {
    const { setting, a, b } = ideal()
    const gate = gateOf(setting, limits)
    responder(b, setting, gate).feed(initiator(a, b.peer, setting).sent[0]!)
    for (let count = 0; count < 50; count++) {
      const two = responder(b, setting, gate, `address ${count}`)
      two.feed(initiator(a, b.peer, setting).sent[0]!)
      expect(two.sent).toHaveLength(1)
      expect((two.machine as Responder).halfOpenBytes).toBe(0)
    }
    expect(gate.halfOpen).toBe(1)
  })

  it('takes a cookie only from the address and for the hello that it was made for', () => {
    const { setting, a, b } = ideal()
    const gate = gateOf(setting, limits)
    responder(b, setting, gate).feed(initiator(a, b.peer, setting).sent[0]!)
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting, gate, 'there')
    two.feed(one.sent[0]!)
    one.feed(two.sent[0]!)
    const elsewhere = responder(b, setting, gate, 'elsewhere')
    elsewhere.feed(one.sent[1]!)
    expect(elsewhere.sent[0]![0]).toBe(2)
    // The same again on that carrier: no second chance.
    elsewhere.feed(one.sent[1]!)
    expect(elsewhere.fault).toEqual({ code: 'transport/channel-busy' })
    const other = initiator(a, b.peer, setting)
    other.feed(two.sent[0]!)
    const third = responder(b, setting, gate, 'there')
    third.feed(other.sent[1]!)
    expect(third.sent[0]![0]).toBe(2)
  })

  it('lets a cookie grow old', () => {
    const { setting, a, b } = ideal()
    const gate = gateOf(setting, limits)
    responder(b, setting, gate).feed(initiator(a, b.peer, setting).sent[0]!)
    const at = (now: number, bytes: Uint8Array): number => {
      const end = responder(b, setting, gate)
      end.now = now
      end.feed(bytes)
      const kind = end.sent[0]![0]!
      end.on({ type: 'ended' })
      return kind
    }
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting, gate)
    two.now = 1_000
    two.feed(one.sent[0]!)
    one.feed(two.sent[0]!)
    const again = one.sent[1]!
    expect(at(30_000, again)).toBe(3)
    expect(at(61_500, again)).toBe(3)
    expect(at(125_000, again)).toBe(2)
  })

  it('refuses everybody above its cap', () => {
    const { setting, a, b } = ideal()
    const gate = gateOf(setting, { cookieAbove: 2, maxHalfOpen: 2 })
    for (let count = 0; count < 2; count++) {
      responder(b, setting, gate).feed(initiator(a, b.peer, setting).sent[0]!)
    }
    const one = initiator(a, b.peer, setting)
    const two = responder(b, setting, gate)
    converse(one, two)
    expect(two.fault).toEqual({ code: 'transport/channel-busy' })
    expect(one.fault).toEqual({ code: 'transport/channel-refused', reason: 'busy' })
  })
})

describe('the key schedule', () => {
  const { primitives } = new IdealWorld('keys')
  const input = (): SharedInput => ({
    mlKemSecret: new Uint8Array(32).fill(1),
    x25519Secret: new Uint8Array(32).fill(2),
    ciphertext: new Uint8Array(1088).fill(3),
    mlKemKey: new Uint8Array(1184).fill(4),
    initiatorShare: new Uint8Array(32).fill(5),
    responderShare: new Uint8Array(32).fill(6),
  })
  const transcript = new Uint8Array(32).fill(7)
  const texts = (shared: SharedInput, hash = transcript): string[] =>
    Object.values(handshakeKeys(primitives, shared, hash)).map(toHex)

  it('gives other keys when either secret, any share or the transcript differs', () => {
    const base = texts(input())
    expect(new Set(base).size).toBe(base.length)
    for (const name of Object.keys(input()) as (keyof SharedInput)[]) {
      const changed = input()
      changed[name][0]! ^= 1
      for (const text of texts(changed)) expect(base, name).not.toContain(text)
    }
    const other = texts(input(), new Uint8Array(32))
    // The master secret is bound to the transcript one step later.
    expect(other.filter((text) => base.includes(text))).toHaveLength(1)
    const [one, two] = [transcript, new Uint8Array(32)].map((hash) =>
      trafficSecrets(primitives, new Uint8Array(32).fill(8), hash),
    )
    expect(toHex(one!.exporter)).not.toBe(toHex(two!.exporter))
  })

  it('wipes what it was given', () => {
    const given = input()
    handshakeKeys(primitives, given, transcript)
    expect([...given.mlKemSecret, ...given.x25519Secret].every((byte) => byte === 0)).toBe(true)
    const master = new Uint8Array(32).fill(8)
    trafficSecrets(primitives, master, transcript)
    expect(master.every((byte) => byte === 0)).toBe(true)
  })
})

describe('the suites', () => {
  it('are offered in the order of their speed here, and are all hybrid', () => {
    expect(preferredSuites('noble')).toEqual([chaChaSuite, aesSuite])
    expect(preferredSuites('node+noble')).toEqual([aesSuite, chaChaSuite])
    for (const { name } of preferredSuites('node')) {
      expect(name).toContain('X25519MLKEM768 ML-DSA-65')
    }
  })
})
