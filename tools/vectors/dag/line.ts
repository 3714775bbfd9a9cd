import { attest, type Carried, encodeAttestation, encodeEquivocation, lineOf } from '@kithnet/dag'
import { utf8 } from '@kithnet/kernel'
import { runLine } from '../../../packages/dag/test/vector-subjects.ts'
import { bob, file, made } from './vector-file.ts'

/** Lines of JSON. */
export async function line(): Promise<void> {
  const [first, second] = await Promise.all([
    made(1, { metadata: new Map([['text', 'é " \\ \n \u2028']]), classification: 1 }),
    made(2, { parents: ['01950f2e-7c1a-7abc-8def-000000000001'] }),
  ])
  const forked = await made(1, { content: utf8('else') })
  const text = (kind: Carried['kind'], bytes: Uint8Array): string => {
    const written = lineOf({ kind, bytes })
    if (!written.ok) throw new Error(written.fault.why)
    return written.value
  }
  const good = text('record', second.bytes)
  const word = text('attestation', encodeAttestation(await attest(second, bob, 1_770_000_100)))
  const edit = (from: string | RegExp, to: string): unknown => ({ line: good.replace(from, to) })
  return file(
    'line',
    [
      ['record', 'a record', { line: good }],
      ['private record', 'metadata as it was signed', { line: text('record', first.bytes) }],
      ['attestation', 'a witness’s word', { line: word }],
      [
        'equivocation',
        'a proof',
        { line: text('equivocation', encodeEquivocation(first, forked)) },
      ],
    ],
    [
      ['class', 'what a person reads is what the bytes say', edit('"public"', '"private"')],
      ['time', 'what a person reads is what the bytes say', edit('2026-02', '2026-03')],
      ['parent', 'what a person reads is what the bytes say', edit('000000000001', '000000000009')],
      ['metadata', 'what a person reads is what the bytes say', edit('ml-dsa-65', 'ml-dsa-87')],
      ['space', 'a line has one form', edit(':', ': ')],
      ['trailing space', 'a line has one form', edit(/$/, ' ')],
      ['kind', 'the bytes are of that kind', edit('"record"', '"attestation"')],
      ['kind unknown', 'there are three kinds', edit('"record"', '"note"')],
      ['upper-case digits', 'bytes are lower-case', edit('"bytes":"454c', '"bytes":"454C')],
      ['a digit less', 'bytes have two digits', edit(/."}$/, '"}')],
      ['bytes changed', 'bytes and text agree', edit('"bytes":"454c', '"bytes":"454d')],
      ['no bytes', 'a line holds its bytes', { line: '{"kind":"record"}' }],
      ['an array', 'a line is an object', { line: '[]' }],
      ['no JSON', 'a line is JSON', { line: '{' }],
      ['empty', 'a line is JSON', { line: '' }],
      ['field more', 'a line has one form', edit(/}$/, ',"more":1}')],
    ],
    () => runLine,
  )
}
