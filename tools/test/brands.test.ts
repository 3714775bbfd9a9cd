import { expect, test } from 'vitest'
import { brandViolations } from '../brands.ts'
import { plant } from './planted-workspace.ts'

test('a brand is minted in the file that declares it, nowhere else', () => {
  using workspace = plant({
    'packages/a/package.json': { name: '@x/a' },
    'packages/a/src/id.ts': "export type Id = Brand<string, 'Id'>\nexport const id = 'x' as Id\n",
    'packages/a/src/use.ts':
      "import type { Id } from './id.ts'\n// 'x' as Id\nconst other = 'y' as Id\n",
    'packages/a/test/use.test.ts': "const planted = 'z' as Id\n",
  })
  expect(brandViolations(workspace.root)).toEqual([
    'packages/a/src/use.ts:3: Id is minted in packages/a/src/id.ts, nowhere else',
  ])
})
