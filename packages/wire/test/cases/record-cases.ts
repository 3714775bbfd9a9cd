import type { Mode } from '@kithnet/wire'
import type { Draft } from '../make-vectors.ts'
import type { Change, Part, RecordCaseInput, RecordInput } from '../vector-subjects.ts'

const bytes = (repeat: string, count: number): Part => ({ repeat, count })
const idOf = (number: number): string =>
  `019506e0-1234-7000-8000-${number.toString(16).padStart(12, '0')}`
const parentsUpTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => idOf(index + 1))

/** A strict record with nothing that can be left out. */
const plain: RecordInput = {
  id: idOf(0xabc),
  version: 1,
  contentHash: bytes('c1', 32),
  creatorKey: bytes('aa', 1952),
  timestamp: '41d9ec79d647e6b4',
  parents: [],
  classification: 0,
  metadata: '{}',
}
/** One with everything but the second signature. */
const full: RecordInput = {
  ...plain,
  parents: parentsUpTo(2),
  metadata: '{"key":"value","type":"sample"}',
  zkProof: '010203',
  signature: bytes('bb', 3309),
}
/** A compatible one that is short enough to be seen. */
const short: RecordInput = { ...plain, creatorKey: 'a1a2a3a4', signature: 'b1b2', zkProof: 'd1' }

// Offsets of `plain`, whose key has 1,952 bytes. Source: the layout of wire format 1.
const keyLengthAt = 77
const timestampAt = 2031
const parentCountAt = 2039
const classificationAt = 2041
const metadataLengthAt = 2042
const zkLengthAt = 2048
const signatureLengthAt = 2052
const sphincsLengthAt = 2054
const plainBytes = 2056

type Good = readonly [why: string, changes: Partial<RecordInput>]

const strict: Readonly<Record<string, Good>> = {
  'nothing but what must be': ['the shortest record', {}],
  'ml-dsa-65': ['a signature of 3,309 bytes', { signature: bytes('bb', 3309) }],
  dilithium3: ['a signature of 3,293 bytes', { signature: bytes('bb', 3293) }],
  'second signature alone': ['35,664 bytes', { sphincsSignature: bytes('dd', 35_664) }],
  'both signatures': [
    'the longest of both kinds',
    { signature: bytes('bb', 3309), sphincsSignature: bytes('dd', 35_664) },
  ],
  'zk proof': ['a proof is signed', { zkProof: '00ff' }],
  'empty zk proof': ['empty is as good as absent', { zkProof: '' }],
  'empty signatures': ['empty is as good as absent', { signature: '', sphincsSignature: '' }],
  'one parent': ['37 bytes', { parents: parentsUpTo(1) }],
  'parents in order': ['what is signed has the same order', { parents: parentsUpTo(3) }],
  'parents not in order': [
    'written as they come, signed in order',
    { parents: parentsUpTo(3).toReversed() },
  ],
  '256 parents': ['as many as there may be', { parents: parentsUpTo(256) }],
  'id of zeros': [
    'no version of a UUID is asked for',
    { id: '00000000-0000-0000-0000-000000000000' },
  ],
  'id of fs': ['the greatest id', { id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }],
  'time zero': ['1970', { timestamp: '0000000000000000' }],
  'time minus zero': ['zero below zero keeps its sign', { timestamp: '8000000000000000' }],
  'time before 1970': ['a day before', { timestamp: 'c0f5180000000000' }],
  'time of the far future': ['the greatest float', { timestamp: '7fefffffffffffff' }],
  'time of the far past': ['the least float', { timestamp: 'ffefffffffffffff' }],
  'least time': ['the smallest float above zero', { timestamp: '0000000000000001' }],
  'leap day': ['29 February 2024', { timestamp: '41d977e4e0000000' }],
  'last second of 9999': ['the end of the calendar', { timestamp: '424d7ffa20bf8000' }],
  'shard 0': ['byte 1 of the hash', { contentHash: bytes('00', 32) }],
  'shard 255': ['byte 1 of the hash', { contentHash: bytes('ff', 32) }],
  'metadata of every kind': [
    'each kind of value',
    {
      metadata:
        '{"a":null,"b":true,"c":false,"d":-5,"e":1.5,"f":"x","g":[1],"h":{"i":0.0},"j":18446744073709551615}',
    },
  ],
  'metadata out of order': ['written in order', { metadata: '{"b":1,"a":2,"":3,"aa":4}' }],
  'metadata beyond ascii': [
    'code points order keys',
    { metadata: '{"\u{1f600}":1,"\uff5e":2,"\u00e9":"\u017e"}' },
  ],
  'metadata with escapes': [
    'the forms of control characters',
    { metadata: '{"\\n":"\\u0001\\"\\\\"}' },
  ],
  everything: ['all fields at once', { ...full, sphincsSignature: bytes('dd', 35_664) }],
  ...Object.fromEntries(
    [0, 1, 2, 3].map((classification): readonly [string, Good] => [
      `classification ${classification}`,
      ['one of four', { classification }],
    ]),
  ),
}

