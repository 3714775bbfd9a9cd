import { LogTree } from '@kithnet/holonomic'
import { concat, toHex } from '@kithnet/kernel'
import { hash } from '@kithnet/types'
import { runTree } from '../../../packages/holonomic/test/vector-subjects.ts'
import { write } from './vector-file.ts'

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

/** Roots of lists and sets, and proofs. */
export function trees(): Promise<void> {
  return write(
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
        input: {
          ...inclusion(2, 7),
          proof: [...tree.inclusionProof(2, 7), tree.root()].map(toHex),
        },
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
}
