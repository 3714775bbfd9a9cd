import { networkId, peerIdOf } from '@kithnet/types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAccept, encodeAccept, encodeRefuse } from '../src/accept.ts'
import { frameHeaderBytes, frameKind } from '../src/frames.ts'

const peer = peerIdOf(new Uint8Array([1]))
const network = networkId('here')
const limits = fc.record({
  maxMessageBytes: fc.integer({ min: 1_024, max: 134_217_728 }),
  maxBulkMessageBytes: fc.integer({ min: 1_024, max: 134_217_728 }),
  maxStreams: fc.integer({ min: 4, max: 65_535 }),
  initialCreditBytes: fc.integer({ min: 131_072, max: 134_217_728 }),
})
const usual = {
  maxMessageBytes: 1e6,
  maxBulkMessageBytes: 1e7,
  maxStreams: 64,
  initialCreditBytes: 131_072,
}

function bodyOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(frameHeaderBytes)
}

describe('accept', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(limits, (wanted) => {
        const body = bodyOf(encodeAccept(peer, network, wanted))
        expect(decodeAccept(frameKind.accept, body, peer, network)).toEqual({
          ok: true,
          value: wanted,
        })
      }),
    )
  })

  it('refuses another network, version or peer', () => {
    const body = bodyOf(encodeAccept(peer, network, usual))
    const elsewhere = decodeAccept(frameKind.accept, body, peer, networkId('there'))
    expect(elsewhere).toEqual({ ok: false, fault: { code: 'transport/wrong-network' } })
    const other = decodeAccept(frameKind.accept, body, peerIdOf(new Uint8Array([2])), network)
    expect(other).toEqual({
      ok: false,
      fault: { code: 'transport/accept-malformed', field: 'peer' },
    })
    body[0] = 2
    const newer = decodeAccept(frameKind.accept, body, peer, network)
    expect(newer).toEqual({ ok: false, fault: { code: 'transport/wrong-version', got: 2 } })
  })

  it('gives limits or a fault for any bytes, and never limits out of bounds', () => {
    const honest = bodyOf(encodeAccept(peer, network, usual))
    fc.assert(
      fc.property(fc.nat(80), fc.nat(255), (at, value) => {
        const body = honest.slice()
        body[at] = value
        const decoded = decodeAccept(frameKind.accept, body, peer, network)
        if (!decoded.ok) return
        expect(decoded.value.maxStreams).toBeGreaterThanOrEqual(4)
        expect(decoded.value.maxMessageBytes).toBeLessThanOrEqual(134_217_728)
        expect(decoded.value.initialCreditBytes).toBeGreaterThanOrEqual(131_072)
      }),
      { numRuns: 1_000 },
    )
  })

  it('tells a refusal and its reason', () => {
    const body = bodyOf(encodeRefuse('busy'))
    const decoded = decodeAccept(frameKind.refuse, body, peer, network)
    expect(decoded).toEqual({ ok: false, fault: { code: 'transport/refused', reason: 'busy' } })
    for (const reason of [0, 6, 255]) {
      const unknown = decodeAccept(frameKind.refuse, new Uint8Array([reason]), peer, network)
      expect(unknown).toEqual({
        ok: false,
        fault: { code: 'transport/accept-malformed', field: 'reason' },
      })
    }
  })
})
