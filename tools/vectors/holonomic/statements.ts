import {
  checkpointId,
  encodeCapacity,
  encodeCheckpoint,
  encodeCosignature,
  encodeHolding,
  encodePossession,
  encodeSnapshot,
  logIdOf,
} from '@kithnet/holonomic'
import { concat, epochMs, utf8 } from '@kithnet/kernel'
import { type CborValue, hash, idToBytes } from '@kithnet/types'
import { runStatement } from '../../../packages/holonomic/test/vector-subjects.ts'
import {
  capacity,
  challenge,
  changed,
  checkpoint,
  consent,
  grant,
  lanes,
  pledge,
  publication,
  revocation,
  snapshotOf,
  statement,
} from './examples.ts'
import { alice, at, bob, content, ids, network, nonce } from './people.ts'
import { write } from './vector-file.ts'

const holding = encodeHolding({
  network,
  peer: alice.peer,
  content,
  shares: [0, 3, 51],
  observedAt: at,
  expiresAt: epochMs(at + 600_000),
})
const inFull = encodePossession({
  type: 'challenge',
  author: alice.peer,
  content,
  id: { block: 255, symbol: 51 },
  nonce,
  inFull: true,
})
const cosignature = encodeCosignature({
  cosigner: bob.peer,
  log: logIdOf(checkpoint),
  epoch: checkpoint.epoch,
  checkpoint: checkpointId(checkpoint),
  at,
})
const offered = capacity(ids[1]!, { lanes, near: [{ peer: ids[2]!, rttMs: 40 }] })
const checkpointFields = (
  names: readonly string[],
  epoch = 1,
  version = 2,
): readonly CborValue[] => [
  version,
  idToBytes(network),
  idToBytes(alice.peer),
  names,
  epoch,
  2,
  new Uint8Array(32),
  new Uint8Array(32),
  at,
]
const pledgeFields = (lifeMs: number): readonly CborValue[] => [
  2,
  idToBytes(network),
  idToBytes(alice.peer),
  5,
  at,
  at + lifeMs,
]
const grantFields = (weight: number, lifeMs: number): readonly CborValue[] => [
  2,
  idToBytes(network),
  idToBytes(alice.peer),
  idToBytes(bob.peer),
  'serve',
  weight,
  0,
  at,
  at + lifeMs,
]

