import { type Carried, writeBundle } from '@kithnet/dag'
import { toHex } from '@kithnet/kernel'
import { type Change, runBundle } from '../../../packages/dag/test/vector-subjects.ts'
import { changed, file } from './vector-file.ts'

/** Bundle files. */
export async function bundle(): Promise<void> {
  const small = (kind: Carried['kind'], fill: number, length = 20): Carried => ({
    kind,
    bytes: new Uint8Array(length).fill(fill),
  })
  const written = async (...entries: readonly Carried[]): Promise<{ readonly bundle: string }> => {
    const chunks: string[] = []
    for await (const chunk of writeBundle(entries)) chunks.push(toHex(chunk))
    return { bundle: chunks.join('') }
  }
  const all = [small('record', 1), small('attestation', 2), small('equivocation', 3)] as const
  const from = (...changes: readonly Change[]): unknown => ({
    bundle: changed('one of each', ...changes),
  })
  const head = 13
  const entryLength = 4 + 3 + 19 + 1 + 32
  return file(
    'bundle',
    [
      ['one of each', 'records, attestations, proofs', await written(...all)],
      ['empty', 'nothing but its end', await written()],
      ['one record', 'the usual case', await written(small('record', 7, 300))],
      ['no bytes', 'what an entry holds is not looked at', await written(small('record', 0, 0))],
      [
        'many',
        'the count goes beyond a byte',
        await written(
          ...Array.from({ length: 300 }, (_, index) => small('record', index & 255, 1)),
        ),
      ],
    ],
    [
      ['name', 'a bundle begins with its name', from({ at: 0, bytes: '6b' })],
      ['version', 'there is one version', from({ at: 10, bytes: '02' })],
      ['line end', 'text transfers change this', from({ at: 11, bytes: '0a' })],
      ['nothing', 'a bundle has a head', from({ length: 0 })],
      ['head alone', 'a bundle has an end', from({ length: head })],
      ['length too large', 'entries are bounded', from({ at: head, bytes: '7fffffff' })],
      [
        'length too small',
        'the hash is where the length says',
        from({ at: head + 3, bytes: '10' }),
      ],
      ['first entry changed', 'every byte is hashed', from({ at: head + 10, bytes: 'ff' })],
      ['kind changed', 'the kind is hashed', from({ at: head + 5, bytes: '01' })],
      [
        'hash changed',
        'the hash is compared',
        from({ at: head + entryLength - 3, bytes: 'ffffff' }),
      ],
      ['end changed', 'the end is hashed', from({ at: -1, bytes: 'ff' })],
      [
        'without its end',
        'whoever cuts between entries is noticed',
        from({ length: head + entryLength }),
      ],
      ['cut in an entry', 'all of it is there', from({ length: head + entryLength + 20 })],
      ['longer', 'nothing follows', from({ append: '00' })],
    ],
    runBundle,
  )
}
