import { mkdirSync, writeFileSync } from 'node:fs'
import {
  type Capacity,
  capacityId,
  type Consent,
  type Checkpoint,
  checkpointId,
  encodeCapacity,
  encodeCheckpoint,
  encodeConsent,
  encodeCosignature,
  encodeForkProof,
  encodeGrant,
  encodeHolding,
  encodePossession,
  encodeRevocation,
  encodeSnapshot,
  type Grant,
  LogTree,
  logIdOf,
  type Snapshot,
  WitnessLog,
} from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import { createIdentity, type Identity } from '@kithnet/identity'
import { type Bytes, concat, epochMs, seededRng, toHex, utf8 } from '@kithnet/kernel'
import type { RunCase, VectorCase } from '@kithnet/testkit/suite'
import {
  type CborValue,
  encodeCbor,
  hash,
  idToBytes,
  networkId,
  type PeerId,
  topicId,
} from '@kithnet/types'
import {
  runAdmission,
  runFork,
  runPreimage,
  runRetention,
  runStatement,
  runStreamTree,
  runTree,
} from '../../packages/holonomic/test/vector-subjects.ts'

/** Writes vectors/holonomic anew. Signatures are hedged, so fork-proofs.json has other bytes after each run. */
const target = new URL('../../vectors/holonomic/', import.meta.url)

const people: readonly Identity[] = Array.from({ length: 12 }, (_, index) =>
  createIdentity(new Uint8Array(32).fill(index + 1)),
)
const [alice, bob, carol, dave] = people as [Identity, Identity, Identity, Identity]
const ids = people.map(({ peer }) => peer).sort()
const network = networkId('holonomic vectors')
const stream = topicId(network, 'stream')
const at = epochMs(1_800_000_000_000)
const content = toHex(hash('trace', utf8('content')))
const nonce = toHex(hash('trace', utf8('nonce')))

type Draft = Pick<VectorCase, 'name' | 'why' | 'input'>

/** Runs the cases, and writes down what they gave: a valid case has to be accepted, an invalid one refused. */
async function write(
  name: string,
  spec: string,
  run: RunCase,
  valid: readonly Draft[],
  invalid: readonly Draft[],
): Promise<void> {
  const cases: VectorCase[] = []
  for (const [drafts, isValid] of [
    [valid, true],
    [invalid, false],
  ] as const) {
    for (const draft of drafts) {
      const named: VectorCase = { ...draft, valid: isValid }
      const result = await run(draft.input, named)
      if (result.ok !== isValid)
        throw new Error(`${name}, ${draft.name}: ${JSON.stringify(result)}`)
      cases.push(
        result.ok ? { ...named, output: result.value } : { ...named, fault: result.fault.code },
      )
    }
  }
  const file = { spec, source: 'our own', generatedBy: 'tools/vectors/holonomic.ts', cases }
  writeFileSync(new URL(`${name}.json`, target), `${JSON.stringify(file, null, 1)}\n`)
}

const statement = (kind: string, bytes: Uint8Array): object => ({ kind, bytes: toHex(bytes) })

const log = new WitnessLog({ network, peer: alice.peer, namespaces: ['groups', 'records'] })
const checkpoint: Checkpoint = log.commit([utf8('a'), utf8('b')], at).checkpoint
const grant = (from: Identity, to: Identity, part: Partial<Grant> = {}): Bytes =>
  encodeGrant({
    network,
    granter: from.peer,
    grantee: to.peer,
    kind: 'serve',
    weight: 9_000,
    onward: 2,
    issuedAt: at,
    expiresAt: epochMs(at + 86_400_000),
    ...part,
  })
