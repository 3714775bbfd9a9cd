import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { CannotCheck, type Outcome, outcomeOf, report } from './outcome.ts'
import { members, sourcesOf, workspaceRoot } from './workspace.ts'

/** The page that lists every code. */
const page = 'docs/limits.md'

/** A string of a source that is a code, or names one. */
interface Found {
  readonly text: string
  /** Path from the root, and line. */
  readonly at: string
  /** `misshapen`: in the place of a code, and not like one. `mention`: names the code of another package. */
  readonly kind: 'code' | 'mention' | 'misshapen'
}

/** How the codes of the sources under `root` and the page that lists them differ, one sentence each. */
export function faultCodeProblems(root: string): readonly string[] {
  const found = foundUnder(root)
  const firstByCode = new Map<string, string>()
  for (const { kind, text, at } of found) {
    if (kind === 'code' && !firstByCode.has(text)) firstByCode.set(text, at)
  }
  const coded = new Set([...firstByCode.keys()].map(packageOf))
  const rows = rowsOf(readFileSync(join(root, page), 'utf8'))
  const listed = rows.map(({ code }) => code)
  return [
    ...found.flatMap(({ kind, text, at }) => {
      if (kind === 'misshapen') return [`${at}: the code "${text}" is not package/kebab-reason`]
      const dangling = kind === 'mention' && coded.has(packageOf(text)) && !firstByCode.has(text)
      return dangling ? [`${at}: ${text} is no code of ${packageOf(text)}`] : []
    }),
    ...[...firstByCode]
      .filter(([code]) => !listed.includes(code))
      .map(([code, at]) => `${page} lacks ${code} (${at})`),
    ...rows.flatMap(({ code, complete }, index) => {
      if (!firstByCode.has(code)) return [`${page} lists ${code}, which no source has`]
      if (listed.indexOf(code) < index) return [`${page} lists ${code} twice`]
      return complete ? [] : [`${page} does not say what ${code} means or what to do`]
    }),
  ]
}

/** Every code of the packages stands on the page, and nothing else does. */
export function faultCodes(): Promise<Outcome> {
  if (!existsSync(join(workspaceRoot, page))) throw new CannotCheck(`${page} is not there`)
  return Promise.resolve(outcomeOf(faultCodeProblems(workspaceRoot)))
}

const shape = /^[a-z-]+\/[a-z0-9-]+$/

function packageOf(code: string): string {
  return code.slice(0, code.indexOf('/'))
}

function foundUnder(root: string): readonly Found[] {
  return members(root).flatMap((member) =>
    sourcesOf(member).flatMap((file) => {
      const text = readFileSync(join(member.folder, file), 'utf8')
      const path = `packages/${member.short}/${file}`
      return foundIn(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), member.short)
    }),
  )
}

/**
 * A string is a code where a property called `code` has it, as a value or a type, and wherever it begins with
 * the name of its own package: in unions, arguments, comparisons and keys.
 */
function foundIn(tree: ts.SourceFile, short: string): readonly Found[] {
  const found: Found[] = []
  const visit = (node: ts.Node, isCode: boolean): void => {
    if (ts.isStringLiteralLike(node) && !isModule(node)) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
      const at = `${tree.fileName}:${line}`
      const { text } = node
      if (!shape.test(text)) {
        if (isCode) found.push({ text, at, kind: 'misshapen' })
      } else {
        found.push({ text, at, kind: isCode || packageOf(text) === short ? 'code' : 'mention' })
      }
    }
    ts.forEachChild(node, (child) => visit(child, isCode || isCodeOf(node, child)))
  }
  visit(tree, false)
  return found
}

/** True for the value or type of a property `code`. */
function isCodeOf(node: ts.Node, child: ts.Node): boolean {
  if (ts.isPropertyAssignment(node) && child !== node.initializer) return false
  const isProperty =
    ts.isPropertyAssignment(node) || ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)
  return isProperty && node.name.getText() === 'code'
}

/** True for the module that is imported or exported from. */
function isModule(node: ts.StringLiteralLike): boolean {
  const { parent } = node
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true
  if (ts.isModuleDeclaration(parent)) return true
  if (ts.isLiteralTypeNode(parent)) return ts.isImportTypeNode(parent.parent)
  return ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.ImportKeyword
}

interface Row {
  readonly code: string
  /** It has a meaning and what to do. */
  readonly complete: boolean
}

/** The rows of tables whose first cell is a code. */
function rowsOf(markdown: string): readonly Row[] {
  return markdown.split('\n').flatMap((line) => {
    const row = /^\| `([a-z-]+\/[a-z0-9-]+)` *\|(.*)\|\s*$/.exec(line)
    if (row === null) return []
    const cells = row[2]!.split('|').map((cell) => cell.trim())
    return [{ code: row[1]!, complete: cells.length === 2 && !cells.includes('') }]
  })
}

if (import.meta.main) report('fault-codes', await faultCodes())
