import { toHex } from '@kithnet/kernel'
import { workingBackends } from '@kithnet/identity'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import * as slh from '@noble/post-quantum/slh-dsa.js'
import { describe, expect, it } from 'vitest'
import { bytes, foreign, hasForeign } from './known-answers.ts'

// ACVP addresses the internal interfaces of FIPS 203 to 205, which only noble shows. The native backend is
// tied to noble by the differential tests of `backend.test.ts`, and here wherever seeds suffice.
const mlDsaBySet = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 }
const mlKemBySet = { 'ML-KEM-512': ml_kem512, 'ML-KEM-768': ml_kem768, 'ML-KEM-1024': ml_kem1024 }
const slhDsaBySet = {
  'SLH-DSA-SHA2-128s': slh.slh_dsa_sha2_128s,
  'SLH-DSA-SHA2-192f': slh.slh_dsa_sha2_192f,
  'SLH-DSA-SHA2-192s': slh.slh_dsa_sha2_192s,
  'SLH-DSA-SHAKE-128f': slh.slh_dsa_shake_128f,
  'SLH-DSA-SHAKE-192s': slh.slh_dsa_shake_192s,
  'SLH-DSA-SHAKE-256f': slh.slh_dsa_shake_256f,
}

interface Group<Set extends string, Test> {
  readonly parameterSet: Set
  readonly pk: string
  readonly dk: string
  readonly function: 'encapsulation' | 'decapsulation'
  readonly tests: readonly (Test & { readonly tcId: number })[]
}

function cases<Set extends string, Test>(
  file: string,
): readonly {
  readonly group: Group<Set, Test>
  readonly test: Test & { readonly tcId: number }
}[] {
  const { testGroups } = foreign(`kat/acvp/${file}.json`) as {
    readonly testGroups: readonly Group<Set, Test>[]
  }
  return testGroups.flatMap((group) => group.tests.map((test) => ({ group, test })))
}

type MlDsaSet = keyof typeof mlDsaBySet
type MlKemSet = keyof typeof mlKemBySet
type SlhDsaSet = keyof typeof slhDsaBySet

describe.skipIf(!hasForeign)('ACVP', () => {
  it('ML-DSA key generation, 75 cases', () => {
    interface Test {
      readonly seed: string
      readonly pk: string
      readonly sk: string
    }
    const all = cases<MlDsaSet, Test>('mldsa_keygen')
    for (const { group, test } of all) {
      const keys = mlDsaBySet[group.parameterSet].keygen(bytes(test.seed))
      expect(toHex(keys.publicKey), `case ${test.tcId}`).toBe(test.pk.toLowerCase())
      expect(toHex(keys.secretKey), `case ${test.tcId}`).toBe(test.sk.toLowerCase())
      if (group.parameterSet !== 'ML-DSA-65') continue
      for (const backend of workingBackends()) {
        const pair = backend.mlDsa65.keyPair(bytes(test.seed))
        expect(toHex(pair.publicKey), `${backend.name} ${test.tcId}`).toBe(test.pk.toLowerCase())
      }
    }
    expect(all.length).toBe(75)
  })

  it('ML-DSA signing, deterministic and hedged, 60 cases', () => {
    interface Test {
      readonly sk: string
      readonly message: string
      readonly rnd?: string
      readonly signature: string
    }
    const all = cases<MlDsaSet, Test>('mldsa_siggen')
    for (const { group, test } of all) {
      const extraEntropy = test.rnd === undefined ? (false as const) : bytes(test.rnd)
      const { internal } = mlDsaBySet[group.parameterSet]
      const signature = internal.sign(bytes(test.message), bytes(test.sk), { extraEntropy })
      expect(toHex(signature), `case ${test.tcId}`).toBe(test.signature.toLowerCase())
    }
    expect(all.length).toBe(60)
  })

  it('ML-DSA verification, 45 cases', () => {
    interface Test {
      readonly message: string
      readonly signature: string
      readonly testPassed: boolean
    }
    const all = cases<MlDsaSet, Test>('mldsa_sigver')
    for (const { group, test } of all) {
      const { internal } = mlDsaBySet[group.parameterSet]
      const valid = internal.verify(bytes(test.signature), bytes(test.message), bytes(group.pk))
      expect(valid, `case ${test.tcId}`).toBe(test.testPassed)
    }
    expect(all.length).toBe(45)
  })

  it('ML-KEM key generation, 75 cases', () => {
    interface Test {
      readonly d: string
      readonly z: string
      readonly ek: string
      readonly dk: string
    }
    const all = cases<MlKemSet, Test>('mlkem_keygen')
    for (const { group, test } of all) {
      const keys = mlKemBySet[group.parameterSet].keygen(bytes(test.d + test.z))
      expect(toHex(keys.publicKey), `case ${test.tcId}`).toBe(test.ek.toLowerCase())
      expect(toHex(keys.secretKey), `case ${test.tcId}`).toBe(test.dk.toLowerCase())
      if (group.parameterSet !== 'ML-KEM-768') continue
      for (const backend of workingBackends()) {
        const pair = backend.mlKem768.keyPair(bytes(test.d + test.z))
        expect(toHex(pair.publicKey), `${backend.name} ${test.tcId}`).toBe(test.ek.toLowerCase())
      }
    }
    expect(all.length).toBe(75)
  })

  it('ML-KEM encapsulation and decapsulation, 105 cases', () => {
    interface Test {
      readonly ek?: string
      readonly m?: string
      readonly c: string
      readonly k: string
    }
    const all = cases<MlKemSet, Test>('mlkem_encapdecap')
    for (const { group, test } of all) {
      const kem = mlKemBySet[group.parameterSet]
      if (group.function === 'encapsulation') {
        const sent = kem.encapsulate(bytes(test.ek ?? ''), bytes(test.m ?? ''))
        expect(toHex(sent.cipherText), `case ${test.tcId}`).toBe(test.c.toLowerCase())
        expect(toHex(sent.sharedSecret), `case ${test.tcId}`).toBe(test.k.toLowerCase())
      } else {
        const secret = kem.decapsulate(bytes(test.c), bytes(group.dk))
        expect(toHex(secret), `case ${test.tcId}`).toBe(test.k.toLowerCase())
      }
    }
    expect(all.length).toBe(105)
  })

  it('SLH-DSA key generation, 40 cases', () => {
    interface Test {
      readonly skSeed: string
      readonly skPrf: string
      readonly pkSeed: string
      readonly sk: string
      readonly pk: string
    }
    const all = cases<SlhDsaSet, Test>('slhdsa_keygen')
    for (const { group, test } of all) {
      const seed = bytes(test.skSeed + test.skPrf + test.pkSeed)
      const keys = slhDsaBySet[group.parameterSet].keygen(seed)
      expect(toHex(keys.publicKey), `case ${test.tcId}`).toBe(test.pk.toLowerCase())
      expect(toHex(keys.secretKey), `case ${test.tcId}`).toBe(test.sk.toLowerCase())
    }
    expect(all.length).toBe(40)
  })

  it('SLH-DSA verification, 6 cases', () => {
    interface Test {
      readonly pk: string
      readonly message: string
      readonly signature: string
      readonly testPassed: boolean
    }
    const all = cases<SlhDsaSet, Test>('slhdsa_sigver_subset')
    for (const { group, test } of all) {
      const { internal } = slhDsaBySet[group.parameterSet]
      const valid = internal.verify(bytes(test.signature), bytes(test.message), bytes(test.pk))
      expect(valid, `case ${test.tcId}`).toBe(test.testPassed)
    }
    expect(all.length).toBe(6)
  })
})
