import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tlsAvailable } from '../../src/tls/index.ts'

const nodes = join(import.meta.dirname, '../../../../tools/nodes/node_modules')
const file = join(import.meta.dirname, 'whole-life.ts')

function run(node: string): Promise<{ readonly code: number | null; readonly text: string }> {
  return new Promise((resolve) => {
    const child = execFile(node, [file], { timeout: 10_000 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, text: stdout + stderr })
    })
  })
}

/** The Node of this run, and the oldest one with a post-quantum TLS, where it is installed. */
const older = join(nodes, 'node-24-linux-x64/bin/node')

describe.skipIf(!tlsAvailable())('a process that used tls', () => {
  it('ends by itself once all is closed', async () => {
    expect(await run(process.execPath)).toEqual({
      code: 0,
      text: `${process.version} transport/unreachable\n`,
    })
  })

  it.skipIf(!existsSync(older))('does so on Node 24.21', async () => {
    expect(await run(older)).toEqual({ code: 0, text: 'v24.21.0 transport/unreachable\n' })
  })

  const oldest = join(nodes, 'node-22-linux-x64/bin/node')
  it.skipIf(!existsSync(oldest))('is told on Node 22.18 to use WebSocket', async () => {
    const { code, text } = await run(oldest)
    expect(code).not.toBe(0)
    expect(text).toContain('[transport/no-pq-tls]')
    expect(text).toContain('Use the WebSocket transport')
  })
})
