import { compareBytes, concat, utf8 } from '@kithnet/kernel'
import { contextOf, createIdentity, domains, nobleBackend } from '@kithnet/identity'
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { describe, expect, it } from 'vitest'

describe('the table of domains', () => {
  it('gives each domain a context of its own, never empty, within the bound of FIPS 204', () => {
    const contexts = domains.map(contextOf)
    for (const context of contexts) {
      expect(context.length).toBeGreaterThan(0)
      expect(context.length).toBeLessThanOrEqual(255)
    }
    const sorted = contexts.toSorted(compareBytes)
    for (let index = 1; index < sorted.length; index++) {
      expect(compareBytes(sorted[index - 1]!, sorted[index]!)).toBeLessThan(0)
    }
  })

  it('keeps what is signed with no context apart from everything that Kithnet signs', () => {
    // FIPS 204 algorithm 2 signs 0, the length of the context, the context, the message. A foreign format with
    // the empty context starts 0 0; ours never does, whatever the foreign message says.
    const keys = nobleBackend.mlDsa65.keyPair(new Uint8Array(32))
    for (const domain of domains) {
      const context = contextOf(domain)
      const body = utf8('body')
      const signature = keys.sign(body, context)
      const formatted = concat(Uint8Array.of(0, context.length), context, body)
      expect(ml_dsa65.internal.verify(signature, formatted, keys.publicKey)).toBe(true)
      expect(formatted[1]).not.toBe(0)
      for (const foreign of [body, concat(context, body), formatted]) {
        expect(
          nobleBackend.mlDsa65.verify(keys.publicKey, foreign, new Uint8Array(0), signature),
        ).toBe(false)
      }
    }
  })
})

describe('records, which are signed with the empty context', () => {
  const preimage = (id: string, version = 1): Uint8Array =>
    concat(utf8(id), Uint8Array.of(0, version), new Uint8Array(2_005))
  const id = '01950f2e-7c1a-7abc-8def-0123456789ab'

  it('are all that an identity signs without a context', async () => {
    const identity = createIdentity(new Uint8Array(32))
    const body = preimage(id)
    const signature = await identity.sign('elra', body)
    expect(
      nobleBackend.mlDsa65.verify(identity.publicKey, body, new Uint8Array(0), signature),
    ).toBe(true)
  })

  it('begin as nothing else does that is signed with the empty context', async () => {
    const identity = createIdentity(new Uint8Array(32))
    const room = new Uint8Array(4_096)
    // Source: RFC 8446 section 4.4.3; RFC 5280 (a DER sequence); CIRIS holonomic v19, all of its domain separators;
    // canonical JSON.
    const foreign = [
      concat(new Uint8Array(64).fill(0x20), utf8('TLS 1.3, server CertificateVerify'), room),
      concat(new Uint8Array(64).fill(0x20), utf8('TLS 1.3, client CertificateVerify'), room),
      concat(Uint8Array.of(0x30, 0x82, 0x10, 0x00), room),
      concat(Uint8Array.of(0x30, 0x83, 0x01, 0x10, 0x00), room),
      ...[
        'WW-PREIMAGE-v1',
        'CIRIS-CLAIM-v1',
        'CIRISALM-CAPv2',
        'AGG-META-v1',
        'CIRIS-STG-BUDGET',
        'CIRIS-WANT-HAVE',
        'ciris-edge/holding-claim/v1',
        'ciris-edge/compress-request/v1',
        'ciris-edge/equivocation-proof/v1',
        '{"',
      ].map((tag) => concat(utf8(tag), room)),
    ]
    const malformed = [
      preimage(id.toUpperCase()),
      preimage(id.replaceAll('-', '0')),
      preimage(id, 2),
      preimage(id).subarray(0, 2_042),
      new Uint8Array(0),
    ]
    for (const body of [...foreign, ...malformed]) {
      await expect(identity.sign('elra', body)).rejects.toThrow('only records')
    }
  })
})
