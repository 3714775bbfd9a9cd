import { type Bytes, concat, equalBytes, utf8 } from '@kithnet/kernel'
import { LogTree, provesConsistency, provesInclusion, setRoot } from '@kithnet/holonomic'
import { forAll, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import { hash } from '@kithnet/types'
import { describe, expect, it } from 'vitest'

const leafOf = (index: number): Bytes => utf8(`leaf ${index}`)

/** The definition of the root, word by word. Source: RFC 9162 section 2.1.1. */
function rootByDefinition(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return hash('node')
  if (leaves.length === 1) return hash('leaf', leaves[0]!)
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return hash(
    'node',
    rootByDefinition(leaves.slice(0, split)),
    rootByDefinition(leaves.slice(split)),
  )
}

describe('a log tree', () => {
  const most = 36
  const leaves = Array.from({ length: most }, (_, index) => leafOf(index))
  const tree = new LogTree(leaves)

  it('has the root of the definition at every size', () => {
    for (let size = 0; size <= most; size++) {
      expect(equalBytes(tree.root(size), rootByDefinition(leaves.slice(0, size)))).toBe(true)
    }
  })

  it('proves every leaf at every size, and no other leaf, place, size or root', () => {
    for (let size = 1; size <= most; size++) {
      const root = tree.root(size)
      for (let index = 0; index < size; index++) {
        const proof = tree.inclusionProof(index, size)
        const leaf = leaves[index]!
        expect(provesInclusion(leaf, index, size, proof, root)).toBe(true)
        expect(provesInclusion(utf8('another'), index, size, proof, root)).toBe(false)
        expect(provesInclusion(leaf, (index + 1) % (size + 1), size, proof, root)).toBe(false)
        expect(provesInclusion(leaf, index, size, proof, tree.root(size - 1))).toBe(false)
        expect(provesInclusion(leaf, index, size, [...proof, root], root)).toBe(false)
        if (proof.length > 0) {
          expect(provesInclusion(leaf, index, size, proof.slice(1), root)).toBe(false)
        }
      }
    }
  })

  it('proves that each size goes on from each smaller one, and from no other', () => {
    for (let newSize = 0; newSize <= most; newSize++) {
      const newRoot = tree.root(newSize)
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const oldRoot = tree.root(oldSize)
        const proof = tree.consistencyProof(oldSize, newSize)
        const check = (from: Bytes, to: Bytes, path: readonly Bytes[]): boolean =>
          provesConsistency(oldSize, newSize, from, to, path)
        expect(check(oldRoot, newRoot, proof)).toBe(true)
        expect(check(hash('leaf', oldRoot), newRoot, proof)).toBe(false)
        expect(check(oldRoot, newRoot, [...proof, oldRoot])).toBe(false)
        if (oldSize > 0) expect(check(oldRoot, hash('leaf', newRoot), proof)).toBe(false)
        if (proof.length > 0) expect(check(oldRoot, newRoot, proof.slice(0, -1))).toBe(false)
      }
    }
  })

  it('proves places and growth of larger lists too', () => {
    const large = new LogTree(Array.from({ length: 600 }, (_, index) => leafOf(index)))
    const size = wholeNumber(1, 600)
    forAll(pairOf(size, pairOf(size, size)), ([a, [b, c]]) => {
      const [least, middle, whole] = [a, b, c].sort((x, y) => x - y) as [number, number, number]
      const [index, root] = [least - 1, large.root(whole)]
      const proof = large.inclusionProof(index, whole)
      expect(provesInclusion(leafOf(index), index, whole, proof, root)).toBe(true)
      expect(provesInclusion(leafOf(index + 1), index, whole, proof, root)).toBe(false)
      const growth = large.consistencyProof(middle, whole)
      expect(provesConsistency(middle, whole, large.root(middle), root, growth)).toBe(true)
      expect(provesConsistency(middle, whole, large.root(middle - 1), root, growth)).toBe(false)
    })
  })

  it('proves nothing with hashes that are none, or sizes that are none', () => {
    const [proof, root] = [tree.inclusionProof(3, 9), tree.root(9)]
    expect(provesInclusion(leaves[3]!, 3, 9, [new Uint8Array(31), ...proof.slice(1)], root)).toBe(
      false,
    )
    expect(provesInclusion(leaves[3]!, 3, Number.NaN, proof, root)).toBe(false)
    expect(provesInclusion(leaves[3]!, -1, 9, proof, root)).toBe(false)
    expect(provesConsistency(9, 8, root, tree.root(8), [])).toBe(false)
    const endless = Array.from({ length: 200 }, () => root)
    expect(provesConsistency(3, 9, tree.root(3), root, endless)).toBe(false)
  })
})

describe('the root of a set', () => {
  it('is the same in any order and with doubles', () => {
    const [a, b, c] = [utf8('a'), utf8('b'), utf8('c')]
    expect(setRoot([c, a, b, a])).toEqual(setRoot([a, b, c]))
    expect(setRoot([c, a, b, a]).size).toBe(3)
    expect(setRoot([concat(a, b), c])).not.toEqual(setRoot([a, concat(b, c)]))
  })
})
