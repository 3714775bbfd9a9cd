import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, fromUtf8 } from '@kithnet/kernel'
import { networkId, type PeerId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { ada, at, message, Scene } from './scene.ts'

/** What `other-node-peer.ts` reports. */
interface Report {
  readonly version: string
  readonly backend: string
  readonly suite: string
  readonly echoed: string
  readonly listening: string
  readonly peer: string
}

const root = join(import.meta.dirname, '../../../..')
const network = networkId('interop')

/** The peer as one file of JavaScript that the oldest Node understands. */
function bundled(folder: string): string {
  const fromTools = createRequire(join(root, 'tools/package.json'))
  const { buildSync } = fromTools('esbuild') as {
    buildSync(options: Readonly<Record<string, unknown>>): void
  }
  const outfile = join(folder, 'peer.mjs')
  buildSync({
    entryPoints: [join(import.meta.dirname, 'other-node-peer.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // `ws` asks for modules of Node by require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
    logLevel: 'error',
  })
  return outfile
}

async function reportOf(child: ChildProcess): Promise<Report> {
  let text = ''
  let complaint = ''
  child.stdout!.on('data', (chunk) => (text += String(chunk)))
  child.stderr!.on('data', (chunk) => (complaint += String(chunk)))
  const exited = once(child, 'exit')
  while (!text.includes('\n')) {
    const ended = await Promise.race([
      exited.then(() => true),
      once(child.stdout!, 'data').then(() => false),
    ])
    if (ended && !text.includes('\n')) throw new Error(`the peer ended: ${complaint}`)
  }
  return JSON.parse(text) as Report
}

describe('between different Nodes', () => {
  for (const [major, backend] of [
    [22, 'node+noble'],
    [24, 'node'],
  ] as const) {
    const node = join(root, `tools/nodes/node_modules/node-${major}-linux-x64/bin/node`)
    it.skipIf(!existsSync(node))(`${major} and this one dial each other`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'kithnet-'))
      await using scene = new Scene()
      const here = scene.make({ identity: ada, network })
      const listener = await here.listen(at('ws://127.0.0.1:0'), (link) => {
        link.onStream = (stream) => {
          stream.onMessage = (bytes) => void stream.send(Uint8Array.from(bytes))
        }
      })
      const child = spawn(node, [bundled(folder), listener.address], { stdio: 'pipe' })
      try {
        const report = await reportOf(child)
        expect(report.version).toMatch(new RegExp(`^v${major}\\.`))
        expect(report.backend).toBe(backend)
        expect(fromUtf8(fromHex(report.echoed)!)).toBe(report.version)
        expect(report.suite).toContain('X25519MLKEM768 ML-DSA-65')
        const link = await here.dial(at(report.listening), { expect: report.peer as PeerId })
        const stream = link.open('pubsub')
        const echo = message(stream)
        stream.send(new Uint8Array([1, 2, 3]))
        expect([...(await echo)]).toEqual([1, 2, 3])
      } finally {
        child.stdin.end()
        child.kill()
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
})
