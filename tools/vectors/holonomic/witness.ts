import {
  checkpointId,
  encodeCheckpoint,
  encodeCosignature,
  logIdOf,
  logLeaf,
  WitnessLog,
} from '@kithnet/holonomic'
import type { Domain, Identity } from '@kithnet/identity'
import { toHex, utf8 } from '@kithnet/kernel'
import { type CborValue, encodeCbor } from '@kithnet/types'
import { encodeWitnessBundle } from '../../../packages/holonomic/src/witness/witness-bundle.ts'
import type { SignedBy } from '../../../packages/holonomic/src/witness/witness-messages.ts'
import { runWitness } from '../../../packages/holonomic/test/vector-subjects.ts'
import { alice, at, bob, carol, dave, network } from './people.ts'
import { write } from './vector-file.ts'

/** What owners and witnesses say to each other, and what they can show to anybody. */
export async function witness(): Promise<void> {
  const log = new WitnessLog({ network, peer: alice.peer, namespaces: ['notes'] })
  for (const text of ['one', 'two', 'three']) log.commit([utf8(text)], at)
  const [second, third] = [log.checkpointAt(2), log.checkpointAt(3)]
  const body = encodeCheckpoint(third)
  const sign = async (by: Identity, domain: Domain, bytes: Uint8Array): Promise<SignedBy> => ({
    publicKey: by.publicKey,
    body: bytes,
    signature: await by.sign(domain, bytes),
  })
  const cosign = (by: Identity, under = third): Promise<SignedBy> => {
    const of = { log: logIdOf(under), epoch: under.epoch, checkpoint: checkpointId(under) }
    return sign(by, 'cosignature', encodeCosignature({ cosigner: by.peer, ...of, at }))
  }
  const checkpoint = await sign(alice, 'checkpoint', body)
  const cosignatures = [await cosign(bob), await cosign(carol)]
  const parts = {
    checkpoint,
    cosignatures,
    leaf: logLeaf(second),
    inclusion: log.inclusionProof(2, 3),
  }
  const appointed = [bob, carol, dave].map(({ peer }) => peer)
  const bundle = (
    changed: Partial<typeof parts> = {},
    rules: { readonly appointed?: readonly string[]; readonly threshold?: number } = {},
  ): object => ({
    kind: 'bundle',
    bytes: toHex(encodeWitnessBundle({ ...parts, ...changed })),
    appointed: rules.appointed ?? appointed,
    threshold: rules.threshold ?? 2,
  })
  const message = (...values: readonly CborValue[]): object => ({
    kind: 'message',
    bytes: toHex(encodeCbor(values)),
  })
  // Signatures are not checked by codecs: these are bytes of the right length.
  const signed = [alice.publicKey, body, new Uint8Array(3_309).fill(0x5a)]
  const hash = new Uint8Array(32).fill(7)
  const nothing = new Uint8Array(0)
  const [own, doubled] = [await cosign(alice), [cosignatures[0]!, cosignatures[0]!]]
  const unsigned = { ...checkpoint, signature: new Uint8Array(3_309) }
  return write(
    'witness',
    'docs/protocols/holonomic.md',
    runWitness,
    [
      { name: 'offer', why: 'the first, from nothing', input: message(0, signed, nothing, []) },
      {
        name: 'offer from an epoch',
        why: 'with the body of the checkpoint where the proof starts',
        input: message(0, signed, encodeCheckpoint(second), [hash, hash]),
      },
      { name: 'cosigned', why: 'the signature', input: message(1, signed) },
      { name: 'refused', why: 'it knows epoch 4', input: message(2, hash, 3, 0, 4) },
      {
        name: 'open',
        why: 'asks for the checkpoint alone',
        input: message(3, 1, ['a', 'b'], null),
      },
      { name: 'shown', why: 'the checkpoint', input: message(4, 1, signed) },
      { name: 'nothing shown', why: 'there is none', input: message(4, 1, null) },
      { name: 'coded', why: 'of comparison 1, by its opener', input: message(5, 3, [2, []]) },
      { name: 'want', why: 'one member', input: message(6, 1, hash) },
      { name: 'members', why: 'an empty one and another', input: message(7, 1, [nothing, hash]) },
      { name: 'end', why: 'of comparison 1', input: message(8, 2) },
      { name: 'bundle', why: 'two of three have cosigned', input: bundle() },
      {
        name: 'the last state',
        why: 'its proof is of the log that ends with it',
        input: bundle({ leaf: logLeaf(third), inclusion: log.inclusionProof(3, 3) }),
      },
    ],
    [
      { name: 'another kind', why: 'there are nine', input: message(9, 0) },
      { name: 'another reason', why: 'there are seven', input: message(2, hash, 3, 7, 4) },
      { name: 'no namespace', why: 'a log is of something', input: message(3, 1, [], null) },
      { name: 'namespaces falling', why: 'one spelling', input: message(3, 1, ['b', 'a'], null) },
      { name: 'half a name', why: 'names have 32 bytes', input: message(6, 1, hash.subarray(16)) },
      { name: 'nothing wanted', why: 'nobody asks for nothing', input: message(6, 1, nothing) },
      {
        name: 'a long proof',
        why: '54 hashes reach for every size',
        input: message(
          0,
          signed,
          nothing,
          Array.from({ length: 55 }, () => hash),
        ),
      },
      {
        name: 'too few',
        why: 'three have to have cosigned',
        input: bundle({}, { threshold: 3 }),
      },
      {
        name: 'not appointed',
        why: 'only those count',
        input: bundle({}, { appointed: [bob.peer, dave.peer] }),
      },
      { name: 'one twice', why: 'each counts once', input: bundle({ cosignatures: doubled }) },
      {
        name: 'the owner’s own',
        why: 'its word adds nothing',
        input: bundle({ cosignatures: [...cosignatures, own] }),
      },
      {
        name: 'of another checkpoint',
        why: 'cosignatures are under exactly this one',
        input: bundle({ cosignatures: [cosignatures[0]!, await cosign(carol, second)] }),
      },
      {
        name: 'another state',
        why: 'the leaf is where its epoch says',
        input: bundle({ leaf: logLeaf({ ...second, stateSize: 2 }) }),
      },
      { name: 'unsigned', why: 'the owner has signed', input: bundle({ checkpoint: unsigned }) },
    ],
  )
}
