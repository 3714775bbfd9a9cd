import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'
import { type Member, sourcesOf } from './workspace.ts'

/** One import of a source file. */
export interface Import {
  /** Relative to the package's folder. */
  readonly file: string
  readonly specifier: string
  /** The package of the specifier; `undefined` for a relative one. */
  readonly library: string | undefined
  readonly builtin: boolean
}

/** Everything that the sources of a package import, types and dynamic imports included. */
export function importsOf(member: Member): readonly Import[] {
  return sourcesOf(member).flatMap((file) => {
    const text = readFileSync(join(member.folder, file), 'utf8')
    const found = ts.preProcessFile(text, true, true).importedFiles
    return found.map(({ fileName: specifier }) => ({
      file,
      specifier,
      library: libraryOf(specifier),
      builtin: specifier.startsWith('node:') || builtinModules.includes(specifier),
    }))
  })
}

function libraryOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return undefined
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}