const compatible: Readonly<Record<string, Good>> = {
  short: ['a key of four bytes', {}],
  'empty key': ['nothing is asked of a key', { creatorKey: '' }],
  'empty id': ['nothing is asked of an id', { id: '' }],
  'id of words': ['an id is any text', { id: 'rec-a' }],
  'id beyond ascii': ['an id is UTF-8', { id: '\u017elu\u0165 \u{1f600}' }],
  'id of 255 bytes': ['the longest whose length is kept', { id: 'x'.repeat(255) }],
  'id in capitals': ['an id is kept as it is', { id: idOf(0xabc).toUpperCase() }],
  'parents of words': [
    'sorted by bytes for signing',
    { parents: ['b', 'a', '', '\u{1f600}', '\uff5e'] },
  ],
  'parents that run together': ['signs as two others do', { parents: ['aaa', 'bbb'] }],
  'parents that run together otherwise': ['signs as two others do', { parents: ['aaabb', 'b'] }],
  'a parent twice': ['kept twice', { parents: ['a', 'a'] }],
  '300 parents': ['more than strict takes', { parents: parentsUpTo(300) }],
  'time that is no number': ['kept', { timestamp: '7ff8000000000000' }],
  'time that is another no number': ['its bits are kept', { timestamp: '7ff8000000000123' }],
  'endless time': ['kept', { timestamp: '7ff0000000000000' }],
  'endless time before': ['kept', { timestamp: 'fff0000000000000' }],
  'version 2 is written as 1': ['the number on the wire is fixed', { version: 2 }],
  'long signature': ['any length', { signature: bytes('bb', 60_000) }],
  'long second signature': ['any length', { sphincsSignature: bytes('dd', 65_535) }],
  'long proof': ['longer than a strict record', { zkProof: bytes('ee', 70_000) }],
  'float that comes out lower': ['read as another', { metadata: '{"f":0.012053200609833413}' }],
  'float without end': ['written as null', { metadata: '{"f":null}' }],
}

/** What bytes compatible reads that it does not write. */
const quirks: Readonly<Record<string, readonly [why: string, changes: readonly Change[]]>> = {
  'other type and reserved byte': ['not looked at', [{ at: 6, bytes: 'ffff' }]],
  'bytes behind': ['left out', [{ append: 'deadbeef' }]],
  'no second signature at all': ['as if it were empty', [{ length: plainBytes - 2 }]],
  'metadata of no bytes': [
    'as if it were {}',
    [{ at: metadataLengthAt, bytes: '00000000000000000000' }, { length: sphincsLengthAt }],
  ],
  'metadata with a space': [
    'written without',
    [{ at: metadataLengthAt + 4, bytes: '7b7d' }, { append: '20' }],
  ],
}

type Bad = readonly [fault: string, why: string, changes: Partial<RecordInput>]

