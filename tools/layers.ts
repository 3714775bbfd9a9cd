import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { type Import, importsOf } from './imports.ts'
import { type LayerTable, layerTable } from './layer-table.ts'
import { outcomeOf, report } from './outcome.ts'
import { type Member, members, workspaceRoot } from './workspace.ts'

/** Every way in which the workspace under `root` departs from the table, one sentence each. */
export function layerViolations(root: string, table: LayerTable): readonly string[] {
  const all = members(root)
  const byName = new Map(all.map((member) => [member.manifest.name, member]))
  const problems = all.flatMap((member) => {
    const imports = importsOf(member)
    return [
      ...rowProblems(member, imports, byName, table),
      ...declarationProblems(member, imports),
      ...hostProblems(member, imports, table),
      ...thirdPartyProblems(member, imports, byName, table),
      ...referenceProblems(member, byName),
    ]
  })
  return [...problems, ...rootReferenceProblems(root, all)]
}

/** The graph of the packages that stand, by row, without the edges that others imply. */
export function mermaid(root: string, table: LayerTable): string {
  const all = members(root)
  const byName = new Map(all.map((member) => [member.manifest.name, member]))
  const below = new Map(all.map((member) => [member.short, dependenciesOf(member, byName)]))
  const reachable = (from: string): ReadonlySet<string> => {
    const seen = new Set<string>()
    const open = [...(below.get(from) ?? [])]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (!seen.has(next)) open.push(...(below.get(next) ?? []))
      seen.add(next)
    }
    return seen
  }
  const lines = ['graph TD']
  for (const [row, names] of [...table.rows.entries()].toReversed()) {
    const standing = names.filter((name) => below.has(name))
    if (standing.length === 0) continue
    lines.push(
      `  subgraph row${row}["row ${row}"]`,
      ...standing.map((name) => `    ${name}`),
      '  end',
    )
  }
  for (const [from, direct] of below) {
    const implied = new Set(direct.flatMap((name) => [...reachable(name)]))
    for (const to of direct) if (!implied.has(to)) lines.push(`  ${from} --> ${to}`)
  }
  return lines.join('\n')
}

function rowProblems(
  member: Member,
  imports: readonly Import[],
  byName: ReadonlyMap<string, Member>,
  table: LayerTable,
): readonly string[] {
  const own = rowOf(member.short, table)
  if (own === undefined) return [`${member.short}: is in no row of tools/layer-table.ts`]
  const imported = imports.flatMap(({ library }) => byName.get(library ?? '')?.short ?? [])
  const targets = new Set([...dependenciesOf(member, byName), ...imported])
  targets.delete(member.short)
  return [...targets].flatMap((target) => {
    const row = rowOf(target, table)
    const problems: string[] = []
    if (row !== undefined && row >= own) {
      const direction = row === own ? 'sideways' : 'up'
      problems.push(`${member.short}: depends ${direction} on ${target} (row ${own} on row ${row})`)
    }
    for (const edge of table.forbidden) {
      if (edge.from.includes(member.short) && edge.to.includes(target)) {
        problems.push(`${member.short}: must not depend on ${target}: ${edge.why}`)
      }
    }
    const isPrivate = [...byName.values()].some(
      ({ short, manifest }) => short === target && manifest.private === true,
    )
    if (isPrivate && member.manifest.private !== true) {
      problems.push(`${member.short}: is published and depends on ${target}, which is private`)
    }
    return problems
  })
}

function declarationProblems(member: Member, imports: readonly Import[]): readonly string[] {
  const { dependencies, peerDependencies, devDependencies } = member.manifest
  const shipped = new Set(Object.keys({ ...dependencies, ...peerDependencies }))
  // Nobody installs a private package, so what its tests need may stand among its own tools.
  if (member.manifest.private === true) {
    for (const name of Object.keys(devDependencies ?? {})) shipped.add(name)
  }
  return imports.flatMap(({ file, specifier, library, builtin }) => {
    if (library === undefined) {
      const target = normalize(join(dirname(file), specifier))
      return target.startsWith('src')
        ? []
        : [`${member.short}/${file}: reaches out of src: ${specifier}`]
    }
    if (builtin || library === member.manifest.name || shipped.has(library)) return []
    return [`${member.short}/${file}: imports ${library}, which is not among its dependencies`]
  })
}

