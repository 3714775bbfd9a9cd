import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A Node that the packages support. */
export interface SupportedNode {
  readonly version: string
  /** Its program; `undefined` where it is not installed: they are packaged for Linux x64 only. */
  readonly file: string | undefined
}

/** The Nodes of tools/nodes, oldest first. */
export function supportedNodes(): readonly SupportedNode[] {
  const folder = join(import.meta.dirname, 'nodes')
  const text = readFileSync(join(folder, 'package.json'), 'utf8')
  const manifest = JSON.parse(text) as {
    readonly optionalDependencies: Readonly<Record<string, string>>
  }
  return Object.entries(manifest.optionalDependencies).map(([alias, specifier]) => {
    const file = join(folder, 'node_modules', alias, 'bin', 'node')
    const version = specifier.slice(specifier.lastIndexOf('@') + 1)
    const running = version === process.version.slice(1) ? process.execPath : undefined
    return { version, file: existsSync(file) ? file : running }
  })
}
