import { expect, test } from 'vitest'
import { vectorProblems } from '../vector-coverage.ts'
import { plant } from './planted-workspace.ts'

const vector = { spec: 's', source: 's', generatedBy: 'g', cases: [{ name: 'one' }] }

test('a vector that no test reads is found; a comment does not read', () => {
  using workspace = plant({
    'vectors/package.json': {},
    'vectors/a/read.json': vector,
    'vectors/a/unread.json': vector,
    'packages/a/test/read.vectors.test.ts': "runVectors('a/read.json')\n// 'a/unread.json'\n",
  })
  expect(Object.fromEntries(vectorProblems(workspace.root))).toEqual({
    'a/read.json': [],
    'a/unread.json': ['vectors/a/unread.json: no test reads it'],
  })
})

test('a vector says where it comes from and has cases', () => {
  using workspace = plant({
    'vectors/a/bare.json': { spec: 's', cases: [] },
    'vectors/a/broken.json': '{',
    'packages/a/test/read.vectors.test.ts': "read('a/bare.json', 'a/broken.json')",
  })
  const problems = vectorProblems(workspace.root)
  expect(problems.get('a/bare.json')).toEqual([
    'vectors/a/bare.json: lacks "source"',
    'vectors/a/bare.json: lacks "generatedBy"',
    'vectors/a/bare.json: has no cases',
  ])
  expect(problems.get('a/broken.json')?.[0]).toContain('vectors/a/broken.json: is not JSON')
})
