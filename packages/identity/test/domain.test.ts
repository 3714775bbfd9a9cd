import { compareBytes, concat, utf8 } from '@kithnet/kernel'
import { contextOf, domains, nobleBackend } from '@kithnet/identity'
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
