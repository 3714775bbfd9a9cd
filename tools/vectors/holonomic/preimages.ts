import * as ciris from '@kithnet/holonomic/ciris'
import { type Bytes, concat, utf8 } from '@kithnet/kernel'
import { runPreimage } from '../../../packages/holonomic/test/vector-subjects.ts'
import { statement } from './examples.ts'
import { write } from './vector-file.ts'

const witness = ciris.witnessPreimage({
  peerId: 'peer',
  epoch: 2n ** 63n,
  merkleRoot: ciris.pairTreeRoot([utf8('a'), utf8('b'), utf8('c')]),
  leafCount: 3,
  namespaces: ['\u{1f600}', '\uffff', 'a', 'a'],
  observedAtMs: 1_700_000_000_000n,
})
const claim = ciris.claimPreimage({
  kind: 'trust_grant',
  signerPeerId: 'peer',
  claim: Uint8Array.of(1, 255),
  signedAtMs: 1_700_000_000_000n,
  version: 1,
  delegatesTo: 'delegate',
})
const meta: ciris.AggregationMeta = {
  contentId: 'content',
  corpusKind: 'aggregate:trace',
  tier: 1,
  algorithmId: 'fountain-mean-v1',
  sourceCount: 3,
  memberCommitment: ciris.memberCommitment(['a', 'b', 'c']),
  noiseFloor: 'mean',
  added: {
    version: 3,
    effectiveCount: ciris.effectiveCount([0.25, 0.25, 0.5]),
    maxMultiplicity: 1,
    massCommitment: ciris.massCommitment([
      { id: 'a', mass: 0.25 },
      { id: 'b', mass: 0.25 },
      { id: 'c', mass: 0.5 },
    ]),
  },
}
const budget = (scope: string, reserve: bigint): Bytes =>
  ciris.storageBudgetPreimage({
    nodeId: 'node',
    epochId: 'epoch',
    revision: 7n,
    scopes: [{ scope, budgetBytes: 2n ** 40n, pinReserveBytes: reserve }],
    classes: ['blob', 'trace'],
  })
const want = (scope: string, list: readonly string[]): Bytes =>
  ciris.corpusWantPreimage({
    nodeId: 'node',
    epochId: 'epoch',
    scope,
    sizeCapBytes: 4_096n,
    remainingBytes: 1_800n,
    want: list,
  })
const heldClaim = ciris.holdingPreimage({
  peerId: 'peer',
  contentId: 'content',
  symbolIds: [5, 1, 3, 3],
  observedAtMs: 1n,
})
const compress = ciris.compressPreimage({
  peerId: 'peer',
  contentId: 'content',
  evictingLow: 1,
  evictingHigh: 9,
  deadlineMs: -1n,
})

/** The ancestor's preimages. */
export function preimages(): Promise<void> {
  return write(
    'preimages',
    'CIRIS, holonomic v19 and v19.7',
    runPreimage,
    [
      {
        name: 'witness',
        why: 'namespaces by their UTF-8 bytes, doubles kept, an epoch beyond 2^53',
        input: statement('witness', witness),
      },
      { name: 'claim', why: 'one of three owners', input: statement('claim', claim) },
      {
        name: 'holding claim',
        why: 'symbol ids rising, doubles kept',
        input: statement('holding-claim', heldClaim),
      },
      {
        name: 'compress request',
        why: 'a deadline before 1970',
        input: statement('compress-request', compress),
      },
      {
        name: 'aggregation meta 3',
        why: 'masses in millionths',
        input: statement('aggregation-meta', ciris.aggregationPreimage(meta)),
      },
      {
        name: 'storage budget',
        why: 'one scope, two classes',
        input: statement('storage-budget', budget('community', 5n)),
      },
      {
        name: 'corpus want',
        why: 'two contents',
        input: statement('corpus-want', want('community', ['cid-a', 'cid-b'])),
      },
    ],
    [
      {
        name: 'witness domain',
        why: 'a claim is no witness',
        input: statement('witness', claim),
      },
      {
        name: 'witness version',
        why: 'the last two bytes are 1',
        input: statement('witness', concat(witness.subarray(0, -2), Uint8Array.of(0, 2))),
      },
      {
        name: 'witness trailing',
        why: 'nothing follows',
        input: statement('witness', concat(witness, Uint8Array.of(0))),
      },
      {
        name: 'witness truncated',
        why: 'all is there',
        input: statement('witness', witness.subarray(0, -1)),
      },
      {
        name: 'witness order',
        why: 'namespaces by bytes, not by UTF-16 units',
        input: statement('witness', swapped(witness)),
      },
      {
        name: 'claim flag',
        why: 'an owner is there or not',
        input: statement('claim', concat(claim.subarray(0, -1), Uint8Array.of(2))),
      },
      {
        name: 'budget of oneself',
        why: 'what is one’s own is announced to nobody',
        input: statement('storage-budget', budget('self', 5n)),
      },
      {
        name: 'budget reserve',
        why: 'no more is pinned than there is',
        input: statement('storage-budget', budget('community', 2n ** 41n)),
      },
      {
        name: 'want unsorted',
        why: 'contents rise',
        input: statement('corpus-want', want('community', ['cid-b', 'cid-a'])),
      },
      {
        name: 'want doubled',
        why: 'contents are distinct',
        input: statement('corpus-want', want('community', ['cid-a', 'cid-a'])),
      },
    ],
  )
}

/** The witness with its first two namespaces the other way round. */
function swapped(preimage: Uint8Array): Uint8Array {
  const first = concat(Uint8Array.of(0, 0, 0, 3), utf8('\uffff'))
  const second = concat(Uint8Array.of(0, 0, 0, 4), utf8('\u{1f600}'))
  const from = Buffer.from(preimage).indexOf(Buffer.concat([first, second]))
  return concat(preimage.subarray(0, from), second, first, preimage.subarray(from + 15))
}
