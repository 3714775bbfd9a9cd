import { join } from 'node:path'
import { run } from './command.ts'
import { type Outcome, outcomeOf, report, sumOf } from './outcome.ts'
import { packedRoom, type Room, smokeScripts } from './packed-room.ts'
import { supportedNodes } from './supported-nodes.ts'

/** Long enough for two processes that make keys with slow arithmetic. */
const smokeLimitMs = 120_000

/**
 * Imports every entry point of the packed packages and runs every script of tools/nodes/smoke, on each
 * supported Node. The other Nodes are installed on Linux x64 only; elsewhere they count as skipped.
 */
export async function matrix(): Promise<Outcome> {
  const room = await packedRoom()
  const checks = [...entryPoints(room), ...smokeScripts(room)].length
  const outcomes: Outcome[] = []
  for (const { version, file } of supportedNodes()) {
    if (file === undefined) {
      const where = `${process.platform} ${process.arch}`
      const notes = [`skipped: Node ${version} is not installed on ${where}`]
      outcomes.push({ passed: 0, failed: 0, skipped: checks, notes })
      continue
    }
    const node = { version, file }
    for (const specifier of entryPoints(room)) {
      const args = ['--input-type=module', '--eval', `await import('${specifier}')`]
      outcomes.push(await runs(node, specifier, args, room))
    }
    for (const script of smokeScripts(room)) {
      outcomes.push(await runs(node, script, [join('smoke', script)], room))
    }
  }
  return sumOf(outcomes)
}

interface InstalledNode {
  readonly version: string
  readonly file: string
}

async function runs(
  node: InstalledNode,
  what: string,
  args: readonly string[],
  room: Room,
): Promise<Outcome> {
  // A script that needs a second Node, such as an old peer for a new one, finds it here.
  const nodes = supportedNodes().map(({ version, file }) => [version, file] as const)
  const paths = JSON.stringify(Object.fromEntries(nodes))
  const env = { ...process.env, KITHNET_NODES: paths, NODE_NO_WARNINGS: '1' }
  const options = { cwd: room.folder, env, timeoutMs: smokeLimitMs }
  const { code, output } = await run(node.file, args, options)
  if (code === 0) return outcomeOf([])
  return outcomeOf([`Node ${node.version}: ${what} ended with ${code}\n${output.trim()}`])
}

function entryPoints(room: Room): readonly string[] {
  return room.packages.flatMap(({ member: { manifest } }) =>
    Object.keys(manifest.exports ?? {})
      .filter((path) => path.startsWith('.') && !path.endsWith('.json'))
      .map((path) => manifest.name + path.slice(1)),
  )
}

if (import.meta.main) report('nodes', await matrix())
