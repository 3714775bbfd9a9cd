import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { members, sourcesOf } from './workspace.ts'

interface Source {
  /** Relative to the workspace's root. */
  readonly path: string
  readonly tree: ts.SourceFile
}

/**
 * Every assertion to a branded type outside the file that declares the brand, one sentence each. A brand
 * says that a value was validated or computed; an assertion elsewhere would make that a lie.
 */
export function brandViolations(root: string): readonly string[] {
  const sources = members(root).flatMap((member) =>
    sourcesOf(member).map((file): Source => {
      const text = readFileSync(join(member.folder, file), 'utf8')
      const path = `packages/${member.short}/${file}`
      return { path, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) }
    }),
  )
  const homes = new Map(
    sources.flatMap(({ path, tree }) => brandsOf(tree).map((brand) => [brand, path] as const)),
  )
  return sources.flatMap((source) => assertionsOf(source, homes))
}

function brandsOf(tree: ts.SourceFile): readonly string[] {
  return tree.statements.flatMap((statement) => {
    if (!ts.isTypeAliasDeclaration(statement) || !ts.isTypeReferenceNode(statement.type)) return []
    return statement.type.typeName.getText() === 'Brand' ? [statement.name.text] : []
  })
}

function assertionsOf(source: Source, homes: ReadonlyMap<string, string>): readonly string[] {
  const problems: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node) && ts.isTypeReferenceNode(node.type)) {
      const brand = node.type.typeName.getText()
      const home = homes.get(brand)
      if (home !== undefined && home !== source.path) {
        const line = source.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
        problems.push(`${source.path}:${line}: ${brand} is minted in ${home}, nowhere else`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source.tree)
  return problems
}
