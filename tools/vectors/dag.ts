import { mkdirSync, writeFileSync } from 'node:fs'
import {
  attest,
  type Carried,
  chainMetadata,
  encodeAttestation,
  encodeEquivocation,
  encodeTreeProof,
  lineOf,
  MerkleTree,
  type PlacedDraft,
  signDraft,
  treeContent,
  treeMetadata,
  writeBundle,
} from '@kithnet/dag'
import { createIdentity, type Identity } from '@kithnet/identity'
import { type Bytes, fromHex, toHex, utf8 } from '@kithnet/kernel'
import type { RunCase, VectorCase } from '@kithnet/testkit/suite'
import { encodeCbor } from '@kithnet/types'
import { type ElraRecord, encodeRecord, recordHash, signableBytes } from '@kithnet/wire'
import { dilithium3 } from '@kithnet/wire/round3'
import {
  type Change,
  runAttestation,
  runBundle,
  runEquivocation,
  runLine,
  runMerkle,
  runTreeProof,
  type Source,
} from '../../packages/dag/test/vector-subjects.ts'

/** Writes vectors/dag anew. Signatures are hedged, so each run gives other bytes. */
const target = new URL('../../vectors/dag/', import.meta.url)

const alice = createIdentity(new Uint8Array(32).fill(1))
const bob = createIdentity(new Uint8Array(32).fill(2))
const log = 'ab'.repeat(16)

type Case = readonly [name: string, why: string, input: unknown]

function made(
  number: number,
  fields: Partial<PlacedDraft> = {},
  by: Identity = alice,
): Promise<ElraRecord> {
  const id = `01950f2e-7c1a-7abc-8def-${String(number).padStart(12, '0')}`
  const content = utf8(`content ${number}`)
  return signDraft({ content, id, timestamp: 1_770_000_000 + number, parents: [], ...fields }, by)
}

function changed(base: string, ...changes: readonly Change[]): Source {
  return { base, changes }
}

/** Runs each case: valid ones get their output, invalid ones their fault. */
async function file(
  fileName: string,
  valid: readonly Case[],
  invalid: readonly Case[],
  runnerOf: (cases: readonly VectorCase[]) => RunCase,
): Promise<void> {
  const cases: VectorCase[] = [
    ...valid.map(([name, why, input]) => ({ name, why, valid: true, input })),
    ...invalid.map(([name, why, input]) => ({ name, why, valid: false, input })),
  ]
  const run = runnerOf(cases)
  const written = await Promise.all(
    cases.map(async (one) => {
      const result = await run(one.input, one)
      if (result.ok !== one.valid) {
        throw new Error(`${fileName}, ${one.name}: ${JSON.stringify(result)}`)
      }
      return result.ok ? { ...one, output: result.value } : { ...one, fault: result.fault.code }
    }),
  )
  const whole = {
    spec: 'docs/adr/0022-proofs-of-records.md',
    source: 'our own',
    generatedBy: 'tools/vectors/dag.ts',
    cases: written,
  }
  writeFileSync(new URL(`${fileName}.json`, target), `${JSON.stringify(whole, null, 1)}\n`)
  process.stdout.write(`${fileName}: ${valid.length} valid, ${invalid.length} invalid\n`)
}

