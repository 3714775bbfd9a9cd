import type { Mode } from '@kithnet/wire'
import type { Draft } from '../make-vectors.ts'
import type { MetadataCaseInput } from '../vector-subjects.ts'

/** Text, or parts of it that stand several times in a row. */
type Text = string | readonly (readonly [text: string, times: number])[]
type Row = readonly [text: Text, why: string]

const strict: readonly Row[] = [
  ['{}', 'nothing'],
  ['{"a":1}', 'an integer'],
  ['{"a":1.0}', 'a float without a fraction keeps its point'],
  ['{"a":-1}', 'an integer below zero'],
  ['{"a":0}', 'zero'],
  ['{"a":0.0}', 'zero as a float'],
  ['{"a":-0.0}', 'the float below zero that is zero'],
  ['{"a":18446744073709551615}', 'the greatest integer'],
  ['{"a":-9223372036854775808}', 'the least integer'],
  ['{"a":9007199254740993}', 'an integer that no float holds'],
  ['{"a":0.1}', 'a tenth'],
  ['{"a":0.85}', 'two digits'],
  ['{"a":3.14}', 'three digits'],
  ['{"a":100.0}', 'a hundred'],
  ['{"a":1739712345.123456}', 'a time: 16 digits that stay'],
  ['{"a":1000000000000000.0}', 'the greatest power of ten in plain form'],
  ['{"a":9007199254740992.0}', '2^53'],
  ['{"a":1e+16}', 'the least power of ten in exponent form'],
  ['{"a":1e+22}', 'the greatest power of ten that a float holds exactly'],
  ['{"a":1e+300}', 'a great float'],
  ['{"a":0.00001}', 'the least power of ten in plain form'],
  ['{"a":1e-6}', 'the greatest power of ten in small exponent form'],
  ['{"a":1.5e-7}', 'an exponent below zero'],
  ['{"a":5e-324}', 'the least float'],
  ['{"a":1.7976931348623157e+308}', 'the greatest float'],
  ['{"a":0.30000000000000004}', '17 digits that stay'],
  ['{"a":"text"}', 'text'],
  ['{"a":""}', 'empty text'],
  ['{"":1}', 'an empty key'],
  ['{"a":true,"b":false,"c":null}', 'the three words'],
  ['{"a":[]}', 'an empty array'],
  ['{"a":{}}', 'an empty object'],
  ['{"a":[1,"b",null,[true]]}', 'an array in an array'],
  ['{"a":{"b":{"c":1}}}', 'objects in objects'],
  ['{"a":"\\"\\\\"}', 'a quote and a backslash'],
  ['{"a":"\\b\\t\\n\\f\\r"}', 'the control characters with short forms'],
  ['{"a":"\\u0000\\u0001\\u000b\\u001f"}', 'control characters without'],
  ['{"a":"/\u007f"}', 'a slash and the delete character stand for themselves'],
  ['{"a":"\u017elu\u0165 \u{1f600}"}', 'characters of two and four bytes'],
  ['{"a":"\u2028\u2029"}', 'line separators stand for themselves'],
  ['{"Z":1,"a":2}', 'capitals come first'],
  ['{"\uff5e":1,"\u{1f600}":2}', 'keys are ordered by code points, not by UTF-16'],
  ['{"\\"":1,"#":2}', 'keys are ordered by what escapes stand for'],
  ['{"\\u001f":1," ":2}', 'a control character comes before a space'],
  ['{"a":1,"aa":2,"ab":3,"b":4}', 'a prefix comes first'],
  [
    [
      ['{"a":', 1],
      ['[', 7],
      [']', 7],
      ['}', 1],
    ],
    'eight levels',
  ],
  [
    [
      ['{"a":[', 1],
      ['1,', 1022],
      ['1]}', 1],
    ],
    'as many entries as there may be',
  ],
  [
    [
      ['{"a":"', 1],
      ['x', 16_376],
      ['"}', 1],
    ],
    'as many bytes as there may be',
  ],
]

