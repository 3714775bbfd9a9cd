import { encodeTreeProof, MerkleTree, treeContent, treeMetadata } from '@kithnet/dag'
import { type Bytes, toHex, utf8 } from '@kithnet/kernel'
import { encodeCbor } from '@kithnet/types'
import { type ElraRecord, recordHash } from '@kithnet/wire'
import { type Change, runTreeProof } from '../../../packages/dag/test/vector-subjects.ts'
import { changed, file, made } from './vector-file.ts'

const log = 'ab'.repeat(16)

/** Entries of lists that a record stands for. */
export async function treeProof(): Promise<void> {
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
