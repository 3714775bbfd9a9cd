import { toHex } from '@kithnet/kernel'
import { workingBackends, xWingEncapsulate, xWingKeyPair } from '@kithnet/identity'
import { describe, expect, it } from 'vitest'
import { bytes, foreign, hasForeign } from './known-answers.ts'

interface Case {
  readonly seed: string
  readonly eseed: string
  readonly ss: string
  readonly pk: string
  readonly ct: string
}

describe
  .skipIf(!hasForeign)
  .each(workingBackends().map((backend) => [backend.name, backend] as const))(
  'X-Wing known answers on %s',
  (_name, backend) => {
    const cases = hasForeign ? (foreign('kat/xwing/test-vectors.json') as readonly Case[]) : []

    it.each(cases.map((test, index) => [index, test] as const))('case %d', (_index, test) => {
      const keys = xWingKeyPair(bytes(test.seed), backend)
      expect(toHex(keys.publicKey)).toBe(test.pk)
      const sent = xWingEncapsulate(keys.publicKey, backend, bytes(test.eseed))
      expect(sent.ok && toHex(sent.value.ciphertext)).toBe(test.ct)
      expect(sent.ok && toHex(sent.value.sharedSecret)).toBe(test.ss)
      const received = keys.decapsulate(bytes(test.ct))
      expect(received.ok && toHex(received.value)).toBe(test.ss)
    })
  },
)
