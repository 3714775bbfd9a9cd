import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Summary } from '../file-run.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function start(args: readonly string[], input?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['tools/local/start.ts', ...args], { cwd: root })
    let out = ''
    let err = ''
    child.stdout.on('data', (text: Buffer) => (out += text.toString()))
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    child.on('close', (code) => resolve({ code, out, err }))
    if (input !== undefined) child.stdin.write(input)
    else child.stdin.end()
  })
}

test('once, with JSON: every line once at every node, verified, and the file whole', async () => {
  const ended = await start(['--once', '--file', 'README.md', '--json'])
  expect(ended.err).not.toMatch(/error/i)
  expect(ended.code).toBe(0)
  const lines = ended.out.trim().split('\n')
  expect(lines).toHaveLength(1)
  const summary = JSON.parse(lines[0]!) as Summary
  expect(summary).toMatchObject({ ok: true, peers: 6, duplicates: 0, verificationFailures: 0 })
  expect(Object.values(summary.linesDelivered)).toEqual(Array(6).fill(summary.linesPublished))
  expect(new Set(Object.values(summary.sha256.peers))).toEqual(new Set([summary.sha256.source]))
  expect(summary.suite).toContain('MLKEM768')
})

test('typed text reaches the others; commands are obeyed; /quit ends it', async () => {
  const ended = await start(['--peers', '2'], 'good evening\n/nonsense\n/kill 9\n/quit\n')
  expect(ended.code).toBe(0)
  expect(ended.err).toContain('published "good evening"')
  expect(ended.err).toContain('commands: /kill N')
  expect(ended.err).toContain('/kill takes a number from 0 to 2')
})

test('a wrong option is refused with the usage', async () => {
  for (const args of [['--peers', '0'], ['--peers', 'x'], ['--sideways']]) {
    const ended = await start(args)
    expect(ended.code).toBe(2)
    expect(ended.err).toContain('npm start -- [options]')
  }
})