function hostProblems(
  member: Member,
  imports: readonly Import[],
  table: LayerTable,
): readonly string[] {
  const base = extendsOf(member)
  const pure = table.pure.includes(member.short)
  const wanted = pure ? '../../tsconfig.pure.json' : '../../tsconfig.io.json'
  const problems = base === wanted ? [] : [`${member.short}: tsconfig.json must extend ${wanted}`]
  if (!pure) return problems
  const reaching = imports.filter(({ builtin }) => builtin)
  return [
    ...problems,
    ...reaching.map(
      (found) => `${member.short}/${found.file}: is pure and imports ${found.specifier}`,
    ),
  ]
}

function thirdPartyProblems(
  member: Member,
  imports: readonly Import[],
  byName: ReadonlyMap<string, Member>,
  table: LayerTable,
): readonly string[] {
  const filesByLibrary = new Map<string, Set<string>>()
  for (const { library, builtin, file } of imports) {
    if (library === undefined || builtin || byName.has(library)) continue
    const files = filesByLibrary.get(library) ?? new Set<string>()
    filesByLibrary.set(library, files.add(file))
  }
  return [...filesByLibrary].flatMap(([library, files]) => {
    const problems: string[] = []
    if (table.homes[library]?.includes(member.short) !== true) {
      problems.push(`${member.short}: is not a home of ${library} in tools/layer-table.ts`)
    }
    const spread = table.spread.some(
      (entry) => entry.home === member.short && entry.library === library,
    )
    if (files.size > 1 && !spread) {
      problems.push(
        `${member.short}: imports ${library} in ${[...files].join(' and ')}: one file is enough`,
      )
    }
    return problems
  })
}

function referenceProblems(member: Member, byName: ReadonlyMap<string, Member>): readonly string[] {
  const references = referencesOf(join(member.folder, 'tsconfig.json')).map((path) =>
    path.replace(/^\.\.\//, ''),
  )
  return differences(
    `${member.short}: tsconfig.json`,
    references,
    dependenciesOf(member, byName),
    'its dependencies',
  )
}

/** Through the root's references the compiler, editors and the linter find every project. */
function rootReferenceProblems(root: string, all: readonly Member[]): readonly string[] {
  const references = referencesOf(join(root, 'tsconfig.json')).map((path) =>
    path.replace(/^(\.\/)?packages\//, ''),
  )
  const tests = './tsconfig.test.json'
  const wanted = all.map(({ short }) => short)
  if (existsSync(join(root, tests))) wanted.push(tests)
  return differences('tsconfig.json', references, wanted, 'the projects that there are')
}

function differences(
  where: string,
  references: readonly string[],
  wanted: readonly string[],
  source: string,
): readonly string[] {
  const missing = wanted.filter((name) => !references.includes(name))
  const surplus = references.filter((name) => !wanted.includes(name))
  return [
    ...missing.map((name) => `${where} lacks a reference to ${name}, one of ${source}`),
    ...surplus.map((name) => `${where} refers to ${name}, which is not one of ${source}`),
  ]
}

function dependenciesOf(member: Member, byName: ReadonlyMap<string, Member>): readonly string[] {
  const { dependencies, peerDependencies } = member.manifest
  const names = Object.keys({ ...dependencies, ...peerDependencies })
  return names.flatMap((name) => byName.get(name)?.short ?? []).toSorted()
}

function rowOf(name: string, table: LayerTable): number | undefined {
  const row = table.rows.findIndex((names) => names.includes(name))
  return row === -1 ? undefined : row
}

interface Tsconfig {
  readonly extends?: string
  readonly references?: readonly { readonly path: string }[]
}

function tsconfigOf(file: string): Tsconfig {
  if (!existsSync(file)) return {}
  return (ts.parseConfigFileTextToJson(file, readFileSync(file, 'utf8')).config ?? {}) as Tsconfig
}

function extendsOf(member: Member): string | undefined {
  return tsconfigOf(join(member.folder, 'tsconfig.json')).extends
}

function referencesOf(file: string): readonly string[] {
  return (tsconfigOf(file).references ?? []).map(({ path }) => path.replace(/\/$/, ''))
}

if (import.meta.main) {
  if (process.argv.includes('--mermaid')) console.log(mermaid(workspaceRoot, layerTable))
  else report('layers', outcomeOf(layerViolations(workspaceRoot, layerTable)))
}
