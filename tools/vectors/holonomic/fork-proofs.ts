import { encodeCheckpoint, encodeForkProof } from '@kithnet/holonomic'
import { type Identity } from '@kithnet/identity'
import { type Bytes, toHex, utf8 } from '@kithnet/kernel'
import { encodeCbor, hash } from '@kithnet/types'
import { runFork } from '../../../packages/holonomic/test/vector-subjects.ts'
import { checkpoint } from './examples.ts'
import { alice, bob } from './people.ts'
import { write } from './vector-file.ts'

/** Proofs that a peer has two states at once. */
export async function forkProofs(): Promise<void> {
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
  return write(
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
}
