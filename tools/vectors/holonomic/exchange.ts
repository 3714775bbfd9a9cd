import { type CborValue, encodeCbor } from '@kithnet/types'
import { toHex } from '@kithnet/kernel'
import { runExchange } from '../../../packages/holonomic/test/vector-subjects.ts'
import { consent, pledge } from './examples.ts'
import { alice } from './people.ts'
import { write } from './vector-file.ts'

/** Signatures are not checked by codecs: these are bytes of the right length. */
const signature = new Uint8Array(3_309).fill(0x5a)
const key = alice.publicKey
const [aConsent, aPledge] = [
  [1, consent(), signature],
  [2, pledge(), signature],
]
const aProof = [7, Uint8Array.of(1, 2, 3), new Uint8Array(0)]
const message = (...values: readonly CborValue[]): object => ({
  kind: 'message',
  bytes: toHex(encodeCbor(values)),
})
const parcel = (...values: readonly CborValue[]): object => ({
  kind: 'parcel',
  bytes: toHex(encodeCbor(values)),
})

/** What peers say of their statements. */
export function exchange(): Promise<void> {
  return write(
    'exchange',
    'docs/protocols/holonomic.md',
    runExchange,
    [
      { name: 'coded', why: 'by whoever opened comparison 3', input: message(0, 7, [2, []]) },
      {
        name: 'parcel',
        why: 'two of one signer, and a proof that brings its key',
        input: message(1, 6, false, [key], [aConsent, aPledge, aProof]),
      },
      { name: 'last parcel', why: 'nothing is lacking', input: message(1, 6, true, [], []) },
      { name: 'credit', why: 'so many bytes are dealt with', input: message(2, 7, 131_072) },
      { name: 'end', why: 'no time now', input: message(3, 0) },
      { name: 'broadcast', why: 'one statement and its key', input: parcel([key], [aPledge]) },
    ],
    [
      { name: 'another kind', why: 'there are four', input: message(4, 0) },
      { name: 'no comparison', why: 'every message names one', input: message(3) },
      { name: 'end with more', why: 'nothing follows', input: message(3, 0, 0) },
      {
        name: 'a short key',
        why: 'keys have 1,952 bytes',
        input: parcel([key.subarray(1)], [aPledge]),
      },
      { name: 'keys alone', why: 'a key comes with a statement', input: parcel([key], []) },
      {
        name: 'a ninth kind of statement',
        why: 'kinds count to seven',
        input: parcel([key], [[8, consent(), signature]]),
      },
      {
        name: 'a proof with a signature',
        why: 'its signatures are in it',
        input: parcel([], [[7, Uint8Array.of(1), signature]]),
      },
      {
        name: 'a statement without',
        why: 'all others have one',
        input: parcel([key], [[1, consent(), new Uint8Array(0)]]),
      },
      {
        name: 'last or not',
        why: 'a truth value, not a number',
        input: message(1, 6, 1, [], []),
      },
    ],
  )
}