function merkle(): Promise<void> {
  const entries = Array.from({ length: 33 }, (_, index) =>
    toHex(utf8(index === 0 ? '' : `entry ${index}`)),
  )
  const first = (size: number): readonly string[] => entries.slice(0, size)
  const tree = (size: number): MerkleTree => new MerkleTree(first(size).map((one) => fromHex(one)!))
  const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33]
  const roots = sizes.map((size): Case => [
    `root of ${size}`,
    'RFC 9162 2.1.1',
    { op: 'root', entries: first(size) },
  ])
  const places: readonly (readonly [number, number])[] = [
    [1, 0],
    [2, 0],
    [2, 1],
    [3, 2],
    [5, 4],
    [7, 0],
    [7, 3],
    [7, 6],
    [8, 5],
    [33, 32],
  ]
  const inclusions = places.map(([size, at]): Case => [
    `inclusion of ${at} in ${size}`,
    'RFC 9162 2.1.3.1',
    { op: 'inclusion', entries: first(size), at },
  ])
  const steps: readonly (readonly [number, number])[] = [
    [1, 1],
    [1, 2],
    [2, 3],
    [3, 7],
    [4, 7],
    [6, 7],
    [4, 8],
    [7, 8],
    [8, 33],
    [32, 33],
  ]
  const consistencies = steps.map(([at, size]): Case => [
    `consistency of ${at} with ${size}`,
    'RFC 9162 2.1.4.1',
    { op: 'consistency', entries: first(size), at },
  ])
  const inclusion = (size: number, index: number): Readonly<Record<string, unknown>> => ({
    op: 'verify-inclusion',
    entry: entries[index],
    index,
    size,
    root: toHex(tree(size).root()),
    path: tree(size).inclusionProof(index).map(toHex),
  })
  const consistency = (oldSize: number, size: number): Readonly<Record<string, unknown>> => ({
    op: 'verify-consistency',
    oldSize,
    oldRoot: toHex(tree(oldSize).root()),
    size,
    root: toHex(tree(size).root()),
    path: tree(size).consistencyProof(oldSize).map(toHex),
  })
  const good = inclusion(7, 3)
  const path = good['path'] as readonly string[]
  const grown = consistency(3, 7)
  const steps37 = grown['path'] as readonly string[]
  const zeros = '00'.repeat(32)
  return file(
    'merkle',
    [
      ...roots,
      ...inclusions,
      ...consistencies,
      ['claim of a place', 'what inclusion gives is what is verified', good],
      ['claim of growth', 'what consistency gives is what is verified', grown],
      ['claim of no growth', 'a list goes on from itself', consistency(5, 5)],
    ],
    [
      ['another entry', 'the leaf is hashed', { ...good, entry: entries[4] }],
      ['another place', 'the place says on which side each hash stands', { ...good, index: 2 }],
      ['place beyond', 'a place is below the size', { ...good, index: 7 }],
      ['place below zero', 'a place is a number from 0', { ...good, index: -1 }],
      ['place between', 'a place is a whole number', { ...good, index: 2.5 }],
      ['another size', 'the size says how many hashes there are', { ...good, size: 33 }],
      ['size too large', 'sizes are below 2^31', { ...good, size: 2 ** 31 }],
      ['another root', 'the root is compared', { ...good, root: zeros }],
      ['root too short', 'a root has 32 bytes', { ...good, root: zeros.slice(2) }],
      ['a hash less', 'the path leads to the root', { ...good, path: path.slice(0, -1) }],
      ['a hash more', 'the path ends at the root', { ...good, path: [...path, zeros] }],
      ['hashes in another order', 'the lowest comes first', { ...good, path: path.toReversed() }],
      ['a changed hash', 'every hash counts', { ...good, path: [zeros, ...path.slice(1)] }],
      ['a short hash', 'hashes have 32 bytes', { ...good, path: ['00', ...path.slice(1)] }],
      [
        'a leaf taken for a node',
        'leaves and nodes have different prefixes',
        { ...inclusion(1, 0), entry: '01' + entries[0]! },
      ],
      [
        'from nothing',
        'every list goes on from the empty one, which proves nothing',
        { ...grown, oldSize: 0 },
      ],
      ['from a longer list', 'lists do not shrink', { ...grown, oldSize: 8 }],
      ['another old root', 'the old root is computed', { ...grown, oldRoot: zeros }],
      ['another new root', 'the new root is computed', { ...grown, root: zeros }],
      [
        'growth with a hash less',
        'the path leads to both roots',
        { ...grown, path: steps37.slice(1) },
      ],
      [
        'growth with a hash more',
        'the path ends at the root',
        { ...grown, path: [...steps37, zeros] },
      ],
      ['growth with no hash', 'only equal sizes need none', { ...grown, path: [] }],
      ['same size, other root', 'one size has one root', { ...consistency(5, 5), root: zeros }],
      ['same size, a hash', 'equal sizes need no hash', { ...consistency(5, 5), path: [zeros] }],
    ],
    () => runMerkle,
  )
}

