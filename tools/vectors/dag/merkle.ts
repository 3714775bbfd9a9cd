import { MerkleTree } from '@kithnet/dag'
import { fromHex, toHex, utf8 } from '@kithnet/kernel'
import { runMerkle } from '../../../packages/dag/test/vector-subjects.ts'
import { type Case, file } from './vector-file.ts'

/** Roots and proofs of trees, and claims that do not hold. */
export function merkle(): Promise<void> {
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
