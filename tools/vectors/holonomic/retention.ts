import { type Bytes, epochMs, toHex } from '@kithnet/kernel'
import { hash } from '@kithnet/types'
import { runRetention } from '../../../packages/holonomic/test/vector-subjects.ts'
import { challenge, consent } from './examples.ts'
import { alice, at, bob, content, network } from './people.ts'
import { write } from './vector-file.ts'

const about = { network, author: alice.peer, content }
const allowed = (consents: readonly Bytes[], now: number): object => ({
  op: 'consent',
  about,
  consents: consents.map(toHex),
  now,
})
const crowd = Array.from({ length: 40 }, (_, index) => toHex(hash('trace', Uint8Array.of(index))))
const ask = { op: 'possession', challenger: alice.peer, holder: bob.peer, symbol: '00112233' }

/** Who leaves, what is made anew, what proves possession, what a consent allows. */
export function retention(): Promise<void> {
  return write(
    'retention',
    'docs/protocols/holonomic.md',
    runRetention,
    [
      {
        name: 'leavers',
        why: 'ten of forty, and no share is lost',
        input: { op: 'leavers', content, held: crowd.map((peer, index) => [peer, [index % 26]]) },
      },
      {
        name: 'within grace',
        why: 'thirty-four stay',
        input: {
          op: 'leavers',
          content,
          held: crowd.slice(0, 34).map((peer, index) => [peer, [index % 26]]),
        },
      },
      {
        name: 'repairs',
        why: 'four distinct shares of twenty-six',
        input: {
          op: 'repairs',
          content,
          held: crowd.slice(0, 6).map((peer, index) => [peer, [index % 4]]),
          makers: crowd.slice(0, 2),
          keepers: crowd.slice(0, 30),
        },
      },
      {
        name: 'possession',
        why: 'who asks whom, what for, and the symbol',
        input: { ...ask, challenge: toHex(challenge) },
      },
      { name: 'consent', why: 'the first quarter', input: allowed([consent()], at) },
      {
        name: 'consent renewed',
        why: 'the last word counts',
        input: allowed(
          [consent({ windowMs: 0 }), consent({ at: epochMs(at + 5), windowMs: 1_000 })],
          at + 800,
        ),
      },
    ],
    [
      { name: 'unknown', why: 'nothing is known', input: allowed([], at) },
      {
        name: 'withdrawn',
        why: 'of two at one time the withdrawal counts',
        input: allowed([consent(), consent({ windowMs: 0 })], at),
      },
      {
        name: 'withdrawn in advance',
        why: 'a withdrawal counts whenever it is dated',
        input: allowed([consent(), consent({ at: epochMs(at * 2), windowMs: 0 })], at),
      },
      {
        name: 'future',
        why: 'a consent from the future is none',
        input: allowed([consent()], at / 2),
      },
      { name: 'lapsed', why: 'a fortnight later', input: allowed([consent()], at + 1_209_600_000) },
      {
        name: 'of another',
        why: 'nobody else consents',
        input: allowed([consent({ author: bob.peer })], at),
      },
      {
        name: 'bad challenge',
        why: 'a block has one byte and a share three',
        input: { ...ask, challenge: toHex(challenge.subarray(0, -1)) },
      },
    ],
  )
}