const capacity = (peer: PeerId, part: Partial<Capacity> = {}): Capacity => ({
  network,
  stream,
  peer,
  epoch: 5,
  measuredAt: at,
  uplinkKbps: 9_000,
  maxChildren: 2,
  maxLayer: [2, 3, 1],
  lanes: [],
  near: [],
  ...part,
})
const lanes = [
  { path: Uint8Array.of(0), kbps: 1_000 },
  { path: Uint8Array.of(1), kbps: 2_500 },
]
const snapshotOf = (offers: readonly Capacity[], part: Partial<Snapshot> = {}): Snapshot => ({
  network,
  stream,
  publisher: ids[0]!,
  epoch: 5,
  issuedAt: at,
  lanes,
  members: offers
    .map((offer) => ({ peer: offer.peer, capacity: capacityId(offer) }))
    .sort((a, b) => (a.peer < b.peer ? -1 : 1)),
  ...part,
})
const revocation = encodeRevocation({
  network,
  granter: alice.peer,
  grantee: bob.peer,
  kind: 'serve',
  issuedUntil: at,
})
const holding = encodeHolding({
  network,
  peer: alice.peer,
  content,
  shares: [0, 3, 51],
  observedAt: at,
  expiresAt: epochMs(at + 600_000),
})
const consent = (part: Partial<Consent> = {}): Bytes =>
  encodeConsent({ network, author: alice.peer, content, at, windowMs: 1_209_600_000, ...part })
const challenge = encodePossession({
  type: 'challenge',
  content,
  id: { block: 2, symbol: 31 },
  nonce,
})
const cosignature = encodeCosignature({
  cosigner: bob.peer,
  log: logIdOf(checkpoint),
  epoch: checkpoint.epoch,
  checkpoint: checkpointId(checkpoint),
  at,
})
const offered = capacity(ids[1]!, { lanes, near: [{ peer: ids[2]!, rttMs: 40 }] })

/** A statement with one field of its array replaced. */
function changed(kind: string, fields: readonly CborValue[]): object {
  return statement(kind, encodeCbor(fields))
}
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

mkdirSync(target, { recursive: true })

await write(
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
      name: 'possession of a wrong length',
      why: 'a nonce has 32 bytes',
      input: changed('possession', [2, new Uint8Array(31), new Uint8Array(32)]),
    },
  ],
)

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

await write(
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

const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '60']
const tree = new LogTree(leaves.map((leaf) => Uint8Array.from(Buffer.from(leaf, 'hex'))))
const inclusion = (index: number, size: number): object => ({
  op: 'inclusion',
  leaf: leaves[index],
  index,
  size,
  root: toHex(tree.root(size)),
  proof: tree.inclusionProof(index, size).map(toHex),
})
const consistency = (oldSize: number, size: number): object => ({
  op: 'consistency',
  oldSize,
  size,
  oldRoot: toHex(tree.root(oldSize)),
  root: toHex(tree.root(size)),
  proof: tree.consistencyProof(oldSize, size).map(toHex),
})
await write(
  'trees',
  'RFC 9162 section 2.1, with BLAKE3 under the labels leaf and node',
  runTree,
  [
    ...[0, 1, 2, 3, 7, 8].map((size) => ({
      name: `list of ${size}`,
      why: 'the root at this size',
      input: { op: 'list', leaves: leaves.slice(0, size) },
    })),
    {
      name: 'set',
      why: 'any order, doubles left out',
      input: { op: 'set', leaves: ['60', '00', '10', '00'] },
    },
    ...(
      [
        [0, 1],
        [2, 3],
        [5, 7],
        [0, 8],
      ] as const
    ).map(([index, size]) => ({
      name: `inclusion of ${index} in ${size}`,
      why: 'a leaf and its path',
      input: inclusion(index, size),
    })),
    ...(
      [
        [0, 3],
        [1, 2],
        [3, 7],
        [4, 7],
        [6, 8],
        [8, 8],
      ] as const
    ).map(([oldSize, size]) => ({
      name: `consistency of ${oldSize} and ${size}`,
      why: 'the first leaves are the same',
      input: consistency(oldSize, size),
    })),
  ],
  [
    {
      name: 'inclusion of another leaf',
      why: 'the leaf is hashed',
      input: { ...inclusion(2, 7), leaf: 'ff' },
    },
    {
      name: 'inclusion elsewhere',
      why: 'the place is proven too',
      input: { ...inclusion(2, 7), index: 3 },
    },
    {
      name: 'inclusion with more',
      why: 'a path has one length',
      input: { ...inclusion(2, 7), proof: [...tree.inclusionProof(2, 7), tree.root()].map(toHex) },
    },
    {
      name: 'inclusion of a node',
      why: 'nodes are hashed under another label',
      input: {
        op: 'inclusion',
        leaf: toHex(concat(hash('leaf', new Uint8Array(0)), hash('leaf', Uint8Array.of(0)))),
        index: 0,
        size: 1,
        root: toHex(tree.root(2)),
        proof: [],
      },
    },
    {
      name: 'consistency of another past',
      why: 'the old root is proven',
      input: { ...consistency(3, 7), oldRoot: toHex(tree.root(4)) },
    },
    {
      name: 'consistency of another present',
      why: 'the new root is proven',
      input: { ...consistency(3, 7), root: toHex(tree.root(8)) },
    },
    {
      name: 'consistency backwards',
      why: 'a log only grows',
      input: { ...consistency(3, 7), oldSize: 7, size: 3 },
    },
  ],
)