const compatible: readonly Row[] = [
  ['', 'no bytes are no metadata'],
  [' {\n"b" :\t1 , "a":2 }\r\n', 'whitespace, and keys in another order'],
  ['{"a":1,"a":2}', 'of equal keys the last one counts'],
  ['{"a":"\\u017e\\ud83d\\ude00"}', 'escapes that need not be'],
  ['{"a":"\\/"}', 'a slash may be escaped'],
  ['{"a":"\\u000A\\u001F"}', 'capitals in escapes'],
  ['{"a":-0}', 'the integer below zero that is zero is a float'],
  ['{"a":1e5}', 'an exponent makes a float'],
  ['{"a":1E+2}', 'a capital exponent'],
  ['{"a":1e-05}', 'zeros in an exponent'],
  ['{"a":1e16}', 'an exponent without its sign'],
  ['{"a":18446744073709551616}', 'an integer too great is a float'],
  ['{"a":-9223372036854775809}', 'an integer too small is a float'],
  ['{"a":123456789012345678901234567890}', 'many digits'],
  ['{"a":0.1234567890123456789012345}', 'digits that are dropped'],
  ['{"a":0.012053200609833413}', 'a float that comes out lower'],
  ['{"a":211738.79662138014}', 'a float that comes out higher'],
  ['{"a":999999999999999.9}', 'a float that comes out whole'],
  ['{"a":2.5e-324}', 'rounded to the least float'],
  ['{"a":1e-400}', 'too small is zero'],
  ['{"a":0e400}', 'zero stays zero'],
  ['{"a":0e99999999999}', 'an exponent of more than 32 bits'],
  ['{"a":1e-99999999999}', 'an exponent of more than 32 bits below zero'],
  [
    [
      ['{"a":', 1],
      ['[', 126],
      [']', 126],
      ['}', 1],
    ],
    '127 levels',
  ],
]

const bad: readonly (readonly [mode: Mode, text: Text, why: string, fault: string])[] = [
  ['strict', '', 'nothing is no object', 'wire/metadata-form'],
  ['strict', '{ }', 'a space', 'wire/metadata-form'],
  ['strict', '{}\n', 'a line end', 'wire/metadata-form'],
  ['strict', '{"a": 1}', 'a space before a value', 'wire/metadata-form'],
  ['strict', '{"b":1,"a":2}', 'keys out of order', 'wire/metadata-form'],
  ['strict', '{"a":1,"a":2}', 'a key twice', 'wire/metadata-form'],
  ['strict', '{"aa":1,"a":2}', 'a prefix behind', 'wire/metadata-form'],
  ['strict', '{"\u{1f600}":1,"\uff5e":2}', 'keys in the order of UTF-16', 'wire/metadata-form'],
  ['strict', '{"#":1,"\\"":2}', 'keys in the order of their escapes', 'wire/metadata-form'],
  ['strict', '{"a":"\\/"}', 'a slash escaped', 'wire/metadata-form'],
  ['strict', '{"a":"\\u0041"}', 'a letter escaped', 'wire/metadata-form'],
  ['strict', '{"a":"\\u000a"}', 'a long form where there is a short one', 'wire/metadata-form'],
  ['strict', '{"a":"\\u001F"}', 'capitals in an escape', 'wire/metadata-form'],
  ['strict', '{"a":"\\u017e"}', 'two bytes escaped', 'wire/metadata-form'],
  ['strict', '{"a":-0}', 'an integer that is a float elsewhere', 'wire/metadata-form'],
  ['strict', '{"a":1e5}', 'a float in another form', 'wire/metadata-form'],
  ['strict', '{"a":100000.00}', 'a zero too many', 'wire/metadata-form'],
  ['strict', '{"a":1e16}', 'an exponent without its sign', 'wire/metadata-form'],
  ['strict', '{"a":1e-05}', 'a zero in an exponent', 'wire/metadata-form'],
  ['strict', '{"a":1E+16}', 'a capital exponent', 'wire/metadata-form'],
  ['strict', '{"a":0.000001}', 'a plain form where there is an exponent', 'wire/metadata-form'],
  ['strict', '{"a":10000000000000000.0}', 'the same of great ones', 'wire/metadata-form'],
  ['strict', '{"a":18446744073709551616}', 'an integer too great', 'wire/metadata-form'],
  ['strict', '{"a":-9223372036854775809}', 'an integer too small', 'wire/metadata-form'],
  ['strict', '{"a":0.10000000000000001}', 'more digits than needed', 'wire/metadata-form'],
  ['strict', '{"a":0.012053200609833413}', 'comes out lower elsewhere', 'wire/metadata-number'],
  ['strict', '{"a":211738.79662138014}', 'comes out higher elsewhere', 'wire/metadata-number'],
  ['strict', '{"a":-27862564.327137534}', 'the same below zero', 'wire/metadata-number'],
  ['strict', '{"a":999999999999999.9}', 'comes out whole elsewhere', 'wire/metadata-number'],
  ['strict', '{"a":[0.9529413657043353]}', 'the same within', 'wire/metadata-number'],
  [
    'strict',
    [
      ['{"a":', 1],
      ['[', 8],
      [']', 8],
      ['}', 1],
    ],
    'nine levels',
    'wire/metadata-too-deep',
  ],
  [
    'strict',
    [
      ['{"a":[', 1],
      ['1,', 1023],
      ['1]}', 1],
    ],
    'an entry too many',
    'wire/metadata-too-many',
  ],
  [
    'strict',
    [
      ['{"a":"', 1],
      ['x', 16_377],
      ['"}', 1],
    ],
    'a byte too many',
    'wire/metadata-too-long',
  ],
  ...(['strict', 'compatible'] as const).flatMap((mode) =>
    (
      [
        ['[]', 'an array is no object'],
        ['null', 'null is no object'],
        ['"a"', 'text is no object'],
        ['1', 'a number is no object'],
        ['{', 'an end is missing'],
        ['{"a"', 'a value is missing'],
        ['{"a":', 'a value is missing'],
        ['{"a":1', 'an end is missing'],
        ['{"a":1,}', 'a comma too many'],
        ['{,"a":1}', 'a comma too many'],
        ['{"a":[1,]}', 'a comma too many'],
        ['{"a":[1 2]}', 'a comma is missing'],
        ['{a:1}', 'a key without quotes'],
        ["{'a':1}", 'the wrong quotes'],
        ['{"a":1}}', 'an end too many'],
        ['{"a":1}x', 'something behind'],
        ['{"a":01}', 'a zero in front'],
        ['{"a":+1}', 'a plus in front'],
        ['{"a":.5}', 'no digit before the point'],
        ['{"a":5.}', 'no digit behind the point'],
        ['{"a":1e}', 'no exponent'],
        ['{"a":-}', 'no digit'],
        ['{"a":0x1}', 'another base'],
        ['{"a":NaN}', 'no number'],
        ['{"a":Infinity}', 'no number'],
        ['{"a":tru}', 'half a word'],
        ['{"a":True}', 'a word in capitals'],
        ['{"a":"\n"}', 'a control character'],
        ['{"a":"\\x41"}', 'an unknown escape'],
        ['{"a":"\\u12"}', 'half an escape'],
        ['{"a":"\\ud800"}', 'half a pair'],
        ['{"a":"\\udc00"}', 'the other half'],
        ['{"a":"\\ud800\\u0041"}', 'half a pair and a letter'],
        ['{"a":"', 'an end is missing'],
        ['\ufeff{}', 'a byte order mark'],
        ['{"a":1/*b*/}', 'a comment'],
      ] as const
    ).map(([text, why]) => [mode, text, why, 'wire/metadata-syntax'] as const),
  ),
  ['compatible', '{"a":1e309}', 'a float too great', 'wire/metadata-number'],
  ['compatible', '{"a":1e99999999999}', 'an exponent too great', 'wire/metadata-number'],
  [
    'compatible',
    [
      ['{"a":', 1],
      ['[', 127],
      [']', 127],
      ['}', 1],
    ],
    '128 levels',
    'wire/metadata-too-deep',
  ],
]

