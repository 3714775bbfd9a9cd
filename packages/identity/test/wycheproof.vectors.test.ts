import { toHex } from '@kithnet/kernel'
import { workingBackends } from '@kithnet/identity'
import { describe, expect, it } from 'vitest'
import { bytes, foreign, hasForeign } from './known-answers.ts'

interface File<Group> {
  readonly numberOfTests: number
  readonly testGroups: readonly Group[]
}
interface Case {
  readonly tcId: number
  readonly result: 'valid' | 'invalid' | 'acceptable'
}

/** Runs every case of a file and counts them, so that a file read wrongly cannot pass. */
function everyCase<Group extends { readonly tests: readonly Case[] }>(
  path: string,
  check: (test: Group['tests'][number], group: Group) => void,
): void {
  const file = foreign(path) as File<Group>
  let count = 0
  for (const group of file.testGroups) {
    for (const test of group.tests) {
      check(test, group)
      count++
    }
  }
  expect(count).toBe(file.numberOfTests)
}

describe
  .skipIf(!hasForeign)
  .each(workingBackends().map((backend) => [backend.name, backend] as const))(
  'Wycheproof on %s',
  (_name, backend) => {
    it('ChaCha20-Poly1305', () => {
      interface Aead extends Case {
        readonly key: string
        readonly iv: string
        readonly aad: string
        readonly msg: string
        readonly ct: string
        readonly tag: string
      }
      const aead = backend.chaCha20Poly1305
      everyCase<{ readonly tests: readonly Aead[] }>(
        'kat/wycheproof/chacha20_poly1305_test.json',
        (test) => {
          const [key, iv, aad] = [bytes(test.key), bytes(test.iv), bytes(test.aad)]
          const sealed = bytes(test.ct + test.tag)
          if (iv.length !== aead.nonceBytes) {
            expect(() => aead.open(key, iv, sealed, aad), `case ${test.tcId}`).toThrow()
            return
          }
          const opened = aead.open(key, iv, sealed, aad)
          if (test.result === 'invalid') {
            expect(opened, `case ${test.tcId}`).toBeUndefined()
            return
          }
          expect(opened && toHex(opened), `case ${test.tcId}`).toBe(test.msg)
          expect(toHex(aead.seal(key, iv, bytes(test.msg), aad))).toBe(test.ct + test.tag)
        },
      )
    })

    it('HKDF-SHA256', () => {
      interface Hkdf extends Case {
        readonly ikm: string
        readonly salt: string
        readonly info: string
        readonly size: number
        readonly okm: string
      }
      everyCase<{ readonly tests: readonly Hkdf[] }>(
        'kat/wycheproof/hkdf_sha256_test.json',
        (test) => {
          const derive = (): string =>
            toHex(
              backend.hkdfSha256(bytes(test.ikm), bytes(test.salt), bytes(test.info), test.size),
            )
          if (test.result === 'valid') expect(derive(), `case ${test.tcId}`).toBe(test.okm)
          else expect(derive, `case ${test.tcId}`).toThrow()
        },
      )
    })

    it('HMAC-SHA256', () => {
      interface Mac extends Case {
        readonly key: string
        readonly msg: string
        readonly tag: string
      }
      everyCase<{ readonly tagSize: number; readonly tests: readonly Mac[] }>(
        'kat/wycheproof/hmac_sha256_test.json',
        (test, group) => {
          const tag = backend.hmacSha256(bytes(test.key), bytes(test.msg))
          const matches = toHex(tag.subarray(0, group.tagSize / 8)) === test.tag
          expect(matches, `case ${test.tcId}`).toBe(test.result === 'valid')
        },
      )
    })

    it('X25519', () => {
      interface Xdh extends Case {
        readonly public: string
        readonly private: string
        readonly shared: string
      }
      everyCase<{ readonly tests: readonly Xdh[] }>('kat/wycheproof/x25519_test.json', (test) => {
        const shared = backend.x25519.sharedSecret(bytes(test.private), bytes(test.public))
        // What the file calls acceptable we refuse exactly when the result ignores our secret.
        const lowOrder = /^0*$/.test(test.shared)
        expect(shared && toHex(shared), `case ${test.tcId}`).toBe(
          lowOrder ? undefined : test.shared,
        )
      })
    })

    it('Ed25519', () => {
      interface Signature extends Case {
        readonly msg: string
        readonly sig: string
      }
      interface Group {
        readonly publicKey: { readonly pk: string }
        readonly tests: readonly Signature[]
      }
      everyCase<Group>('kat/wycheproof/ed25519_test.json', (test, group) => {
        const key = bytes(group.publicKey.pk)
        const valid = backend.ed25519.verify(key, bytes(test.msg), bytes(test.sig))
        expect(valid, `case ${test.tcId}`).toBe(test.result === 'valid')
      })
    })
  },
)
