import { concat } from '@kithnet/kernel'
import { createIdentity, nobleBackend, phraseOf, rootFromPhrase } from '@kithnet/identity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openKeyFile, parseKeyFile, sealKeyFile, type Stretch } from '../src/key-file.ts'

const root = new Uint8Array(32).fill(7)
const { peer } = createIdentity(root)
const cost = { log2N: 10, r: 8, p: 1 }
/** Quick, and still a function of everything that scrypt depends on. */
const stretch: Stretch = (password, salt, { log2N, r, p }) =>
  Promise.resolve(nobleBackend.sha256(concat(Uint8Array.of(log2N, r, p), salt, password)))
const password = Uint8Array.of(1, 2, 3)
const file = await sealKeyFile(root, { peer, alias: 'a' }, password, cost, stretch, nobleBackend)
const covered = file.subarray(0, -32)

describe('a key file', () => {
  it('is a value or a fault, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(parseKeyFile(bytes, nobleBackend).ok).toBe(false)
      }),
    )
  })

  it('opens under its password and under no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (other) => {
        const parsed = parseKeyFile(file, nobleBackend)
        if (!parsed.ok) return expect.fail('it was sealed here')
        expect(await openKeyFile(parsed.value, password, stretch, nobleBackend)).toEqual(root)
        if (other.join() === password.join()) return
        expect(await openKeyFile(parsed.value, other, stretch, nobleBackend)).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  it('never opens when any byte was changed, even by one who recomputes the checksum', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(covered.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const changed = covered.with(at, covered[at]! ^ mask)
          const forged = concat(changed, nobleBackend.sha256(changed))
          const parsed = parseKeyFile(forged, nobleBackend)
          if (!parsed.ok) return
          expect(await openKeyFile(parsed.value, password, stretch, nobleBackend)).toBeUndefined()
        },
      ),
      { numRuns: 200 },
    )
  })

  it('asks for no more memory or time than the bounds allow', async () => {
    for (const excess of [
      { log2N: 19, r: 8, p: 1 },
      { log2N: 9, r: 8, p: 1 },
      { log2N: 17, r: 9, p: 1 },
      { log2N: 17, r: 8, p: 5 },
      { log2N: 17, r: 8, p: 0 },
    ]) {
      const about = { peer, alias: '' }
      const greedy = await sealKeyFile(root, about, password, excess, stretch, nobleBackend)
      expect(parseKeyFile(greedy, nobleBackend)).toEqual({
        ok: false,
        fault: { code: 'identity/corrupt', why: 'parameters' },
      })
    }
  })
})

describe('a recovery phrase', () => {
  it('round-trips every root, and no text makes the reader throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), (bytes, text) => {
        expect(rootFromPhrase(phraseOf(bytes))).toEqual({ ok: true, value: bytes })
        expect(rootFromPhrase(text).ok).toBe(false)
      }),
    )
  })
})
