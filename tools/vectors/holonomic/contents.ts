import { encodeContentSymbol } from '@kithnet/fountain'
import { fromHex, toHex } from '@kithnet/kernel'
import { type CborValue, encodeCbor, idToBytes } from '@kithnet/types'
import { runContents } from '../../../packages/holonomic/test/vector-subjects.ts'
import { challenge } from './examples.ts'
import { alice, bob, content } from './people.ts'
import { write } from './vector-file.ts'

const ref = [idToBytes(alice.peer), fromHex(content)!]
const message = (...values: readonly CborValue[]): object => ({ bytes: toHex(encodeCbor(values)) })
const symbol = encodeContentSymbol({
  id: { block: 2, symbol: 31 },
  bytes: new Uint8Array(64).fill(7),
  proof: new Uint8Array(64).fill(9),
})

/** What peers say to each other about contents that they keep. */
export function contents(): Promise<void> {
  return write(
    'contents',
    'docs/protocols/holonomic.md',
    runContents,
    [
      { name: 'ask-holding', why: 'the asker holds two', input: message(1, ...ref, [0, 31]) },
      {
        name: 'holding',
        why: 'a share, and a peer that holds some',
        input: message(2, ...ref, [51], [idToBytes(bob.peer)]),
      },
      { name: 'challenge', why: 'the bytes of one', input: message(3, challenge) },
      { name: 'keep', why: 'four shares', input: message(4, ...ref, [4, 5, 6, 7]) },
      { name: 'kept', why: 'all that are named', input: message(5, ...ref, [4, 5], 0) },
      { name: 'not kept', why: 'there is no room', input: message(5, ...ref, [], 4) },
      { name: 'want', why: 'four blocks from the third', input: message(6, ...ref, 31, 2, 4) },
      { name: 'symbols', why: 'one with its proof', input: message(7, ...ref, 31, 2, [symbol], 0) },
      { name: 'no symbols', why: 'too much is read', input: message(7, ...ref, 31, 2, [], 3) },
      { name: 'gone', why: 'one share', input: message(8, ...ref, [16_777_215]) },
    ],
    [
      { name: 'kind 0', why: 'kinds count from one', input: message(0, ...ref, []) },
      { name: 'kind 9', why: 'there are eight', input: message(9, ...ref, []) },
      { name: 'falling', why: 'shares rise', input: message(1, ...ref, [31, 0]) },
      { name: 'twice', why: 'shares rise', input: message(4, ...ref, [5, 5]) },
      { name: 'share of 25 bits', why: 'it has 24', input: message(8, ...ref, [16_777_216]) },
      {
        name: 'short author',
        why: 'it has 32 bytes',
        input: message(1, new Uint8Array(31), ref[1]!, []),
      },
      { name: 'no blocks', why: 'one is wanted at the least', input: message(6, ...ref, 31, 2, 0) },
      {
        name: 'five blocks',
        why: 'four are given at the most',
        input: message(6, ...ref, 31, 2, 5),
      },
      { name: 'block 256', why: 'a block has 8 bits', input: message(6, ...ref, 31, 256, 1) },
      { name: 'reason 7', why: 'there are six', input: message(5, ...ref, [], 7) },
      {
        name: 'a symbol that is none',
        why: 'it is read, too',
        input: message(7, ...ref, 31, 2, [symbol.subarray(1)], 0),
      },
      {
        name: 'a challenge with a name',
        why: 'it says itself what it is about',
        input: message(3, challenge, ref[0]!),
      },
      {
        name: '65 hints',
        why: 'there are 64 at the most',
        input: message(
          2,
          ...ref,
          [],
          Array.from({ length: 65 }, () => ref[0]!),
        ),
      },
    ],
  )
}