async function attestation(): Promise<void> {
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

async function equivocation(): Promise<void> {
  const place = (seq: number, prev?: string, stream = 'a'): Partial<PlacedDraft> => ({
    metadata: new Map(chainMetadata({ stream: stream.repeat(32), seq, prev })),
  })
  const [one, two, follow, follow2, skips] = await Promise.all([
    made(1, place(0)),
    made(2, place(0)),
    made(3, place(1, 'cc'.repeat(32))),
    made(4, place(1, 'cc'.repeat(32))),
    made(5, place(2, 'cc'.repeat(32))),
  ])
  const [same, otherStream, byBob, unchained, again] = await Promise.all([
    made(1, { ...place(0), content: utf8('else') }),
    made(6, place(0, undefined, 'b')),
    made(7, place(0), bob),
    made(8),
    made(1, place(0)),
  ])
  const unsigned = encodeRecord({ ...fieldsOf(two), signature: undefined })
  if (!unsigned.ok) throw new Error(unsigned.fault.code)
  const proof = (a: ElraRecord, b: ElraRecord): { readonly proof: string } => ({
    proof: toHex(encodeEquivocation(a, b)),
  })
  const raw = (...parts: readonly Uint8Array[]): { readonly proof: string } => ({
    proof: toHex(encodeCbor([1, ...parts])),
  })
  const [low, high] = [one, two].map(({ bytes }) => bytes) as [Bytes, Bytes]
  const from = (...changes: readonly Change[]): unknown => ({
    proof: changed('same place', ...changes),
  })
  return file(
    'equivocation',
    [
      ['same place', 'two records at one place of a stream', proof(one, two)],
      ['same place, other order', 'a pair has one proof', proof(two, one)],
      ['same place later', 'places after the first', proof(follow, follow2)],
      ['same previous', 'two records after one', proof(follow, skips)],
      ['same id', 'two records with one id', proof(one, same)],
    ],
    [
      ['other streams', 'each stream counts alone', proof(one, otherStream)],
      ['other authors', 'each author counts alone', proof(one, byBob)],
      ['no chain', 'a record that claims no place contradicts none', proof(one, unchained)],
      ['same record signed again', 'one statement has many signatures', proof(one, again)],
      ['different places', 'an author may say two things', proof(one, follow)],
      ['the same twice', 'two records are not one', raw(low, low)],
      ['in the wrong order', 'the smaller record comes first', raw(high, low)],
      ['one record', 'there are two', raw(low)],
      ['three records', 'there are two', raw(low, high, high)],
      ['one is unsigned', 'both are signed', raw(...[low, unsigned.value].toSorted(byBytes))],
      ['one is no record', 'both are records', raw(Uint8Array.of(0), low)],
      ['version', 'there is one version', from({ at: 1, bytes: '02' })],
      ['first signature changed', 'both signatures verify', from({ at: 4_000, bytes: '00ff00ff' })],
      ['second signature changed', 'both signatures verify', from({ at: -100, bytes: '00ff00ff' })],
      [
        'first content changed',
        'what is signed is what is read',
        from({ at: 70, bytes: '00ff00ff' }),
      ],
      ['cut', 'all of it is there', from({ length: 9_000 })],
      ['longer', 'nothing follows', from({ append: '00' })],
      ['empty', 'nothing is no proof', from({ length: 0 })],
    ],
    runEquivocation,
  )
}

function byBytes(a: Uint8Array, b: Uint8Array): number {
  return toHex(a) < toHex(b) ? -1 : 1
}

function fieldsOf(record: ElraRecord): Parameters<typeof encodeRecord>[0] {
  const { id, version, contentHash, creatorKey, timestamp, parents, classification, metadata } =
    record
  return { id, version, contentHash, creatorKey, timestamp, parents, classification, metadata }
}

async function treeProof(): Promise<void> {
  const readings = Array.from({ length: 100 }, (_, index) => utf8(`reading ${index}`))
  const tree = new MerkleTree(readings)
  const hashes = await Promise.all([1, 2, 3, 4, 5].map(async (one) => recordHash(await made(one))))
  const sealed = new MerkleTree(hashes)
  const stating = async (
    number: number,
    kind: 'readings' | 'seal',
    of: MerkleTree,
    root: Bytes = of.root(),
    content?: Uint8Array,
  ): Promise<ElraRecord> => {
    const statement = { kind, size: of.size, root, log: kind === 'seal' ? log : '' }
    return made(number, {
      content: content ?? treeContent(statement),
      metadata: new Map(treeMetadata(statement)),
    })
  }
  const ofReadings = await stating(10, 'readings', tree)
  const seal = await stating(11, 'seal', sealed)
  const wrongContent = await stating(12, 'readings', tree, tree.root(), utf8('else'))
  const wrongRoot = await stating(13, 'readings', tree, sealed.root())
  const plain = await made(14)
  const proof = (of: ElraRecord, index: number): string => toHex(encodeTreeProof(of, tree, index))
  const entry = (index: number): string => toHex(readings[index]!)
  const from = (...changes: readonly Change[]): unknown => ({
    proof: changed('first reading', ...changes),
    entry: entry(0),
  })
  const raw = (index: number, path: readonly Uint8Array[]): unknown => ({
    proof: toHex(encodeCbor([1, ofReadings.bytes, index, path])),
    entry: entry(0),
  })
  const path = tree.inclusionProof(0)
  return file(
    'tree-proof',
    [
      ['first reading', 'a reading and its path', { proof: proof(ofReadings, 0), entry: entry(0) }],
      [
        'last reading',
        'the last of a list that is no power of two',
        { proof: proof(ofReadings, 99), entry: entry(99) },
      ],
      [
        'sealed record',
        'the entry is the hash of a record',
        { proof: toHex(encodeTreeProof(seal, sealed, 2)), entry: toHex(hashes[2]!) },
      ],
      [
        'last sealed record',
        'the path is short at the edge',
        { proof: toHex(encodeTreeProof(seal, sealed, 4)), entry: toHex(hashes[4]!) },
      ],
    ],
    [
      [
        'another reading',
        'the path begins at the entry',
        { proof: changed('first reading'), entry: entry(1) },
      ],
      ['version', 'there is one version', from({ at: 1, bytes: '02' })],
      ['record signature', 'the record is signed', from({ at: 4_000, bytes: '00ff00ff' })],
      ['a hash of the path', 'every hash counts', from({ at: -5, bytes: '00ff00ff' })],
      ['cut', 'all of it is there', from({ length: 5_000 })],
      ['longer', 'nothing follows', from({ append: '00' })],
      ['empty', 'nothing is no proof', from({ length: 0 })],
      ['another place', 'the place is part of the proof', raw(1, path)],
      ['place beyond', 'a place is within the list', raw(100, path)],
      ['no path', 'the path leads to the root', raw(0, [])],
      [
        'path too long',
        'a path has at most 32 hashes',
        raw(
          0,
          Array.from({ length: 33 }, () => path[0]!),
        ),
      ],
      ['a short hash', 'hashes have 32 bytes', raw(0, [new Uint8Array(31), ...path.slice(1)])],
      [
        'record that stands for nothing',
        'the record names a root',
        { proof: proof(plain, 0), entry: entry(0) },
      ],
      [
        'record of another content',
        'the content is the statement',
        { proof: proof(wrongContent, 0), entry: entry(0) },
      ],
      [
        'record of another root',
        'the path leads to the root that the record names',
        { proof: proof(wrongRoot, 0), entry: entry(0) },
      ],
      [
        'no record',
        'the record is one',
        { proof: toHex(encodeCbor([1, new Uint8Array(9), 0, path])), entry: entry(0) },
      ],
    ],
    runTreeProof,
  )
}

async function bundle(): Promise<void> {
  const small = (kind: Carried['kind'], fill: number, length = 20): Carried => ({
    kind,
    bytes: new Uint8Array(length).fill(fill),
  })
  const written = async (...entries: readonly Carried[]): Promise<{ readonly bundle: string }> => {
    const chunks: string[] = []
    for await (const chunk of writeBundle(entries)) chunks.push(toHex(chunk))
    return { bundle: chunks.join('') }
  }
  const all = [small('record', 1), small('attestation', 2), small('equivocation', 3)] as const
  const from = (...changes: readonly Change[]): unknown => ({
    bundle: changed('one of each', ...changes),
  })
  const head = 13
  const entryLength = 4 + 3 + 19 + 1 + 32
  return file(
    'bundle',
    [
      ['one of each', 'records, attestations, proofs', await written(...all)],
      ['empty', 'nothing but its end', await written()],
      ['one record', 'the usual case', await written(small('record', 7, 300))],
      ['no bytes', 'what an entry holds is not looked at', await written(small('record', 0, 0))],
      [
        'many',
        'the count goes beyond a byte',
        await written(
          ...Array.from({ length: 300 }, (_, index) => small('record', index & 255, 1)),
        ),
      ],
    ],
    [
      ['name', 'a bundle begins with its name', from({ at: 0, bytes: '6b' })],
      ['version', 'there is one version', from({ at: 10, bytes: '02' })],
      ['line end', 'text transfers change this', from({ at: 11, bytes: '0a' })],
      ['nothing', 'a bundle has a head', from({ length: 0 })],
      ['head alone', 'a bundle has an end', from({ length: head })],
      ['length too large', 'entries are bounded', from({ at: head, bytes: '7fffffff' })],
      [
        'length too small',
        'the hash is where the length says',
        from({ at: head + 3, bytes: '10' }),
      ],
      ['first entry changed', 'every byte is hashed', from({ at: head + 10, bytes: 'ff' })],
      ['kind changed', 'the kind is hashed', from({ at: head + 5, bytes: '01' })],
      [
        'hash changed',
        'the hash is compared',
        from({ at: head + entryLength - 3, bytes: 'ffffff' }),
      ],
      ['end changed', 'the end is hashed', from({ at: -1, bytes: 'ff' })],
      [
        'without its end',
        'whoever cuts between entries is noticed',
        from({ length: head + entryLength }),
      ],
      ['cut in an entry', 'all of it is there', from({ length: head + entryLength + 20 })],
      ['longer', 'nothing follows', from({ append: '00' })],
    ],
    runBundle,
  )
}

async function line(): Promise<void> {
  const [first, second] = await Promise.all([
    made(1, { metadata: new Map([['text', 'é " \\ \n \u2028']]), classification: 1 }),
    made(2, { parents: ['01950f2e-7c1a-7abc-8def-000000000001'] }),
  ])
  const forked = await made(1, { content: utf8('else') })
  const text = (kind: Carried['kind'], bytes: Uint8Array): string => {
    const written = lineOf({ kind, bytes })
    if (!written.ok) throw new Error(written.fault.why)
    return written.value
  }
  const good = text('record', second.bytes)
  const word = text('attestation', encodeAttestation(await attest(second, bob, 1_770_000_100)))
  const edit = (from: string | RegExp, to: string): unknown => ({ line: good.replace(from, to) })
  return file(
    'line',
    [
      ['record', 'a record', { line: good }],
      ['private record', 'metadata as it was signed', { line: text('record', first.bytes) }],
      ['attestation', 'a witness’s word', { line: word }],
      [
        'equivocation',
        'a proof',
        { line: text('equivocation', encodeEquivocation(first, forked)) },
      ],
    ],
    [
      ['class', 'what a person reads is what the bytes say', edit('"public"', '"private"')],
      ['time', 'what a person reads is what the bytes say', edit('2026-02', '2026-03')],
      ['parent', 'what a person reads is what the bytes say', edit('000000000001', '000000000009')],
      ['metadata', 'what a person reads is what the bytes say', edit('ml-dsa-65', 'ml-dsa-87')],
      ['space', 'a line has one form', edit(':', ': ')],
      ['trailing space', 'a line has one form', edit(/$/, ' ')],
      ['kind', 'the bytes are of that kind', edit('"record"', '"attestation"')],
      ['kind unknown', 'there are three kinds', edit('"record"', '"note"')],
      ['upper-case digits', 'bytes are lower-case', edit('"bytes":"454c', '"bytes":"454C')],
      ['a digit less', 'bytes have two digits', edit(/."}$/, '"}')],
      ['bytes changed', 'bytes and text agree', edit('"bytes":"454c', '"bytes":"454d')],
      ['no bytes', 'a line holds its bytes', { line: '{"kind":"record"}' }],
      ['an array', 'a line is an object', { line: '[]' }],
      ['no JSON', 'a line is JSON', { line: '{' }],
      ['empty', 'a line is JSON', { line: '' }],
      ['field more', 'a line has one form', edit(/}$/, ',"more":1}')],
    ],
    () => runLine,
  )
}

mkdirSync(target, { recursive: true })
await merkle()
await attestation()
await equivocation()
await treeProof()
await bundle()
await line()
