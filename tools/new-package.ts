import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { layerTable } from './layer-table.ts'
import { type Manifest, workspaceRoot } from './workspace.ts'

const usage = `node tools/new-package.ts NAME "One sentence." [--pure]

Makes packages/NAME as every package is made. NAME must stand in a row of
tools/layer-table.ts, and in its list of pure packages when --pure is given.`

/** What a new package is made from. */
export interface Birth {
  readonly name: string
  readonly sentence: string
  /** Compiled without a host: a protocol, not IO. */
  readonly pure: boolean
}

/** The files of a new package, by path from the workspace's root. */
export function filesOfPackage({ name, sentence, pure }: Birth): Readonly<Record<string, string>> {
  const full = `@kithnet/${name}`
  const fault = `${name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Fault`
  const folder = `packages/${name}`
  return {
    [`${folder}/package.json`]: json({
      name: full,
      version: '0.0.0',
      description: sentence,
      license: 'MIT OR Apache-2.0',
      type: 'module',
      sideEffects: false,
      engines: { node: '>=22.18' },
      exports: { '.': './src/index.ts' },
      publishConfig: {
        access: 'public',
        exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
      },
      files: ['dist', 'src'],
      dependencies: { '@kithnet/kernel': 'workspace:^' },
    }),
    [`${folder}/tsconfig.json`]: json({
      extends: `../../tsconfig.${pure ? 'pure' : 'io'}.json`,
      compilerOptions: { rootDir: 'src', outDir: 'dist' },
      include: ['src'],
      references: [{ path: '../kernel' }],
    }),
    [`${folder}/README.md`]: `# ${full}

${sentence}

\`\`\`sh
npm install ${full}
\`\`\`

## How it works

## Guarantees and limits

## Sources
`,
    [`${folder}/src/index.ts`]: `/**
 * ${sentence}
 *
 * @packageDocumentation
 */
export type { ${fault} } from './faults.ts'
`,
    [`${folder}/src/faults.ts`]: `import type { Fault } from '@kithnet/kernel'

/** What can be wrong with input from outside. */
export interface ${fault} extends Fault {
  readonly code: \`${name}/\${string}\`
}
`,
    [`${folder}/test/surface.test.ts`]: `import * as surface from '${full}'
import { expect, test } from 'vitest'

test('exports', () => {
  expect(Object.keys(surface)).toMatchInlineSnapshot(\`[]\`)
})
`,
  }
}

/** Why a package cannot be made, if so. */
function refusal({ name, sentence, pure }: Birth): string | undefined {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return `"${name}" is not a kebab-case name.`
  if (sentence === '') return 'A package is described by one sentence.'
  if (existsSync(join(workspaceRoot, 'packages', name))) return `packages/${name} exists.`
  if (!layerTable.rows.some((row) => row.includes(name))) {
    return `${name} is in no row of tools/layer-table.ts: give it one first.`
  }
  if (pure !== layerTable.pure.includes(name)) {
    const side = pure ? 'is not' : 'is'
    return `${name} ${side} among the pure packages of tools/layer-table.ts.`
  }
  return undefined
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function make(birth: Birth): void {
  for (const [path, text] of Object.entries(filesOfPackage(birth))) {
    const file = join(workspaceRoot, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(`wrote ${path}`)
  }
  edit<{ readonly references: readonly object[] }>('tsconfig.json', (config) => ({
    ...config,
    references: [...config.references, { path: `packages/${birth.name}` }],
  }))
  // Examples of the documents and size budgets import every package from tools/.
  edit<Manifest>('tools/package.json', (manifest) => ({
    ...manifest,
    dependencies: { ...manifest.dependencies, [`@kithnet/${birth.name}`]: 'workspace:^' },
  }))
  console.log(`
Next: npm exec --yes -- pnpm install; then node tools/size-budget.ts --update; then npm run format.
A pure package also belongs in the purity list of .oxlintrc.json; tools/size-budget.json says which packages
a browser can load.`)
}

function edit<Content>(path: string, change: (content: Content) => Content): void {
  const file = join(workspaceRoot, path)
  const content = JSON.parse(readFileSync(file, 'utf8')) as Content
  writeFileSync(file, json(change(content)))
  console.log(`changed ${path}`)
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { pure: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  })
  const [name, sentence = ''] = positionals
  if (values.help === true || name === undefined) {
    console.log(usage)
  } else {
    const birth = { name, sentence, pure: values.pure }
    const problem = refusal(birth)
    if (problem === undefined) make(birth)
    else {
      console.error(problem)
      process.exitCode = 1
    }
  }
}