/** The bodies of statements. */
export function statements(): Promise<void> {
  return write(
    'statements',
    'docs/protocols/holonomic.md',
    runStatement,
    [
      {
        name: 'checkpoint',
        why: 'namespaces in the order of their bytes',
        input: statement('checkpoint', encodeCheckpoint(checkpoint)),
      },
      { name: 'cosignature', why: 'all fields', input: statement('cosignature', cosignature) },
      { name: 'grant', why: 'all fields', input: statement('grant', grant(alice, bob)) },
      { name: 'revocation', why: 'all fields', input: statement('revocation', revocation) },
      {
        name: 'capacity',
        why: 'lanes and measurements',
        input: statement('capacity', encodeCapacity(offered)),
      },
      {
        name: 'snapshot',
        why: 'a member without a capacity',
        input: statement(
          'snapshot',
          encodeSnapshot(
            snapshotOf([], { members: [{ peer: ids[0]!, capacity: content }, { peer: ids[1]! }] }),
          ),
        ),
      },
      { name: 'holding', why: 'shares rise', input: statement('holding', holding) },
      {
        name: 'publication',
        why: 'who, and the manifest',
        input: statement('publication', publication),
      },
      { name: 'pledge', why: 'a gigabyte for a day', input: statement('pledge', pledge()) },
      {
        name: 'pledge of nothing',
        why: 'it takes an earlier one back',
        input: statement('pledge', pledge({ bytes: 0 })),
      },
      { name: 'consent', why: 'for a time', input: statement('consent', consent()) },
      {
        name: 'withdrawal',
        why: 'a window of nothing',
        input: statement('consent', consent({ windowMs: 0 })),
      },
      { name: 'challenge', why: 'block 2, share 31', input: statement('possession', challenge) },
      {
        name: 'answer',
        why: 'nonce and proof',
        input: statement(
          'possession',
          encodePossession({ type: 'answer', nonce, proof: hash('trace', utf8('proof')) }),
        ),
      },
      {
        name: 'challenge in full',
        why: 'the challenger has no symbol',
        input: statement('possession', inFull),
      },
      {
        name: 'shown',
        why: 'the symbol with its proof',
        input: statement(
          'possession',
          encodePossession({
            type: 'shown',
            nonce,
            symbol: {
              id: { block: 255, symbol: 51 },
              proof: hash('trace', utf8('path')),
              bytes: utf8('four'),
            },
          }),
        ),
      },
    ],
    [
      {
        name: 'checkpoint namespaces unsorted',
        why: 'one order is canonical',
        input: changed('checkpoint', checkpointFields(['records', 'groups'])),
      },
      {
        name: 'checkpoint namespaces doubled',
        why: 'they are distinct',
        input: changed('checkpoint', checkpointFields(['records', 'records'])),
      },
      {
        name: 'checkpoint of nothing',
        why: 'at least one namespace',
        input: changed('checkpoint', checkpointFields([])),
      },
      {
        name: 'checkpoint epoch zero',
        why: 'epochs count from 1',
        input: changed('checkpoint', checkpointFields(['records'], 0)),
      },
      {
        name: 'checkpoint version one',
        why: 'version 1 is the ancestor’s',
        input: changed('checkpoint', checkpointFields(['records'], 1, 1)),
      },
      {
        name: 'checkpoint trailing',
        why: 'nothing follows',
        input: statement('checkpoint', concat(encodeCheckpoint(checkpoint), Uint8Array.of(0))),
      },
      {
        name: 'checkpoint truncated',
        why: 'all is there',
        input: statement('checkpoint', encodeCheckpoint(checkpoint).subarray(0, -1)),
      },
      {
        name: 'grant without weight',
        why: 'a grant passes something on',
        input: changed('grant', grantFields(0, 1)),
      },
      {
        name: 'grant above full',
        why: 'nobody passes on more than it has',
        input: changed('grant', grantFields(10_001, 1)),
      },
      {
        name: 'grant without end',
        why: 'it ends after it begins',
        input: changed('grant', grantFields(1, 0)),
      },
      {
        name: 'grant for ever',
        why: 'it ends within a year',
        input: changed('grant', grantFields(1, 31_622_400_001)),
      },
      {
        name: 'holding unsorted',
        why: 'shares rise',
        input: changed('holding', [
          2,
          idToBytes(network),
          idToBytes(alice.peer),
          new Uint8Array(32),
          [3, 1],
          at,
          at + 1,
        ]),
      },
      {
        name: 'publication of no manifest',
        why: 'a manifest is read, too',
        input: changed('publication', [
          2,
          idToBytes(network),
          idToBytes(alice.peer),
          new Uint8Array(9),
        ]),
      },
      {
        name: 'publication of a long manifest',
        why: 'it has at most 80 bytes',
        input: changed('publication', [
          2,
          idToBytes(network),
          idToBytes(alice.peer),
          new Uint8Array(81),
        ]),
      },
      {
        name: 'publication trailing',
        why: 'nothing follows',
        input: statement('publication', concat(publication, Uint8Array.of(0))),
      },
      {
        name: 'pledge for ever',
        why: 'it ends within thirty days',
        input: changed('pledge', pledgeFields(2_592_000_001)),
      },
      {
        name: 'pledge without end',
        why: 'it ends after it begins',
        input: changed('pledge', pledgeFields(0)),
      },
      {
        name: 'pledge version one',
        why: 'one version is spoken',
        input: changed('pledge', [1, ...pledgeFields(5).slice(1)]),
      },
      {
        name: 'possession of a wrong length',
        why: 'a nonce has 32 bytes',
        input: changed('possession', [3, new Uint8Array(31), new Uint8Array(32)]),
      },
      {
        name: 'possession of an older version',
        why: 'one version is spoken',
        input: changed('possession', [2, new Uint8Array(32), new Uint8Array(32)]),
      },
      {
        name: 'challenge without a mode',
        why: 'in full or not is said',
        input: changed('possession', [
          3,
          new Uint8Array(32),
          new Uint8Array(32),
          new Uint8Array(32),
          new Uint8Array(4),
          0,
        ]),
      },
    ],
  )
}