/** Fields that strict does not write. */
const unwritable: Readonly<Record<string, Bad>> = {
  'version 2': ['wire/version', 'there is one version', { version: 2 }],
  'version 0': ['wire/version', 'there is one version', { version: 0 }],
  'short content hash': ['wire/content-hash-length', '32 bytes', { contentHash: bytes('c1', 31) }],
  'long content hash': ['wire/content-hash-length', '32 bytes', { contentHash: bytes('c1', 33) }],
  'short key': ['wire/key-length', '1,952 bytes', { creatorKey: bytes('aa', 1951) }],
  'no key': ['wire/key-length', '1,952 bytes', { creatorKey: '' }],
  'key of 1,953': ['wire/key-length', '1,952 bytes', { creatorKey: bytes('aa', 1953) }],
  'signature of 1': ['wire/signature-length', 'two lengths there are', { signature: 'bb' }],
  'signature of 3,294': [
    'wire/signature-length',
    'two lengths there are',
    { signature: bytes('bb', 3294) },
  ],
  'signature of 3,308': [
    'wire/signature-length',
    'two lengths there are',
    { signature: bytes('bb', 3308) },
  ],
  'second signature of 48': [
    'wire/signature-length',
    'one length there is',
    { sphincsSignature: bytes('dd', 48) },
  ],
  'no id': ['wire/id', 'a UUID', { id: '' }],
  'id of a word': ['wire/id', 'a UUID', { id: 'rec-a' }],
  'id in capitals': ['wire/id', 'lower case', { id: idOf(0xabc).toUpperCase() }],
  'id without hyphens': ['wire/id', 'hyphens at four places', { id: idOf(1).replaceAll('-', '0') }],
  'id with a hyphen elsewhere': [
    'wire/id',
    'hyphens at four places',
    { id: '019506e01-234-7000-8000-000000000001' },
  ],
  'id with a hyphen too many': [
    'wire/id',
    'hyphens at four places',
    { id: '019506e0-1234-7000-8000-0000000-0001' },
  ],
  'id with another letter': [
    'wire/id',
    'hexadecimal',
    { id: '019506e0-1234-7000-8000-00000000000g' },
  ],
  'id beyond ascii': [
    'wire/id',
    'hexadecimal',
    { id: '019506e0-1234-7000-8000-00000000000\u0131' },
  ],
  'id in braces': ['wire/id', '36 characters', { id: `{${idOf(1)}}` }],
  'parent of a word': ['wire/id', 'a UUID', { parents: [idOf(1), 'root'] }],
  'a parent twice': ['wire/duplicate-parent', 'once is enough', { parents: [idOf(1), idOf(1)] }],
  'the last of ten parents twice': [
    'wire/duplicate-parent',
    'once is enough',
    { parents: [...parentsUpTo(9), idOf(3)] },
  ],
  '257 parents': ['wire/too-many-parents', '256 at most', { parents: parentsUpTo(257) }],
  'no number of seconds': ['wire/timestamp', 'a finite number', { timestamp: '7ff8000000000000' }],
  'endless seconds': ['wire/timestamp', 'a finite number', { timestamp: '7ff0000000000000' }],
  'endless seconds before': [
    'wire/timestamp',
    'a finite number',
    { timestamp: 'fff0000000000000' },
  ],
  'classification 4': ['wire/classification', 'four there are', { classification: 4 }],
  'classification 255': ['wire/classification', 'four there are', { classification: 255 }],
  'metadata too deep': [
    'wire/metadata-too-deep',
    'eight levels',
    { metadata: `{"a":${'['.repeat(8)}${']'.repeat(8)}}` },
  ],
  'metadata too many': [
    'wire/metadata-too-many',
    '1,024 entries',
    { metadata: `{"a":[${Array.from({ length: 1024 }, () => '1').join(',')}]}` },
  ],
  'metadata too long': [
    'wire/metadata-too-long',
    '16,384 bytes',
    { metadata: `{"a":"${'x'.repeat(16_377)}"}` },
  ],
  'record too long': ['wire/too-long', '65,536 bytes', { zkProof: bytes('ee', 63_481) }],
}

type Broken = readonly [fault: string, why: string, ...changes: readonly Change[]]

