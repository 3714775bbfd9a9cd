import { createHash } from 'node:crypto'
import { type Bytes, fromHex, toHex } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import { MerkleTree, verifyConsistency, verifyInclusion } from '../src/proofs/merkle.ts'

const sha256 = (message: Uint8Array): Bytes =>
  Uint8Array.from(createHash('sha256').update(message).digest())

/** The eight leaves of the certificate transparency test data and their roots. Source: RFC 6962 test data. */
const known = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const knownRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** The definition, word for word. Source: RFC 9162 section 2.1.1. */
function naiveRoot(entries: readonly Uint8Array[]): Bytes {
  if (entries.length === 0) return sha256(new Uint8Array(0))
  if (entries.length === 1) return sha256(Uint8Array.of(0, ...entries[0]!))
  let left = 1
  while (left * 2 < entries.length) left *= 2
  const [a, b] = [naiveRoot(entries.slice(0, left)), naiveRoot(entries.slice(left))]
  return sha256(Uint8Array.of(1, ...a, ...b))
}

const entry = (index: number): Uint8Array => Uint8Array.of(index >> 8, index & 255)
const most = 70
const entries = Array.from({ length: most }, (_, index) => entry(index))

describe('a Merkle tree', () => {
  it('has the roots of the RFC 6962 test data', () => {
    const leaves = known.map((hex) => fromHex(hex)!)
    for (let size = 0; size <= leaves.length; size++) {
      expect(toHex(new MerkleTree(leaves.slice(0, size), sha256).root())).toBe(knownRoots[size])
      expect(toHex(new MerkleTree(leaves, sha256).root(size))).toBe(knownRoots[size])
    }
  })

  it('has the proofs of the RFC 6962 test data', () => {
    const tree = new MerkleTree(
      known.map((hex) => fromHex(hex)!),
      sha256,
    )
    expect(tree.inclusionProof(0).map(toHex)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ])
    expect(tree.consistencyProof(6).map(toHex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
  })

  it('proves every entry of every list up to 70, and nothing else', () => {
    let wrong = 0
    for (let size = 1; size <= most; size++) {
      const tree = new MerkleTree(entries.slice(0, size), sha256)
      const root = tree.root()
      if (size <= 40 || size === most) expect(root).toEqual(naiveRoot(entries.slice(0, size)))
      for (let index = 0; index < size; index++) {
        const claim = { entry: entry(index), index, size, root, path: tree.inclusionProof(index) }
        if (!verifyInclusion(claim, sha256)) wrong++
        if (size > 40) continue
        const lies = [
          { ...claim, entry: entry(index + 1) },
          { ...claim, index: size },
          { ...claim, index: -1 },
          { ...claim, index: (index + 1) % size, size: size + (size === 1 ? 1 : 0) },
          { ...claim, path: [...claim.path, root] },
          { ...claim, path: claim.path.slice(0, -1), size: size === 1 ? 2 : size },
          { ...claim, root: sha256(root) },
        ]
        for (const lie of lies) if (verifyInclusion(lie, sha256)) wrong++
      }
    }
    expect(wrong).toBe(0)
  })

  it('proves that every list up to 70 goes on from every shorter one, and nothing else', () => {
    let wrong = 0
    const whole = new MerkleTree(entries, sha256)
    for (let size = 1; size <= most; size++) {
      const tree = new MerkleTree(entries.slice(0, size), sha256)
      for (let oldSize = 1; oldSize <= size; oldSize++) {
        const path = tree.consistencyProof(oldSize)
        const claim = { oldSize, oldRoot: whole.root(oldSize), size, root: tree.root(), path }
        if (!verifyConsistency(claim, sha256)) wrong++
        if (size > 40) continue
        const lies = [
          { ...claim, oldRoot: sha256(claim.oldRoot) },
          { ...claim, root: sha256(claim.root) },
          { ...claim, oldSize: 0 },
          { ...claim, oldSize: size + 1 },
          { ...claim, path: [...path, claim.root] },
          ...(path.length === 0 ? [] : [{ ...claim, path: path.slice(1) }]),
        ]
        for (const lie of lies) if (verifyConsistency(lie, sha256)) wrong++
      }
    }
    expect(wrong).toBe(0)
  })

  it('refuses hashes of another length and lists beyond its numbers', () => {
    const tree = new MerkleTree(entries.slice(0, 5), sha256)
    const claim = {
      entry: entry(3),
      index: 3,
      size: 5,
      root: tree.root(),
      path: tree.inclusionProof(3),
    }
    const short = claim.path.map((hash) => hash.subarray(1))
    expect(verifyInclusion({ ...claim, path: short }, sha256)).toBe(false)
    expect(verifyInclusion({ ...claim, size: 2 ** 31 }, sha256)).toBe(false)
    expect(verifyInclusion({ ...claim, index: 2.5 }, sha256)).toBe(false)
    expect(new MerkleTree(entries).root()).not.toEqual(new MerkleTree(entries, sha256).root())
  })
})
