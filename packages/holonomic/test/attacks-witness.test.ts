import { type Bytes, concat, equalBytes, toHex, utf8 } from '@kithnet/kernel'
import {
  checkpointKind,
  encodeCheckpoint,
  encodeForkProof,
  LogTree,
  provesInclusion,
  readForkProof,
  setRoot,
} from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import { hash } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../src/digest.ts'
import { actor, network, noon, scheme } from './actors.ts'

describe('Merkle trees', () => {
  const [a, b, c] = [utf8('a'), utf8('b'), utf8('c')]

  it('old: a doubled last leaf has the same root; ours: another list has another root', () => {
    expect(equalBytes(ciris.pairTreeRoot([a, b, c]), ciris.pairTreeRoot([a, b, c, c]))).toBe(true)
    const root = (leaves: readonly Bytes[]): Bytes => new LogTree(leaves).root()
    expect(equalBytes(root([a, b, c]), root([a, b, c, c]))).toBe(false)
    expect(setRoot([a, b, c, c]).size).toBe(3)
  })

  it('old: a leaf can pass for a node; ours: they are hashed apart', () => {
    const node = concat(sha256(a), sha256(b))
    expect(equalBytes(ciris.pairTreeRoot([a, b]), ciris.pairTreeRoot([node]))).toBe(true)
    const tree = new LogTree([a, b])
    const inner = concat(hash('leaf', a), hash('leaf', b))
    expect(equalBytes(tree.root(), new LogTree([inner]).root())).toBe(false)
    expect(provesInclusion(inner, 0, 1, [], tree.root())).toBe(false)
  })
})

describe('equivocation', () => {
  const peer = actor('equivocator')
  const checkpoint = (state: string): Bytes =>
    encodeCheckpoint({
      network,
      peer: peer.peer,
      namespaces: ['records'],
      epoch: 7,
      stateRoot: hash('trace', utf8(state)),
      stateSize: 1,
      logRoot: hash('trace', utf8(`log ${state}`)),
      at: noon,
    })
  const old = (state: string): ciris.WholenessWitness => ({
    peerId: 'victim',
    epoch: 7n,
    merkleRoot: hash('trace', utf8(state)),
    leafCount: 1,
    namespaces: ['records'],
    observedAtMs: 1n,
  })

  it('old: two observers make two proofs of one thing; ours: one', () => {
    const [one, other] = [old('one'), old('other')]
    expect(
      equalBytes(
        ciris.equivocationPreimage(one, other, 2n)!,
        ciris.equivocationPreimage(other, one, 2n)!,
      ),
    ).toBe(false)
    const [a, b] = ['one', 'other'].map((state) => peer.sign(checkpointKind, checkpoint(state)))
    const proof = encodeForkProof(peer.publicKey, a!, b!)
    expect(toHex(encodeForkProof(peer.publicKey, b!, a!))).toBe(toHex(proof))
    expect(readForkProof(proof, scheme)).toMatchObject({
      ok: true,
      value: { one: { peer: peer.peer, epoch: 7 }, other: { peer: peer.peer, epoch: 7 } },
    })
  })

  it('old: anybody can write a proof against anybody; ours needs both signatures', () => {
    // Nothing of the victim went into this.
    const framed = ciris.equivocationPreimage(old('invented'), old('too'), 2n)!
    expect(toHex(framed)).toContain(toHex(utf8(old('invented').peerId)))
    const framer = actor('framer')
    const real = peer.sign(checkpointKind, checkpoint('one'))
    const forged = framer.sign(checkpointKind, checkpoint('other'))
    for (const [key, a, b] of [
      [peer.publicKey, real, forged],
      [framer.publicKey, real, forged],
      [peer.publicKey, forged, { body: checkpoint('third'), signature: real.signature }],
    ] as const) {
      expect(readForkProof(encodeForkProof(key, a, b), scheme)).toMatchObject({
        ok: false,
        fault: { code: 'holonomic/not-a-fork', why: 'signature' },
      })
    }
    expect(readForkProof(encodeForkProof(peer.publicKey, real, real), scheme)).toMatchObject({
      ok: false,
      fault: { code: 'holonomic/not-a-fork', why: 'order' },
    })
  })
})
