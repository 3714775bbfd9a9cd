import { nobleBackend, workingBackends, xWingEncapsulate, xWingKeyPair } from '@kithnet/identity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const text = fc.uint8Array({ maxLength: 300 })
const runs = { numRuns: 60 }

describe.each(workingBackends().map((backend) => [backend.name, backend] as const))(
  '%s agrees with the reference',
  (_name, backend) => {
    it('on digests, HMAC, HKDF and SHAKE', () => {
      fc.assert(
        fc.property(
          text,
          bytes32,
          text,
          fc.integer({ min: 1, max: 200 }),
          (message, key, info, length) => {
            expect(backend.sha256(message)).toEqual(nobleBackend.sha256(message))
            expect(backend.sha3_256(message)).toEqual(nobleBackend.sha3_256(message))
            expect(backend.shake256(message, length)).toEqual(
              nobleBackend.shake256(message, length),
            )
            expect(backend.hmacSha256(key, message)).toEqual(nobleBackend.hmacSha256(key, message))
            expect(backend.hkdfSha256(key, message, info, length)).toEqual(
              nobleBackend.hkdfSha256(key, message, info, length),
            )
          },
        ),
        runs,
      )
    })

    it.each(['aes256Gcm', 'chaCha20Poly1305', 'xChaCha20Poly1305'] as const)('on %s', (cipher) => {
      const [aead, reference] = [backend[cipher], nobleBackend[cipher]]
      fc.assert(
        fc.property(bytes32, text, text, fc.nat(), (key, plaintext, associated, at) => {
          const nonce = key.slice(0, aead.nonceBytes)
          const sealed = aead.seal(key, nonce, plaintext, associated)
          expect(sealed).toEqual(reference.seal(key, nonce, plaintext, associated))
          expect(aead.open(key, nonce, sealed, associated)).toEqual(plaintext)
          const changed = Uint8Array.from(sealed)
          changed[at % changed.length]! ^= 1 + (at % 255)
          expect(aead.open(key, nonce, changed, associated)).toBeUndefined()
          expect(
            aead.open(key, nonce, sealed.slice(0, at % sealed.length), associated),
          ).toBeUndefined()
        }),
        runs,
      )
    })

    it('on X25519 and Ed25519', () => {
      fc.assert(
        fc.property(bytes32, bytes32, text, (a, b, message) => {
          const publicKey = backend.x25519.publicKey(b)
          expect(publicKey).toEqual(nobleBackend.x25519.publicKey(b))
          expect(backend.x25519.sharedSecret(a, publicKey)).toEqual(
            nobleBackend.x25519.sharedSecret(a, publicKey),
          )
          const signature = backend.ed25519.sign(a, message)
          expect(signature).toEqual(nobleBackend.ed25519.sign(a, message))
          expect(backend.ed25519.verify(backend.ed25519.publicKey(a), message, signature)).toBe(
            true,
          )
        }),
        { numRuns: 12 },
      )
    })

    it('on which ML-DSA-65 signatures are valid, whoever made and whatever damaged them', () => {
      const anyContext = fc.uint8Array({ maxLength: 255 })
      const damage = fc.record({
        part: fc.constantFrom('none', 'key', 'message', 'context', 'signature'),
        at: fc.nat(),
        mask: fc.integer({ min: 1, max: 255 }),
      })
      fc.assert(
        fc.property(
          bytes32,
          text,
          anyContext,
          damage,
          (seed, message, context, { part, at, mask }) => {
            const pairs = [backend, nobleBackend].map((one) => one.mlDsa65.keyPair(seed))
            for (const { publicKey, sign } of pairs) {
              const parts = { key: publicKey, message, context, signature: sign(message, context) }
              const claim =
                part === 'none' ? parts : { ...parts, [part]: damaged(parts[part], at, mask) }
              const answers = [backend, nobleBackend].map((one) =>
                one.mlDsa65.verify(claim.key, claim.message, claim.context, claim.signature),
              )
              const isWhole = part === 'none' || parts[part].length === 0
              expect(answers).toEqual([isWhole, isWhole])
            }
          },
        ),
        { numRuns: 25 },
      )
    })

    it('on the secret of every X-Wing ciphertext, whole or damaged', () => {
      fc.assert(
        fc.property(bytes32, fc.nat(), fc.integer({ min: 0, max: 255 }), (seed, at, mask) => {
          const [ours, reference] = [xWingKeyPair(seed, backend), xWingKeyPair(seed, nobleBackend)]
          expect(ours.publicKey).toEqual(reference.publicKey)
          const sent = xWingEncapsulate(ours.publicKey, backend)
          if (!sent.ok) return expect.fail('an honest key was refused')
          const ciphertext = damaged(sent.value.ciphertext, at, mask)
          expect(ours.decapsulate(ciphertext)).toEqual(reference.decapsulate(ciphertext))
        }),
        { numRuns: 25 },
      )
    })

    it('never throws on keys and signatures from outside', () => {
      const sized = (length: number): fc.Arbitrary<Uint8Array> =>
        fc.oneof(
          fc.uint8Array({ maxLength: 70 }),
          fc.uint8Array({ minLength: length, maxLength: length }),
        )
      fc.assert(
        fc.property(
          sized(1952),
          text,
          sized(3309),
          sized(32),
          sized(64),
          (key, message, signature, point, short) => {
            expect(backend.mlDsa65.verify(key, message, message.slice(0, 255), signature)).toBe(
              false,
            )
            expect(typeof backend.ed25519.verify(point, message, short)).toBe('boolean')
            backend.x25519.sharedSecret(new Uint8Array(32).fill(1), point)
            expect(
              backend.slhDsa.verify(
                'slh-dsa-shake-128s',
                point,
                message,
                new Uint8Array(0),
                signature,
              ),
            ).toBe(false)
          },
        ),
        { numRuns: 25 },
      )
    })
  },
)

/** A copy with one byte changed by `mask`; empty bytes stay as they are. */
function damaged(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (copy.length > 0) copy[at % copy.length]! ^= mask
  return copy
}