/** Changes of `plain` that strict does not read. */
const unreadable: Readonly<Record<string, Broken>> = {
  'other magic': ['wire/magic', 'ELRA', { at: 0, bytes: '4e' }],
  'lower case magic': ['wire/magic', 'ELRA', { at: 0, bytes: '656c7261' }],
  'version 0 on the wire': ['wire/version', 'always 1', { at: 4, bytes: '0000' }],
  'version 2 on the wire': ['wire/version', 'always 1', { at: 4, bytes: '0002' }],
  'version 256 on the wire': ['wire/version', 'always 1', { at: 4, bytes: '0100' }],
  'other type': ['wire/type', 'always 1', { at: 6, bytes: '02' }],
  'type 0': ['wire/type', 'always 1', { at: 6, bytes: '00' }],
  'reserved byte': ['wire/type', 'always 0', { at: 7, bytes: '01' }],
  'id of 35 bytes': ['wire/id', 'always 36', { at: 8, bytes: '23' }],
  'id of no bytes': ['wire/id', 'always 36', { at: 8, bytes: '00' }],
  'id with a capital': ['wire/id', 'lower case', { at: 44, bytes: '43' }],
  'id with a zero byte': ['wire/id', 'hexadecimal', { at: 44, bytes: '00' }],
  'id that is no text': ['wire/id', 'hexadecimal', { at: 44, bytes: 'ff' }],
  'key of 1,951': ['wire/key-length', 'always 1,952', { at: keyLengthAt, bytes: '079f' }],
  'key of 0': ['wire/key-length', 'always 1,952', { at: keyLengthAt, bytes: '0000' }],
  'key of 65,535': ['wire/key-length', 'always 1,952', { at: keyLengthAt, bytes: 'ffff' }],
  'seconds that are no number': ['wire/timestamp', 'finite', { at: timestampAt, bytes: '7ff8' }],
  'seconds without end': [
    'wire/timestamp',
    'finite',
    { at: timestampAt, bytes: '7ff0000000000000' },
  ],
  'seconds that signal': [
    'wire/timestamp',
    'finite',
    { at: timestampAt, bytes: 'fff0000000000001' },
  ],
  'announces 257 parents': [
    'wire/too-many-parents',
    'before they are read',
    { at: parentCountAt, bytes: '0101' },
  ],
  'announces 65,535 parents': [
    'wire/too-many-parents',
    'before they are read',
    { at: parentCountAt, bytes: 'ffff' },
  ],
  'announces a parent that is not there': [
    'wire/id',
    'what follows is none',
    { at: parentCountAt, bytes: '0001' },
  ],
  'classification 4 on the wire': [
    'wire/classification',
    'four there are',
    { at: classificationAt, bytes: '04' },
  ],
  'metadata of no bytes': [
    'wire/metadata-form',
    'an object at least',
    { at: metadataLengthAt, bytes: '00000000' },
  ],
  'metadata of 16,385 bytes': [
    'wire/metadata-too-long',
    'before it is read',
    { at: metadataLengthAt, bytes: '00004001' },
  ],
  'metadata of 4 GB': [
    'wire/metadata-too-long',
    'before it is read',
    { at: metadataLengthAt, bytes: 'ffffffff' },
  ],
  'metadata beyond the end': [
    'wire/truncated',
    'the bytes end',
    { at: metadataLengthAt, bytes: '00001000' },
  ],
  'metadata that is an array': [
    'wire/metadata-syntax',
    'an object',
    { at: metadataLengthAt + 4, bytes: '5b5d' },
  ],
  'metadata cut short': [
    'wire/metadata-syntax',
    'no end',
    { at: metadataLengthAt, bytes: '00000001' },
  ],
  'proof beyond the end': [
    'wire/truncated',
    'the bytes end',
    { at: zkLengthAt, bytes: '00000100' },
  ],
  'proof of 4 GB': ['wire/truncated', 'the bytes end', { at: zkLengthAt, bytes: 'ffffffff' }],
  'signature of 64': [
    'wire/signature-length',
    'two lengths there are',
    { at: signatureLengthAt, bytes: '0040' },
  ],
  'signature beyond the end': [
    'wire/truncated',
    'the bytes end',
    { at: signatureLengthAt, bytes: '0ced' },
  ],
  'second signature of 64': [
    'wire/signature-length',
    'one length there is',
    { at: sphincsLengthAt, bytes: '0040' },
  ],
  'second signature beyond the end': [
    'wire/truncated',
    'the bytes end',
    { at: sphincsLengthAt, bytes: '8b50' },
  ],
  'a byte behind': ['wire/trailing-bytes', 'a record is all there is', { append: '00' }],
  'another record behind': [
    'wire/trailing-bytes',
    'a record is all there is',
    { append: '454c5241' },
  ],
  'no second signature': ['wire/truncated', 'a length at least', { length: plainBytes - 2 }],
  'half a length': ['wire/truncated', 'a length at least', { length: plainBytes - 1 }],
  'more than 65,536 bytes': [
    'wire/too-long',
    'before anything is read',
    { append: bytes('00', 63_481) },
  ],
}

