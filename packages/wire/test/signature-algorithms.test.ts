import { recordAlgorithms, type RecordFields, withAlgorithms } from '@kithnet/wire'
import { expect, it } from 'vitest'
import { sampleFields } from './sample-record.ts'

const dilithium = new Uint8Array(3293)
const sphincsSignature = new Uint8Array(35_664)
const sphincsKey = new Uint8Array(48).fill(9)

function read(changes: Partial<RecordFields>): unknown {
  const algorithms = recordAlgorithms(sampleFields(changes))
  return algorithms.ok ? algorithms.value : algorithms.fault
}

it('without names are those of round 3', () => {
  const old = { primary: 'dilithium3-r3', secondary: 'sphincs-sha2-192f-r3' }
  expect(read({ signature: dilithium })).toEqual(old)
  expect(read({ signature: undefined })).toEqual(old)
  expect(read({ signature: dilithium, sphincsSignature })).toEqual(old)
})

it('of new records are named, with the key of the second signature', () => {
  expect(read({ metadata: withAlgorithms(new Map()) })).toEqual({
    primary: 'ml-dsa-65',
    secondary: 'sphincs-sha2-192f-r3',
  })
  const metadata = withAlgorithms(new Map([['a', 1n]]), sphincsKey)
  expect(metadata.get('a')).toBe(1n)
  const both = { primary: 'ml-dsa-65', secondary: 'slh-dsa-sha2-192f', secondaryKey: sphincsKey }
  expect(read({ metadata, sphincsSignature })).toEqual(both)
  // Not signed yet: nothing is promised that is broken.
  expect(read({ metadata, signature: undefined })).toEqual(both)
})

it('that are not what the signatures are make a fault', () => {
  const named = (name: string) => ({ code: 'wire/algorithm', name })
  const metadata = (name: string, value: string) => new Map([[name, value]])
  expect(read({})).toEqual(named('signature_algorithm'))
  expect(read({ metadata: withAlgorithms(new Map()), signature: dilithium })).toEqual(
    named('signature_algorithm'),
  )
  expect(read({ metadata: metadata('signature_algorithm', 'rsa') })).toEqual(
    named('signature_algorithm'),
  )
  expect(read({ metadata: withAlgorithms(new Map(), sphincsKey) })).toEqual(
    named('sphincs_algorithm'),
  )
  const signature = dilithium
  const odd = { signature, sphincsSignature }
  expect(read({ ...odd, metadata: metadata('sphincs_algorithm', 'other') })).toEqual(
    named('sphincs_algorithm'),
  )
  for (const key of ['00', 'zz', 'AB'.repeat(48)]) {
    expect(read({ ...odd, metadata: metadata('sphincs_public_key', key) })).toEqual(
      named('sphincs_public_key'),
    )
  }
})
