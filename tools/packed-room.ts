import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { run, tool } from './command.ts'
import { compile } from './compile.ts'
import { CannotCheck } from './outcome.ts'
import { type Member, members, workspaceRoot } from './workspace.ts'

/** A package as npm would serve it. */
export interface Packed {
  readonly member: Member
  readonly tarball: string
  /** Paths inside the tarball. */
  readonly files: readonly string[]
}

/** A folder outside the workspace's links, where the tarballs are installed as a user would. */
export interface Room {
  readonly folder: string
  readonly packages: readonly Packed[]
}

let made: Promise<Room> | undefined

/** Builds and packs every public package and installs them together; once in a process. */
export function packedRoom(): Promise<Room> {
  made ??= makeRoom()
  return made
}

async function makeRoom(): Promise<Room> {
  const folder = join(workspaceRoot, 'node_modules', '.cache', 'kithnet', 'packed')
  const tarballs = join(folder, 'tarballs')
  rmSync(tarballs, { recursive: true, force: true })
  mkdirSync(tarballs, { recursive: true })
  const compiled = await compile()
  if (compiled.code !== 0) {
    throw new CannotCheck(`the packages do not compile\n${compiled.output.trim()}`)
  }
  const published = members(workspaceRoot).filter(({ manifest }) => manifest.private !== true)
  const packages: Packed[] = []
  for (const member of published) packages.push(await pack(member, tarballs))
  writeRoom(folder, packages)
  await install(folder)
  const smoke = join(folder, 'smoke')
  rmSync(smoke, { recursive: true, force: true })
  cpSync(join(import.meta.dirname, 'nodes', 'smoke'), smoke, { recursive: true })
  return { folder, packages }
}

/** From pnpm's store alone when it has everything, as it has from the second time on; else from the registry. */
async function install(folder: string): Promise<void> {
  const args = ['install', '--no-frozen-lockfile', '--reporter=append-only']
  const { code } = await run(tool('pnpm'), [...args, '--offline'], { cwd: folder })
  if (code !== 0) await succeed('pnpm', [...args, '--prefer-offline'], folder)
}

async function pack(member: Member, tarballs: string): Promise<Packed> {
  removeOrphans(member)
  const args = ['pack', '--json', '--pack-destination', tarballs]
  const answer = await succeed('pnpm', args, member.folder)
  const { filename, files } = JSON.parse(answer) as {
    readonly filename: string
    readonly files: readonly { readonly path: string }[]
  }
  // The content is part of the name, or an installer would take yesterday's from its store.
  const digest = createHash('sha256').update(readFileSync(filename)).digest('hex').slice(0, 12)
  const tarball = filename.replace(/\.tgz$/, `-${digest}.tgz`)
  renameSync(filename, tarball)
  return { member, tarball, files: files.map(({ path }) => path) }
}

/** The compiler never deletes: what a removed source left in dist would be shipped. */
function removeOrphans(member: Member): void {
  for (const file of globSync('dist/**/*.js', { cwd: member.folder })) {
    const source = file.replace(/^dist/, 'src').replace(/\.js$/, '.ts')
    if (existsSync(join(member.folder, source))) continue
    const stem = join(member.folder, file.replace(/\.js$/, ''))
    for (const ending of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
      rmSync(stem + ending, { force: true })
  }
}

function writeRoom(folder: string, packages: readonly Packed[]): void {
  const files = Object.fromEntries(
    packages.map(({ member, tarball }) => [member.manifest.name, `file:${tarball}`]),
  )
  const manifest = { name: 'packed-room', private: true, type: 'module', dependencies: files }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const overrides = Object.entries(files).map(([name, file]) => `  '${name}': '${file}'`)
  const settings = ['packages: []', 'pmOnFail: ignore', 'allowBuilds:', '  bufferutil: false']
  writeFileSync(
    join(folder, 'pnpm-workspace.yaml'),
    `${[...settings, '  cbor-extract: false', 'overrides:', ...overrides].join('\n')}\n`,
  )
}

async function succeed(name: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, output } = await run(tool(name), args, { cwd })
  if (code === 0) return stdout
  throw new CannotCheck(`${name} ${args.join(' ')} ended with ${code} in ${cwd}\n${output.trim()}`)
}

/** The smoke scripts of a room, by name. */
export function smokeScripts(room: Room): readonly string[] {
  return readdirSync(join(room.folder, 'smoke'))
    .filter((name) => name.endsWith('.mjs'))
    .toSorted()
}