/** Changes of `short` that compatible does not read either. */
const hopeless: Readonly<Record<string, Broken>> = {
  'other magic': ['wire/magic', 'ELRA', { at: 3, bytes: '42' }],
  'version 2 on the wire': ['wire/version', 'always 1', { at: 4, bytes: '0002' }],
  'id that is no text': ['wire/id', 'UTF-8', { at: 44, bytes: 'ff' }],
  'classification 4 on the wire': [
    'wire/classification',
    'four there are',
    { at: 93, bytes: '04' },
  ],
  'metadata that is an array': ['wire/metadata-syntax', 'an object', { at: 98, bytes: '5b5d' }],
  'metadata of 4 GB': ['wire/truncated', 'the bytes end', { at: 94, bytes: 'ffffffff' }],
  'half a length at the end': ['wire/truncated', 'two bytes or none', { length: 110 }],
  'parents that are not there': ['wire/id', 'the bytes end', { at: 91, bytes: 'ffff' }],
}

/** Cases of `wire/record.json`. */
export function recordCases(): readonly Draft<RecordCaseInput>[] {
  const good = (mode: Mode, base: RecordInput, cases: Readonly<Record<string, Good>>) =>
    Object.entries(cases).map(([name, [why, changes]]): Draft<RecordCaseInput> => [
      `${mode}: ${name}`,
      why,
      { mode, record: { ...base, ...changes } },
    ])
  const broken = (mode: Mode, record: RecordInput, cases: Readonly<Record<string, Broken>>) =>
    Object.entries(cases).map(([name, [fault, why, ...changes]]): Draft<RecordCaseInput> => [
      `${mode} does not read: ${name}`,
      why,
      { mode, record, changes },
      fault,
    ])
  return [
    ...good('strict', plain, strict),
    ...good('compatible', plain, strict),
    ...good('compatible', short, compatible),
    ...Object.entries(quirks).map(([name, [why, changes]]): Draft<RecordCaseInput> => [
      `compatible reads: ${name}`,
      why,
      { mode: 'compatible', record: plain, changes },
    ]),
    ...Object.entries(unwritable).map(([name, [fault, why, changes]]): Draft<RecordCaseInput> => [
      `strict does not write: ${name}`,
      why,
      { mode: 'strict', record: { ...full, ...changes } },
      fault,
    ]),
    ...broken('strict', plain, unreadable),
    ...broken('compatible', short, hopeless),
    ...truncations('strict', plain, [0, 3, 5, 7, 8, 20, 60, 78, 500, 2035, 2040, 2041, 2044, 2047]),
    ...truncations(
      'compatible',
      short,
      [0, 3, 5, 7, 8, 20, 60, 78, 82, 88, 92, 93, 97, 99, 103, 105],
    ),
  ]
}

function truncations(
  mode: Mode,
  record: RecordInput,
  lengths: readonly number[],
): readonly Draft<RecordCaseInput>[] {
  return lengths.map((length) => [
    `${mode} does not read: the first ${length} bytes`,
    'something is missing',
    { mode, record, changes: [{ length }] },
    'wire/truncated',
  ])
}
