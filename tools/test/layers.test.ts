import { expect, test } from 'vitest'
import type { LayerTable } from '../layer-table.ts'
import { layerViolations, mermaid } from '../layers.ts'
import { plant } from './planted-workspace.ts'

const table: LayerTable = {
  rows: [['base'], ['left', 'right', 'kit'], ['top']],
  pure: ['base', 'left'],
  forbidden: [{ from: ['top'], to: ['right'], why: 'it is a test' }],
  homes: { 'lib-a': ['left'], 'lib-b': ['right'] },
  spread: [{ home: 'right', library: 'lib-b', why: 'it is a test' }],
}

interface Planted {
  readonly dependencies?: readonly string[]
  readonly sources?: Readonly<Record<string, string>>
  readonly references?: readonly string[]
  readonly config?: 'pure' | 'io'
  readonly private?: boolean
}

/** The violations of a workspace with these packages, whose references fit unless said otherwise. */
function violationsOf(packages: Readonly<Record<string, Planted>>): readonly string[] {
  using workspace = plant(filesOf(packages))
  return layerViolations(workspace.root, table)
}

function filesOf(packages: Readonly<Record<string, Planted>>): Record<string, unknown> {
  const files: Record<string, unknown> = {
    'tsconfig.json': {
      references: Object.keys(packages).map((name) => ({ path: `packages/${name}` })),
    },
  }
  for (const [name, planted] of Object.entries(packages)) {
    const dependencies = planted.dependencies ?? []
    const ours = dependencies.filter((dependency) => dependency.startsWith('@x/'))
    files[`packages/${name}/package.json`] = {
      name: `@x/${name}`,
      private: planted.private,
      dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '1.0.0'])),
    }
    files[`packages/${name}/tsconfig.json`] = {
      extends: `../../tsconfig.${planted.config ?? (table.pure.includes(name) ? 'pure' : 'io')}.json`,
      references: (planted.references ?? ours.map((own) => own.slice(3))).map((to) => ({
        path: `../${to}`,
      })),
    }
    for (const [file, text] of Object.entries(planted.sources ?? {})) {
      files[`packages/${name}/src/${file}`] = text
    }
  }
  return files
}

test('a workspace that follows the table has no violation', () => {
  const sources = { 'index.ts': "import '@x/base'\nimport 'lib-a'\nexport * from './own.ts'" }
  expect(
    violationsOf({
      base: { sources: { 'index.ts': "/** import '@x/top' */ export const a = 1" } },
      left: { dependencies: ['@x/base', 'lib-a'], sources },
      top: { dependencies: ['@x/left'], sources: { 'index.ts': "import type {} from 'node:fs'" } },
    }),
  ).toEqual([])
})

test('a dependency on the own row is refused', () => {
  expect(violationsOf({ left: { dependencies: ['@x/right'] }, right: {} })).toEqual([
    'left: depends sideways on right (row 1 on row 1)',
  ])
})

test('a dependency on a higher row is refused', () => {
  expect(violationsOf({ base: { dependencies: ['@x/top'] }, top: {} })).toEqual([
    'base: depends up on top (row 0 on row 2)',
  ])
})

test('an import that no manifest declares is refused, and so is its direction', () => {
  const sources = { 'index.ts': "export type { A } from '@x/top/deep'" }
  expect(violationsOf({ base: { sources }, top: {} })).toEqual([
    'base: depends up on top (row 0 on row 2)',
    'base/src/index.ts: imports @x/top, which is not among its dependencies',
  ])
})

test('a dynamic import counts', () => {
  const sources = { 'index.ts': "const late = await import('lib-a')" }
  expect(violationsOf({ left: { sources } })).toEqual([
    'left/src/index.ts: imports lib-a, which is not among its dependencies',
  ])
})

test('a package in no row is refused', () => {
  expect(violationsOf({ stray: {} })).toEqual(['stray: is in no row of tools/layer-table.ts'])
})

test('a forbidden edge is refused although it points down', () => {
  expect(violationsOf({ right: {}, top: { dependencies: ['@x/right'] } })).toEqual([
    'top: must not depend on right: it is a test',
  ])
})

test('a published package does not depend on a private one', () => {
  expect(violationsOf({ kit: { private: true }, top: { dependencies: ['@x/kit'] } })).toEqual([
    'top: is published and depends on kit, which is private',
  ])
})

test('references must be the dependencies', () => {
  expect(
    violationsOf({
      base: {},
      left: { dependencies: ['@x/base'], references: [] },
      top: { references: ['base'] },
    }),
  ).toEqual([
    'left: tsconfig.json lacks a reference to base, one of its dependencies',
    'top: tsconfig.json refers to base, which is not one of its dependencies',
  ])
})

test('the root refers to every package and to the tests', () => {
  using workspace = plant({
    ...filesOf({ base: {} }),
    'tsconfig.json': { references: [{ path: './packages/gone' }] },
    'tsconfig.test.json': {},
  })
  expect(layerViolations(workspace.root, table)).toEqual([
    'tsconfig.json lacks a reference to base, one of the projects that there are',
    'tsconfig.json lacks a reference to ./tsconfig.test.json, one of the projects that there are',
    'tsconfig.json refers to gone, which is not one of the projects that there are',
  ])
})

test('a third-party package stays at home', () => {
  const sources = { 'index.ts': "import 'lib-a/part'" }
  expect(violationsOf({ right: { dependencies: ['lib-a'], sources } })).toEqual([
    'right: is not a home of lib-a in tools/layer-table.ts',
  ])
})

test('a third-party package is imported in one file, unless the table says why not', () => {
  const sources = (library: string): Record<string, string> => ({
    'a.ts': `import '${library}'`,
    'b.ts': `import '${library}/part'`,
  })
  expect(
    violationsOf({
      left: { dependencies: ['lib-a'], sources: sources('lib-a') },
      right: { dependencies: ['lib-b'], sources: sources('lib-b') },
    }),
  ).toEqual(['left: imports lib-a in src/a.ts and src/b.ts: one file is enough'])
})

test('a pure package compiles without a host and imports none', () => {
  const sources = { 'index.ts': "import { hrtime } from 'node:process'" }
  expect(violationsOf({ base: { config: 'io' }, left: { sources } })).toEqual([
    'base: tsconfig.json must extend ../../tsconfig.pure.json',
    'left/src/index.ts: is pure and imports node:process',
  ])
})

test('a relative import stays in src', () => {
  const sources = { 'deep/index.ts': "import '../../../base/src/index.ts'" }
  expect(violationsOf({ left: { sources } })).toEqual([
    'left/src/deep/index.ts: reaches out of src: ../../../base/src/index.ts',
  ])
})

test('the graph leaves out what another edge implies', () => {
  using workspace = plant(
    filesOf({
      base: {},
      left: { dependencies: ['@x/base'] },
      top: { dependencies: ['@x/base', '@x/left'] },
    }),
  )
  const graph = mermaid(workspace.root, table)
  expect(graph).toContain('left --> base')
  expect(graph).toContain('top --> left')
  expect(graph).not.toContain('top --> base')
})
