import { expect, test } from 'vitest'
import { faultCodeProblems } from '../fault-codes.ts'
import { plant } from './planted-workspace.ts'

/** The problems of packages with these sources, and of a page with these lines. */
function problemsOf(
  sources: Readonly<Record<string, string>>,
  page: readonly string[],
): readonly string[] {
  const shorts = new Set(Object.keys(sources).map((path) => path.split('/')[0]!))
  const files: Record<string, unknown> = { 'docs/limits.md': page.join('\n') }
  for (const short of shorts) files[`packages/${short}/package.json`] = { name: `@x/${short}` }
  for (const [path, text] of Object.entries(sources)) files[`packages/${path}`] = text
  using workspace = plant(files)
  return faultCodeProblems(workspace.root)
}

const row = (code: string): string => `| \`${code}\`  | it went wrong | mend it |`

test('a page that lists every code has no problem', () => {
  const source = [
    "import { other } from 'disk/files'",
    "export type Fault = { readonly code: 'disk/full' | 'disk/slow' }",
    "export const fault = { code: 'disk/full' } as const",
    "// 'disk/ghost' in a comment is no code",
  ].join('\n')
  const page = ['# Codes', '| code | meaning | do |', '| --- | --- | --- |']
  expect(
    problemsOf({ 'disk/src/faults.ts': source }, [...page, row('disk/full'), row('disk/slow')]),
  ).toEqual([])
})

test.each([
  ['a value', "const fault = { code: 'disk/lost' }"],
  ['one branch of a value', "const fault = { code: busy ? ('disk/lost' as const) : 'disk/full' }"],
  ['a template without holes', 'const fault = { code: `disk/lost` }'],
  ['a type', "interface Lost { readonly code: 'disk/lost' }"],
  ['a union of a type', "interface Lost { readonly code:\n  'disk/full' | 'disk/lost' }"],
  ['a union with a name', "type PlainCode = 'disk/full' | 'disk/lost'"],
  ['an argument', "fail('disk/lost', 1)"],
  ['a key', "const sentences = { 'disk/lost': 'It is lost.' }"],
  ['a comparison', "if (code === 'disk/lost') mend()"],
  ['the code of another package in its own place', "const fault = { code: 'tape/torn' }"],
])('a code that is %s must be listed', (_name, source) => {
  const code = source.includes('tape') ? 'tape/torn' : 'disk/lost'
  const known = "export type Known = { readonly code: 'disk/full' }"
  const sources = { 'disk/src/a.ts': known, 'disk/src/b.ts': source }
  const line = source.split('\n').length
  expect(problemsOf(sources, [row('disk/full')])).toEqual([
    `docs/limits.md lacks ${code} (packages/disk/src/b.ts:${line})`,
  ])
})

test('a row without a source, a second row and a row without words are found', () => {
  const source = "const fault = { code: 'disk/full' }"
  const empty = '| `disk/full` | it is full |  |'
  expect(
    problemsOf({ 'disk/src/a.ts': source }, [empty, row('disk/full'), row('disk/gone')]),
  ).toEqual([
    'docs/limits.md does not say what disk/full means or what to do',
    'docs/limits.md lists disk/full twice',
    'docs/limits.md lists disk/gone, which no source has',
  ])
})

test('only the first cell of a row lists a code', () => {
  const source = "const fault = { code: 'disk/full' }"
  const page = ['`disk/full` in a sentence', '| maxBytes | `disk/full` | ours |']
  expect(problemsOf({ 'disk/src/a.ts': source }, page)).toEqual([
    'docs/limits.md lacks disk/full (packages/disk/src/a.ts:1)',
  ])
})

test('a code of another form, and the name of a code that is none, are found', () => {
  const sources = {
    'disk/src/a.ts': "const fault = { code: 'disk/full' }\nconst other = { code: 'disk_full' }",
    'shell/src/b.ts': "const timer = 'view/shuffle'\nif (code === 'disk/ful') leave()",
  }
  expect(problemsOf(sources, [row('disk/full')])).toEqual([
    'packages/disk/src/a.ts:2: the code "disk_full" is not package/kebab-reason',
    'packages/shell/src/b.ts:2: disk/ful is no code of disk',
  ])
})
