import { chainMetadata, encodeEquivocation, type PlacedDraft } from '@kithnet/dag'
import { type Bytes, toHex, utf8 } from '@kithnet/kernel'
import { encodeCbor } from '@kithnet/types'
import { type ElraRecord, encodeRecord } from '@kithnet/wire'
import { type Change, runEquivocation } from '../../../packages/dag/test/vector-subjects.ts'
import { bob, changed, file, made } from './vector-file.ts'

/** Proofs that an author said two things. */
export async function equivocation(): Promise<void> {
  const place = (seq: number, prev?: string, stream = 'a'): Partial<PlacedDraft> => ({
    metadata: new Map(chainMetadata({ stream: stream.repeat(32), seq, prev })),
  })
  const [one, two, follow, follow2, skips] = await Promise.all([
    made(1, place(0)),
    made(2, place(0)),
    made(3, place(1, 'cc'.repeat(32))),
    made(4, place(1, 'cc'.repeat(32))),
    made(5, place(2, 'cc'.repeat(32))),
  ])
  const [same, otherStream, byBob, unchained, again] = await Promise.all([
    made(1, { ...place(0), content: utf8('else') }),
    made(6, place(0, undefined, 'b')),
    made(7, place(0), bob),
    made(8),
    made(1, place(0)),
  ])
  const unsigned = encodeRecord({ ...fieldsOf(two), signature: undefined })
  if (!unsigned.ok) throw new Error(unsigned.fault.code)
  const proof = (a: ElraRecord, b: ElraRecord): { readonly proof: string } => ({
    proof: toHex(encodeEquivocation(a, b)),
  })
  const raw = (...parts: readonly Uint8Array[]): { readonly proof: string } => ({
    proof: toHex(encodeCbor([1, ...parts])),
  })
  const [low, high] = [one, two].map(({ bytes }) => bytes) as [Bytes, Bytes]
  const from = (...changes: readonly Change[]): unknown => ({
    proof: changed('same place', ...changes),
  })
  return file(
    'equivocation',
    [
      ['same place', 'two records at one place of a stream', proof(one, two)],
      ['same place, other order', 'a pair has one proof', proof(two, one)],
      ['same place later', 'places after the first', proof(follow, follow2)],
      ['same previous', 'two records after one', proof(follow, skips)],
      ['same id', 'two records with one id', proof(one, same)],
    ],
    [
      ['other streams', 'each stream counts alone', proof(one, otherStream)],
      ['other authors', 'each author counts alone', proof(one, byBob)],
      ['no chain', 'a record that claims no place contradicts none', proof(one, unchained)],
      ['same record signed again', 'one statement has many signatures', proof(one, again)],
      ['different places', 'an author may say two things', proof(one, follow)],
      ['the same twice', 'two records are not one', raw(low, low)],
      ['in the wrong order', 'the smaller record comes first', raw(high, low)],
      ['one record', 'there are two', raw(low)],
      ['three records', 'there are two', raw(low, high, high)],
      ['one is unsigned', 'both are signed', raw(...[low, unsigned.value].toSorted(byBytes))],
      ['one is no record', 'both are records', raw(Uint8Array.of(0), low)],
      ['version', 'there is one version', from({ at: 1, bytes: '02' })],
      ['first signature changed', 'both signatures verify', from({ at: 4_000, bytes: '00ff00ff' })],
      ['second signature changed', 'both signatures verify', from({ at: -100, bytes: '00ff00ff' })],
      [
        'first content changed',
        'what is signed is what is read',
        from({ at: 70, bytes: '00ff00ff' }),
      ],
      ['cut', 'all of it is there', from({ length: 9_000 })],
      ['longer', 'nothing follows', from({ append: '00' })],
      ['empty', 'nothing is no proof', from({ length: 0 })],
    ],
    runEquivocation,
  )
}

function byBytes(a: Uint8Array, b: Uint8Array): number {
  return toHex(a) < toHex(b) ? -1 : 1
}

function fieldsOf(record: ElraRecord): Parameters<typeof encodeRecord>[0] {
  const { id, version, contentHash, creatorKey, timestamp, parents, classification, metadata } =
    record
  return { id, version, contentHash, creatorKey, timestamp, parents, classification, metadata }
}
