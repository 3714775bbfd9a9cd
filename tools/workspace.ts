import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The top of this checkout. */
export const workspaceRoot: string = dirname(import.meta.dirname)

/** What the tools read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A package of packages/. */
export interface Member {
  /** The folder's name, which is the name in the layer table. */
  readonly short: string
  /** Absolute path. */
  readonly folder: string
  readonly manifest: Manifest
}

/** Every package under `root`/packages, by name of folder. */
export function members(root: string): readonly Member[] {
  const folder = join(root, 'packages')
  return readdirSync(folder)
    .toSorted()
    .filter((short) => existsSync(join(folder, short, 'package.json')))
    .map((short) => ({
      short,
      folder: join(folder, short),
      manifest: JSON.parse(readFileSync(join(folder, short, 'package.json'), 'utf8')) as Manifest,
    }))
}

/** The TypeScript sources of a package, relative to its folder, sorted. */
export function sourcesOf(member: Member): readonly string[] {
  return globSync('src/**/*.ts', { cwd: member.folder }).toSorted()
}
