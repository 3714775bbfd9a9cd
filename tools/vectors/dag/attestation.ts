import { attest, encodeAttestation } from '@kithnet/dag'
import type { Identity } from '@kithnet/identity'
import { toHex } from '@kithnet/kernel'
import { encodeCbor } from '@kithnet/types'
import { signableBytes } from '@kithnet/wire'
import { dilithium3 } from '@kithnet/wire/round3'
import { type Change, runAttestation } from '../../../packages/dag/test/vector-subjects.ts'
import { alice, bob, changed, file, made } from './vector-file.ts'

/** Words of witnesses, new and old. */
export async function attestation(): Promise<void> {
  const subject = await made(1)
  const other = await made(2)
  const word = async (by: Identity, time: number): Promise<string> =>
    toHex(encodeAttestation(await attest(subject, by, time)))
  const keys = dilithium3.keyPair(new Uint8Array(32).fill(9))
  const old = encodeAttestation({
    recordId: subject.id,
    witnessKey: keys.publicKey,
    timestamp: 1_770_000_500,
    signature: dilithium3.sign(keys.secretKey, signableBytes(subject)),
  })
  const about = toHex(subject.bytes)
  const recordOf = { record: { base: 'a word', changes: [] } }
  // CBOR: array, version, text of 36 with two bytes of head, bytes of 1,952 with three, bytes of 8, bytes of 3,309.
  const keyAt = 2 + 2 + 36
  const timeAt = keyAt + 3 + 1_952
  const signatureAt = timeAt + 9
  const from = (...changes: readonly Change[]): unknown => ({
    ...recordOf,
    attestation: changed('a word', ...changes),
  })
  const own = encodeAttestation(await attest(subject, alice, 1_770_000_100))
  return file(
    'attestation',
    [
      [
        'a word',
        'ML-DSA-65 over the signable bytes and the time',
        { record: about, attestation: await word(bob, 1_770_000_100.5) },
      ],
      [
        'at the beginning',
        'times are seconds since 1970',
        { ...recordOf, attestation: await word(bob, 0) },
      ],
      [
        'far ahead',
        'times are not judged here',
        { ...recordOf, attestation: await word(bob, 2 ** 52) },
      ],
      [
        'an old word',
        'Dilithium3 of round 3 over the signable bytes alone',
        { ...recordOf, attestation: toHex(old) },
      ],
      [
        'an old word at another time',
        'the time of an old word is not signed',
        {
          ...recordOf,
          attestation: {
            base: 'an old word',
            changes: [{ at: timeAt + 1, bytes: toHex(Uint8Array.of(0x41)) }],
          },
        },
      ],
    ],
    [
      ['version', 'there is one version', from({ at: 1, bytes: '02' })],
      ['no array', 'an array of five', from({ at: 0, bytes: '84' })],
      ['another record named', 'it names the record', from({ at: 4 + 35, bytes: '32' })],
      [
        'another record',
        'a word is about one record',
        { record: toHex(other.bytes), attestation: changed('a word') },
      ],
      ['another key', 'the key verifies', from({ at: keyAt + 10, bytes: '00ff00ff' })],
      ['another time', 'the time is signed', from({ at: timeAt + 5, bytes: '00' })],
      [
        'time is no number',
        'a time is finite',
        from({ at: timeAt + 1, bytes: '7ff8000000000000' }),
      ],
      ['time is infinite', 'a time is finite', from({ at: timeAt + 1, bytes: '7ff0000000000000' })],
      ['time before 1970', 'a time is not below 0', from({ at: timeAt + 1, bytes: 'c1' })],
      ['time minus zero', 'zero has one form', from({ at: timeAt + 1, bytes: '8000000000000000' })],
      ['time too short', 'eight bytes', from({ at: timeAt, bytes: '47' })],
      [
        'another signature',
        'the signature verifies',
        from({ at: signatureAt + 50, bytes: '00ff00ff' }),
      ],
      ['cut', 'all of it is there', from({ length: 5_000 })],
      ['longer', 'nothing follows', from({ append: '00' })],
      ['empty', 'nothing is no word', from({ length: 0 })],
      [
        'signature of another length',
        'two lengths are known',
        {
          ...recordOf,
          attestation: toHex(
            encodeCbor([1, subject.id, bob.publicKey, new Uint8Array(8), new Uint8Array(3_300)]),
          ),
        },
      ],
      [
        'key of another length',
        'a key has 1,952 bytes',
        {
          ...recordOf,
          attestation: toHex(
            encodeCbor([
              1,
              subject.id,
              new Uint8Array(32),
              new Uint8Array(8),
              new Uint8Array(3_309),
            ]),
          ),
        },
      ],
      [
        'id that is empty',
        'it names a record',
        {
          ...recordOf,
          attestation: toHex(
            encodeCbor([1, '', bob.publicKey, new Uint8Array(8), new Uint8Array(3_309)]),
          ),
        },
      ],
      [
        'by the author',
        'an author is no witness of its own',
        { ...recordOf, attestation: toHex(own) },
      ],
      [
        'old word, changed',
        'old signatures verify too',
        {
          ...recordOf,
          attestation: {
            base: 'an old word',
            changes: [{ at: signatureAt + 50, bytes: '00ff00ff' }],
          },
        },
      ],
    ],
    runAttestation,
  )
}