const forkBody = (state: string, by: Identity, epoch = 1): Bytes =>
  encodeCheckpoint({
    ...checkpoint,
    peer: by.peer,
    epoch,
    stateRoot: hash('trace', utf8(state)),
  })
const signed = async (by: Identity, body: Bytes): Promise<{ body: Bytes; signature: Bytes }> => ({
  body,
  signature: await by.sign('checkpoint', body),
})
const one = await signed(alice, forkBody('one', alice))
const other = await signed(alice, forkBody('other', alice))
const later = await signed(alice, forkBody('later', alice, 2))
const bobs = await signed(bob, forkBody('one', bob))
const proof = encodeForkProof(alice.publicKey, one, other)
const [low, high] = Buffer.compare(one.body, other.body) < 0 ? [one, other] : [other, one]
const fork = (bytes: Uint8Array): object => ({ bytes: toHex(bytes) })
await write(
  'fork-proofs',
  'docs/protocols/holonomic.md',
  runFork,
  [{ name: 'fork', why: 'two states of one epoch', input: fork(proof) }],
  [
    {
      name: 'order',
      why: 'the lower body stands first, so there is one proof',
      input: fork(
        encodeCbor([2, alice.publicKey, [high.body, high.signature], [low.body, low.signature]]),
      ),
    },
    {
      name: 'one state',
      why: 'twice the same is no fork',
      input: fork(encodeForkProof(alice.publicKey, one, one)),
    },
    {
      name: 'two epochs',
      why: 'states may follow each other',
      input: fork(encodeForkProof(alice.publicKey, one, later)),
    },
    {
      name: 'two peers',
      why: 'peers may differ',
      input: fork(encodeForkProof(alice.publicKey, one, bobs)),
    },
    {
      name: 'forged',
      why: 'both signatures are needed',
      input: fork(encodeForkProof(alice.publicKey, one, { ...other, signature: one.signature })),
    },
    {
      name: 'another key',
      why: 'the key is the peer’s',
      input: fork(encodeForkProof(bob.publicKey, one, other)),
    },
    { name: 'truncated', why: 'all is there', input: fork(proof.subarray(0, -1)) },
  ],
)

const chain = [grant(alice, bob), grant(bob, carol), grant(carol, dave, { onward: 0 })].map(toHex)
const asked = {
  network,
  newcomer: dave.peer,
  roots: [alice.peer],
  chain,
  revocations: [] as readonly string[],
  now: at,
}
await write(
  'admissions',
  'docs/protocols/holonomic.md',
  runAdmission,
  [
    { name: 'chain of three', why: 'nine tenths each time', input: asked },
    {
      name: 'a root',
      why: 'needs nobody',
      input: { ...asked, newcomer: alice.peer, chain: [] },
    },
    {
      name: 'granted anew',
      why: 'a revocation is of what was before',
      input: {
        ...asked,
        newcomer: bob.peer,
        chain: [toHex(grant(alice, bob, { issuedAt: epochMs(at + 1) }))],
        revocations: [toHex(revocation)],
      },
    },
  ],
  [
    { name: 'nothing', why: 'a newcomer shows something', input: { ...asked, chain: [] } },
    {
      name: 'borrowed',
      why: 'a grant for somebody else',
      input: { ...asked, chain: chain.slice(0, 2) },
    },
    { name: 'unrooted', why: 'a chain begins at a root', input: { ...asked, roots: [bob.peer] } },
    {
      name: 'revoked',
      why: 'taken back',
      input: { ...asked, revocations: [toHex(revocation)] },
    },
    { name: 'expired', why: 'a day later', input: { ...asked, now: at + 86_400_000 } },
    { name: 'early', why: 'three minutes before', input: { ...asked, now: at - 180_000 } },
    {
      name: 'onward',
      why: 'nobody may vouch further than allowed',
      input: { ...asked, chain: [toHex(grant(alice, bob, { onward: 1 })), ...chain.slice(1)] },
    },
    {
      name: 'weak',
      why: 'less than a quarter is left',
      input: { ...asked, chain: [toHex(grant(alice, bob, { weight: 3_000 })), ...chain.slice(1)] },
    },
    {
      name: 'another kind',
      why: 'a grant is for one thing',
      input: { ...asked, chain: [toHex(grant(alice, bob, { kind: 'relay' })), ...chain.slice(1)] },
    },
    {
      name: 'circle',
      why: 'nobody stands in it twice',
      input: {
        ...asked,
        newcomer: alice.peer,
        chain: [...chain.slice(0, 1), toHex(grant(bob, alice))],
      },
    },
  ],
)