const notText: readonly (readonly [hex: string, why: string])[] = [
  ['7b2261223a2280227d', 'a byte of a character alone'],
  ['7b2261223a22c0af227d', 'a slash in two bytes'],
  ['7b2261223a22eda080227d', 'half a surrogate pair'],
  ['7b2261223a22f4908080227d', 'beyond the last character'],
  ['7b2261223a22e282227d', 'a character cut short'],
  ['7bff7d', 'a byte that no character has'],
]

/** Cases of `wire/metadata.json`. */
export function metadataCases(): readonly Draft<MetadataCaseInput>[] {
  const parts = (text: Text) => (typeof text === 'string' ? [[text, 1] as const] : text)
  const named = (mode: Mode, text: Text): string => {
    const shown = parts(text).map(([part, times]) => (times === 1 ? part : `${part} * ${times}`))
    return `${mode} ${JSON.stringify(shown.join(' '))}`
  }
  return [
    ...strict.map(([text, why]): Draft<MetadataCaseInput> => [
      named('strict', text),
      why,
      { mode: 'strict', text: parts(text) },
    ]),
    ...[...strict, ...compatible].map(([text, why]): Draft<MetadataCaseInput> => [
      named('compatible', text),
      why,
      { mode: 'compatible', text: parts(text) },
    ]),
    ...bad.map(([mode, text, why, fault]): Draft<MetadataCaseInput> => [
      named(mode, text),
      why,
      { mode, text: parts(text) },
      fault,
    ]),
    ...notText.flatMap(([bytes, why]) =>
      (['strict', 'compatible'] as const).map((mode): Draft<MetadataCaseInput> => [
        `${mode} ${bytes}`,
        why,
        { mode, bytes },
        'wire/metadata-syntax',
      ]),
    ),
  ]
}
