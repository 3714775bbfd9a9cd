import { assert, compareBytes } from '@kithnet/kernel'
import { encodeForkProof, isFork } from '../witness/fork-proof.ts'
import type { AnyHeld, Held } from './held.ts'
import type { StatementBook } from './statement-book.ts'
import { readItem } from './statement-item.ts'

/** The proofs that checkpoints make with those in a book, or with each other, and that the book has not got. */
export function forksAmong(
  news: readonly AnyHeld[],
  book: Pick<StatementBook, 'get'>,
): readonly Held<'fork'>[] {
  const proofs: Held<'fork'>[] = []
  const before = new Map<string, Held<'checkpoint'>>()
  for (const one of news) {
    if (one.kind !== 'checkpoint') continue
    for (const other of [book.get('checkpoint', one.slot), before.get(one.slot)]) {
      if (other === undefined || !isFork(one.statement, other.statement)) continue
      const proof = forkBetween(one, other)
      const isKnown = proofs.some(({ id }) => id === proof.id)
      if (!isKnown && book.get('fork', proof.slot) === undefined) proofs.push(proof)
    }
    before.set(one.slot, one)
  }
  return proofs
}

function forkBetween(a: Held<'checkpoint'>, b: Held<'checkpoint'>): Held<'fork'> {
  const [one, other] = compareBytes(a.body, b.body) < 0 ? [a, b] : [b, a]
  const body = encodeForkProof(one.publicKey, one, other)
  const signature = new Uint8Array(0)
  const read = readItem({ kind: 'fork', body, signature })
  assert(read.ok, 'two checkpoints that exclude each other make a proof')
  const { slot, id, signer } = read.value
  return {
    kind: 'fork',
    slot,
    id,
    signer,
    statement: { id: slot, one: one.statement, other: other.statement },
    body,
    signature,
    publicKey: one.publicKey,
  }
}