const rng = seededRng('holonomic vectors')
const fleet = ids.map((peer, index) =>
  capacity(peer, {
    uplinkKbps: 3_000 + 1_000 * rng.below(8),
    maxChildren: 1 + rng.below(4),
    lanes: index % 3 === 0 ? lanes.map(({ path }) => ({ path, kbps: 5_000 })) : [],
    near: ids
      .filter((id) => id !== peer && rng.below(3) === 0)
      .map((id) => ({ peer: id, rttMs: 5 + rng.below(200) })),
  }),
)
const treeCase = (
  offers: readonly Capacity[],
  snapshot: Snapshot = snapshotOf(offers),
): object => ({
  snapshot: toHex(encodeSnapshot(snapshot)),
  capacities: offers.map((offer) => toHex(encodeCapacity(offer))),
})
const equal = ids.map((peer) => capacity(peer, { uplinkKbps: 100_000, maxChildren: 4 }))
const [firstOffer, ...otherOffers] = fleet as [Capacity, ...Capacity[]]
await write(
  'stream-trees',
  'docs/protocols/holonomic.md',
  runStreamTree,
  [
    { name: 'mixed', why: 'two lanes, unequal offers, measurements', input: treeCase(fleet) },
    { name: 'equal', why: 'what one lane takes is not there for the next', input: treeCase(equal) },
    {
      name: 'alone',
      why: 'a publisher without anybody',
      input: treeCase([firstOffer]),
    },
    {
      name: 'no room',
      why: 'nobody offers anything',
      input: treeCase(ids.map((peer) => capacity(peer, { maxChildren: 0 }))),
    },
  ],
  [
    {
      name: 'missing',
      why: 'a capacity is not there',
      input: treeCase(otherOffers, snapshotOf(fleet)),
    },
    {
      name: 'another epoch',
      why: 'an offer is for one epoch',
      input: treeCase(fleet.map((offer) => ({ ...offer, epoch: 4 }))),
    },
    {
      name: 'stale',
      why: 'measured an hour before',
      input: treeCase(fleet.map((offer) => ({ ...offer, measuredAt: epochMs(at - 3_600_000) }))),
    },
    {
      name: 'without its publisher',
      why: 'the publisher takes part',
      input: treeCase(otherOffers),
    },
  ],
)

const about = { network, author: alice.peer, content }
const allowed = (consents: readonly Bytes[], now: number): object => ({
  op: 'consent',
  about,
  consents: consents.map(toHex),
  now,
})
const crowd = Array.from({ length: 40 }, (_, index) => toHex(hash('trace', Uint8Array.of(index))))
const ask = { op: 'possession', challenger: alice.peer, holder: bob.peer, symbol: '00112233' }
await write(
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

/** The witness with its first two namespaces the other way round. */
function swapped(preimage: Uint8Array): Uint8Array {
  const first = concat(Uint8Array.of(0, 0, 0, 3), utf8('\uffff'))
  const second = concat(Uint8Array.of(0, 0, 0, 4), utf8('\u{1f600}'))
  const from = Buffer.from(preimage).indexOf(Buffer.concat([first, second]))
  return concat(preimage.subarray(0, from), second, first, preimage.subarray(from + 15))
}
