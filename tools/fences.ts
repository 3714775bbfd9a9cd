import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A block of TypeScript in a document. */
export interface Fence {
  /** The document, relative to the workspace's root. */
  readonly document: string
  /** The line of the code's first line, counted from 1. */
  readonly line: number
  readonly code: string
  /** `ts no-run`: the compiler reads it, nobody runs it. */
  readonly runs: boolean
}

/** Where examples stand. */
const documents = ['README.md', 'CONTRIBUTING.md', 'packages/*/README.md', 'docs/**/*.md']

/** Every `ts` fence of the documents under `root`, in order. */
export function fencesUnder(root: string): readonly Fence[] {
  const exclude = ['docs/api/**', 'docs/node_modules/**']
  return globSync(documents, { cwd: root, exclude })
    .toSorted()
    .flatMap((document) => fencesOf(document, readFileSync(join(root, document), 'utf8')))
}

/** The `ts` fences of one document. */
export function fencesOf(document: string, text: string): readonly Fence[] {
  const fences: Fence[] = []
  let open: { readonly mark: string; readonly info: string; readonly line: number } | undefined
  let code: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})\s*(.*)$/.exec(line)
    if (open === undefined) {
      if (mark !== null) open = { mark: mark[1]!, info: mark[2]!.trim(), line: index + 2 }
      code = []
    } else if (mark !== null && mark[2] === '' && mark[1]!.startsWith(open.mark)) {
      const [language, ...flags] = open.info.split(/\s+/)
      if (language === 'ts' || language === 'typescript') {
        const runs = !flags.includes('no-run')
        fences.push({ document, line: open.line, code: code.join('\n'), runs })
      }
      open = undefined
    } else {
      code.push(line)
    }
  }
  return fences
}
