import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, tool } from './command.ts'
import { type Outcome, outcomeOf, report, sumOf } from './outcome.ts'
import { type Packed, packedRoom, type Room } from './packed-room.ts'

/**
 * What npm would serve: the files, the manifest as it was rewritten, publint, and whether the types resolve
 * for every module system. One result a package and tool.
 */
export async function packCheck(): Promise<Outcome> {
  const room = await packedRoom()
  const outcomes: Outcome[] = []
  for (const packed of room.packages) {
    outcomes.push(outcomeOf(contentProblems(room, packed)))
    const { manifest } = packed.member
    outcomes.push(
      ...(await Promise.all([
        passes(manifest.name, 'publint', ['run', packed.tarball, '--strict']),
        passes(manifest.name, 'attw', [
          packed.tarball,
          '--profile',
          'esm-only',
          '--format',
          'ascii',
        ]),
      ])),
    )
  }
  return sumOf(outcomes)
}

function contentProblems(room: Room, { member, files }: Packed): readonly string[] {
  const { name } = member.manifest
  const problems: string[] = []
  for (const file of ['package.json', 'README.md', 'dist/index.js', 'dist/index.d.ts']) {
    if (!files.includes(file)) problems.push(`${name}: the tarball lacks ${file}`)
  }
  const alien = files.filter(
    (file) => !/^(dist|src)\/|^(package\.json|(README|CHANGELOG)\.md|LICENSE.*)$/.test(file),
  )
  if (alien.length > 0) problems.push(`${name}: the tarball carries ${alien.join(', ')}`)
  const installed = join(room.folder, 'node_modules', name, 'package.json')
  const text = readFileSync(installed, 'utf8')
  if (text.includes('workspace:'))
    problems.push(`${name}: a workspace: range was left in the manifest`)
  const { exports } = JSON.parse(text) as { readonly exports: object }
  if (JSON.stringify(exports).includes('/src/')) {
    problems.push(`${name}: the published exports point into src`)
  }
  const promised = Object.keys(member.manifest.exports ?? {})
  if (Object.keys(exports).toSorted().join() !== promised.toSorted().join()) {
    problems.push(`${name}: publishConfig.exports and exports have different paths`)
  }
  return problems
}

async function passes(name: string, file: string, args: readonly string[]): Promise<Outcome> {
  const { code, output } = await run(tool(file), args)
  return outcomeOf(code === 0 ? [] : [`${name}: ${file} ended with ${code}\n${output.trim()}`])
}

if (import.meta.main) report('packaging', await packCheck())
