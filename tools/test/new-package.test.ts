import { expect, test } from 'vitest'
import { layerTable } from '../layer-table.ts'
import { layerViolations } from '../layers.ts'
import { filesOfPackage } from '../new-package.ts'
import { plant } from './planted-workspace.ts'

test('a new package follows the layer table', () => {
  const kernel = {
    'packages/kernel/package.json': { name: '@kithnet/kernel' },
    'packages/kernel/tsconfig.json': { extends: '../../tsconfig.pure.json' },
    'tsconfig.json': { references: [{ path: 'packages/kernel' }, { path: 'packages/crdt-sync' }] },
  }
  const birth = { name: 'crdt-sync', sentence: 'Shared state that converges.', pure: true }
  const files = filesOfPackage(birth)
  using workspace = plant({ ...kernel, ...files })
  const table = { ...layerTable, pure: ['kernel', 'crdt-sync'] }
  expect(layerViolations(workspace.root, table)).toEqual([])
  expect(files['packages/crdt-sync/src/index.ts']).toContain('export type { CrdtSyncFault }')
})
