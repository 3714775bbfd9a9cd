import { createHash } from 'node:crypto'
import { type Bytes, fromHex, toHex } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import { HashTree, isContinued, isIncluded, type TreeHashes } from '../src/hash-tree.ts'

const sha256 = (...parts: readonly Uint8Array[]): Bytes => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return Uint8Array.from(digest.digest())
}

/** Source: RFC 9162 section 2.1.1. */
const hashes: TreeHashes = {
  leaf: (entry) => sha256(Uint8Array.of(0), entry),
  node: (left, right) => sha256(Uint8Array.of(1), left, right),
  empty: () => sha256(),
}

/** The definition, word for word. Source: RFC 9162 section 2.1.1. */
function naiveRoot(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return hashes.empty()
  if (entries.length === 1) return hashes.leaf(entries[0]!)
  let left = 1
  while (left * 2 < entries.length) left *= 2
  return hashes.node(naiveRoot(entries.slice(0, left)), naiveRoot(entries.slice(left)))
}

const entries = Array.from({ length: 40 }, (_, index) => Uint8Array.of(index))

describe('a hash tree', () => {
  it('has the roots of the RFC 6962 test data', () => {
    const known = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
    const tree = new HashTree(
      hashes,
      known.map((hex) => fromHex(hex)!),
    )
    expect(toHex(tree.root(0))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    expect(toHex(tree.root())).toBe(
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    )
  })

  it('has the same roots and proofs whether it was grown or made at once', () => {
    const grown = new HashTree(hashes)
    for (const [index, entry] of entries.entries()) {
      // Asked in between, so that what was remembered of a shorter list would show.
      expect(grown.root()).toEqual(naiveRoot(entries.slice(0, index)))
      grown.append(entry)
      const made = new HashTree(hashes, entries.slice(0, index + 1))
      expect(grown.size).toBe(made.size)
      expect(grown.inclusionProof(index)).toEqual(made.inclusionProof(index))
      expect(grown.inclusionProof(0)).toEqual(made.inclusionProof(0))
      expect(grown.consistencyProof(index)).toEqual(made.consistencyProof(index))
    }
  })

  it('proves of every shorter list what that list proved', () => {
    const whole = new HashTree(hashes, entries)
    let wrong = 0
    for (let size = 1; size <= entries.length; size++) {
      const tree = new HashTree(hashes, entries.slice(0, size))
      const root = whole.root(size)
      expect(root).toEqual(tree.root())
      for (let index = 0; index < size; index++) {
        const path = whole.inclusionProof(index, size)
        const claim = { entry: entries[index]!, index, size, root, path }
        if (!isIncluded(hashes, claim)) wrong++
        if (isIncluded(hashes, { ...claim, entry: Uint8Array.of(index, 0) })) wrong++
        if (size > 1 && isIncluded(hashes, { ...claim, index: (index + 1) % size })) wrong++
        if (isIncluded(hashes, { ...claim, path: [...path, root] })) wrong++
        if (size > 1 && isIncluded(hashes, { ...claim, path: path.slice(1) })) wrong++
      }
      for (let oldSize = 0; oldSize <= size; oldSize++) {
        const path = whole.consistencyProof(oldSize, size)
        const claim = { oldSize, oldRoot: whole.root(oldSize), size, root, path }
        if (!isContinued(hashes, claim)) wrong++
        if (isContinued(hashes, { ...claim, root: hashes.leaf(root) }) && oldSize > 0) wrong++
        if (isContinued(hashes, { ...claim, oldRoot: hashes.leaf(root) })) wrong++
        if (isContinued(hashes, { ...claim, path: [...path, root] })) wrong++
        if (path.length > 0 && isContinued(hashes, { ...claim, path: path.slice(1) })) wrong++
      }
    }
    expect(wrong).toBe(0)
  })

  it('refuses places and hashes that are none', () => {
    const tree = new HashTree(hashes, entries.slice(0, 5))
    const path = tree.inclusionProof(3)
    const claim = { entry: entries[3]!, index: 3, size: 5, root: tree.root(), path }
    expect(isIncluded(hashes, claim)).toBe(true)
    const short = path.map((hash) => hash.subarray(1))
    for (const lie of [
      { index: -1 },
      { index: 5 },
      { index: 2.5 },
      { size: Number.NaN },
      { path: short },
      { size: 2 ** 53 },
    ]) {
      expect(isIncluded(hashes, { ...claim, ...lie })).toBe(false)
    }
    const growth = { oldRoot: tree.root(3), root: tree.root(), path: tree.consistencyProof(3) }
    expect(isContinued(hashes, { ...growth, oldSize: 3, size: 5 })).toBe(true)
    expect(isContinued(hashes, { ...growth, oldSize: 5, size: 3 })).toBe(false)
    expect(isContinued(hashes, { ...growth, oldSize: -1, size: 5 })).toBe(false)
    expect(isContinued(hashes, { ...growth, oldSize: 3, size: 2 ** 53 })).toBe(false)
  })

  it('gives hashes away that are not its own', () => {
    const tree = new HashTree(hashes, entries.slice(0, 7))
    const root = toHex(tree.root())
    for (const hash of [tree.root(), ...tree.inclusionProof(0)]) hash.fill(0)
    expect(toHex(tree.root())).toBe(root)
    expect(toHex(tree.inclusionProof(0)[0]!)).toBe(toHex(hashes.leaf(entries[1]!)))
  })
})
