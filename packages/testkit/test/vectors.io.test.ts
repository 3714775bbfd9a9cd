import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, ok } from '@kithnet/kernel'
import { type RunCase, runVectors } from '@kithnet/testkit/suite'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'kithnet-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = {
  spec: 'doubling',
  source: 'arithmetic',
  generatedBy: 'hand',
  cases: [
    { name: 'two', why: 'a small number', valid: true, input: 2, output: { twice: 4 } },
    { name: 'text', why: 'not a number', valid: false, input: 'x', fault: 'double/not-a-number' },
  ],
}

const double: RunCase = (input) =>
  typeof input === 'number' ? ok({ twice: 2 * input }) : fail({ code: 'double/not-a-number' })

function collect(content: unknown, run: RunCase): Map<string, () => Promise<void>> {
  writeFileSync(join(folder, 'file.json'), JSON.stringify(content))
  const registered = new Map<string, () => Promise<void>>()
  runVectors((name, body) => void registered.set(name, body), 'file.json', run, folder)
  return registered
}

test('each case is a test of its own, and holds', async () => {
  const registered = collect(file, double)
  expect([...registered.keys()]).toEqual(['two: a small number', 'text: not a number'])
  for (const run of registered.values()) await run()
})

test.each<[string, RunCase, string, RegExp]>([
  ['a wrong output', () => ok({ twice: 5 }), 'two: a small number', /gives \{"twice":4\}/],
  ['a refusal', () => fail({ code: 'double/odd' }), 'two: a small number', /is accepted/],
  ['an acceptance', () => ok(1), 'text: not a number', /is refused/],
  ['a wrong fault', () => fail({ code: 'double/odd' }), 'text: not a number', /not double\/odd/],
])('%s fails its test', async (_what, run, name, message) => {
  await expect(collect(file, run).get(name)!()).rejects.toThrow(message)
})

test.each([
  ['no invalid case', { ...file, cases: file.cases.slice(0, 1) }, /an invalid case/],
  ['no valid case', { ...file, cases: file.cases.slice(1) }, /a valid case/],
  ['a name twice', { ...file, cases: [...file.cases, file.cases[0]] }, /different names/],
  ['no source', { ...file, source: undefined }, /says its source/],
])('a file with %s is refused', (_what, content, message) => {
  expect(() => collect(content, double)).toThrow(message)
})
