import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodedError, toHex } from '@kithnet/kernel'
import {
  boundKey,
  createIdentity,
  createMlDsaScheme,
  deriveSeed,
  type Domain,
  describeKeystore,
  mlDsaScheme,
  openKeystore,
  type Protection,
  rootFromPhrase,
  type SeedPurpose,
  verifyBound,
  verifyRotation,
  workingBackends,
  xWingKeyPair,
} from '@kithnet/identity'
import { readVectors } from '@kithnet/testkit/suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeVectors } from '../bench/make-vectors.ts'
import { bytes, foreign, hasForeign } from './known-answers.ts'

interface Case<Input, Output> {
  readonly name: string
  readonly valid: boolean
  readonly input: Input
  readonly output: Output
  readonly fault: string
}

function cases<Input, Output = undefined>(file: string): readonly Case<Input, Output>[] {
  return readVectors(file).cases as readonly Case<Input, Output>[]
}

const named = workingBackends().map((backend) => [backend.name, backend] as const)

describe('our own vectors', () => {
  it('are what their generator makes today', () => {
    for (const [name, text] of makeVectors())
      expect(readVectors(`identity/${name}.json`), name).toEqual(JSON.parse(text))
  })
})

describe.each(named)('vectors/identity on %s', (_name, backend) => {
  const scheme = createMlDsaScheme(backend)

  interface Derived {
    readonly peer: string
    readonly seeds: Readonly<Record<SeedPurpose, string>>
    readonly publicKeySha256: string
    readonly xWingPublicKeySha256: string
    readonly ed25519PublicKey: string
  }
  it.each(cases<{ readonly root: string }, Derived>('identity/root-derivation.json'))(
    'root-derivation: $name',
    (one) => {
      const root = bytes(one.input.root)
      if (!one.valid) return expect(() => createIdentity(root, scheme)).toThrow(one.fault)
      const identity = createIdentity(root, scheme)
      expect(identity.peer).toBe(one.output.peer)
      expect(toHex(backend.sha256(identity.publicKey))).toBe(one.output.publicKeySha256)
      for (const [purpose, seed] of Object.entries(one.output.seeds)) {
        expect(toHex(deriveSeed(root, purpose as SeedPurpose, backend)), purpose).toBe(seed)
      }
      const kem = xWingKeyPair(deriveSeed(root, 'x-wing', backend), backend)
      expect(toHex(backend.sha256(kem.publicKey))).toBe(one.output.xWingPublicKeySha256)
      const ed25519Seed = deriveSeed(root, 'ed25519', backend)
      expect(toHex(backend.ed25519.publicKey(ed25519Seed))).toBe(one.output.ed25519PublicKey)
    },
  )

  interface Signed {
    readonly root: string
    readonly domain: Domain
    readonly body: string
    readonly signature: string
  }
  it.each(cases<Signed>('identity/signature.json'))('signature: $name', (one) => {
    const { publicKey } = createIdentity(bytes(one.input.root), scheme)
    const [body, signature] = [bytes(one.input.body), bytes(one.input.signature)]
    expect(scheme.verifySync({ domain: one.input.domain, publicKey, body, signature })).toBe(
      one.valid,
    )
  })

  interface Rotated {
    readonly previousRoot: string
    readonly body: string
    readonly signature: string
  }
  it.each(cases<Rotated, object>('identity/rotation.json'))('rotation: $name', async (one) => {
    const { publicKey } = createIdentity(bytes(one.input.previousRoot), scheme)
    const statement = { body: bytes(one.input.body), signature: bytes(one.input.signature) }
    const result = await verifyRotation(statement, publicKey, scheme)
    if (one.valid) expect(result).toMatchObject({ ok: true, value: one.output })
    else expect(result).toMatchObject({ ok: false, fault: { code: one.fault } })
  })

  interface Bound {
    readonly classicalSeed: string
    readonly postQuantumSeed: string
    readonly preimage: string
    readonly classical: string
    readonly postQuantum: string
  }
  it.each(cases<Bound>('identity/bound-signature.json'))('bound-signature: $name', (one) => {
    const key = boundKey(bytes(one.input.classicalSeed), bytes(one.input.postQuantumSeed), backend)
    const signature = {
      classical: bytes(one.input.classical),
      postQuantum: bytes(one.input.postQuantum),
    }
    const result = verifyBound(key.publicKey, bytes(one.input.preimage), signature, backend)
    if (one.valid) expect(result.ok).toBe(true)
    else expect(result).toMatchObject({ ok: false, fault: { half: one.fault } })
  })

  it.skipIf(!hasForeign)('CIRIS bound_hybrid.json', () => {
    const file = foreign('ciris/observed/bound_hybrid.json') as Record<string, string>
    const hex = (field: string): Uint8Array => bytes(file[`${field}_hex`] ?? 'missing')
    const key = boundKey(hex('ed25519_seed'), hex('mldsa65_seed'), backend)
    expect(key.publicKey.classical).toEqual(hex('ed25519_pub'))
    expect(key.publicKey.postQuantum).toEqual(hex('mldsa65_pub'))
    const classical = hex('sig_ed25519')
    expect(backend.ed25519.sign(hex('ed25519_seed'), hex('preimage'))).toEqual(classical)
    const check = (postQuantum: Uint8Array): boolean =>
      verifyBound(key.publicKey, hex('preimage'), { classical, postQuantum }, backend).ok
    expect(check(hex('sig_mldsa65_bound'))).toBe(true)
    expect(check(hex('sig_mldsa65_independent_must_fail'))).toBe(false)
  })
})

describe('vectors/identity', () => {
  it.each(
    cases<{ readonly phrase: string }, { readonly root: string }>('identity/recovery-phrase.json'),
  )('recovery-phrase: $name', (one) => {
    const result = rootFromPhrase(one.input.phrase)
    if (one.valid) expect(result.ok && toHex(result.value)).toBe(one.output.root)
    else expect(result).toMatchObject({ ok: false, fault: { reason: one.fault } })
  })

  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kithnet-vectors-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  interface KeyFile {
    readonly file: string
    readonly password?: string
  }
  interface Opened {
    readonly root: string
    readonly alias: string
  }
  it.each(cases<KeyFile, Opened>('identity/key-file.json'))('key-file: $name', async (one) => {
    const path = join(folder, one.name)
    await writeFile(path, bytes(one.input.file))
    const { password } = one.input
    const protection: Protection =
      password === undefined ? { kind: 'none' } : { kind: 'password', password }
    const opening = openKeystore(path, protection, mlDsaScheme())
    if (!one.valid) {
      const error: unknown = await opening.catch((reason: unknown) => reason)
      return expect(error instanceof CodedError && error.code).toBe(one.fault)
    }
    expect(toHex((await opening).exportRoot())).toBe(one.output.root)
    expect((await describeKeystore(path)).alias).toBe(one.output.alias)
  })
})
