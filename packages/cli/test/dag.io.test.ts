import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kithProgram, runProgram } from '@kithnet/cli'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const home = mkdtempSync(join(tmpdir(), 'kith-dag-'))
const at = (name: string): string => join(home, name)

beforeAll(async () => {
  process.env['KITH_HOME'] = home
  for (const name of ['alice', 'bob']) {
    await kith('identity', 'create', name, '--no-password')
  }
})
afterAll(() => {
  delete process.env['KITH_HOME']
  rmSync(home, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** The program in this process. */
async function kith(...args: readonly string[]): Promise<Ended> {
  let out = ''
  let err = ''
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text.toString()
    return true
  })
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text.toString()
    return true
  })
  try {
    return { code: await runProgram(kithProgram(), args), out, err }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

/** The program as a process of its own, for what comes on standard input and goes through pipes. */
function kithPiped(args: readonly string[], input: string | Buffer): Promise<Ended> {
  return new Promise((resolve) => {
    const path = fileURLToPath(new URL('../src/kith.ts', import.meta.url))
    const child = spawn(process.execPath, [path, ...args], { env: { ...process.env } })
    let out = ''
    let err = ''
    child.stdout.on('data', (text: Buffer) => (out += text.toString()))
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.end(input)
  })
}

async function done(...args: readonly string[]): Promise<string> {
  const ended = await kith('dag', ...args)
  expect([ended.code, ended.err]).toEqual([0, expect.anything()])
  return ended.out.trim()
}

test('records from their place to their graph', async () => {
  const early = await kith('dag', 'tips')
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('kith dag init')])
  await done('init')
  expect((await kith('dag', 'init')).err).toContain('cli/records-exist')
  const first = await done('insert', '--identity', 'alice', '--meta', 'title=light', 'first light')
  const secret = await done('insert', '--identity', 'bob', '--class', 'private', 'a secret')
  const second = await done('insert', '--identity', 'bob', 'second light')
  expect(JSON.parse(await done('query', second, '--json'))).toMatchObject({ parents: [first] })
  expect(JSON.parse(await done('query', first, '--json'))).toMatchObject({
    class: 'public',
    metadata: { title: 'light', signature_algorithm: 'ml-dsa-65' },
  })
  expect((await done('tips')).split('\n')).toEqual([secret, second])
  expect(await done('tips', '--roots')).toBe(first)
  const hidden = await kith('dag', 'merge', '--identity', 'alice', secret, second)
  expect([hidden.code, hidden.err]).toEqual([1, expect.stringContaining('dag/classified-parent')])
  const merged = await done('merge', '--identity', 'alice', '--class', 'private')
  expect(await done('tips')).toBe(merged)
  const found = (await done('query', '--class', 'private', '--json')).split('\n')
  expect(found.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual([merged, secret])
  expect(await done('query', '--since', '2026-01-01', '--limit', '1')).toContain(merged)
  await done('witness', '--identity', 'bob', first)
  const own = await kith('dag', 'witness', '--identity', 'alice', first)
  expect([own.code, own.err]).toEqual([1, expect.stringContaining('dag/bad-attestation')])
  expect(JSON.parse(await done('analyze', first, '--json'))).toMatchObject({
    descendants: 3,
    isRoot: true,
    trust: 0.5,
    timeHolds: true,
  })
  expect(await done('analyze', first)).toContain('witnesses    1')
  expect(JSON.parse(await done('verify', '--json'))).toEqual({ checked: 4, bad: [] })
  const svg = at('records.svg')
  await done('graph', '--out', svg)
  expect(readFileSync(svg, 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>\s*$/)
})

test('proofs that a stranger checks without the store', async () => {
  const [first] = (await done('tips', '--roots')).split('\n')
  const seal = await done('seal', '--identity', 'alice')
  const proof = at('seal.proof')
  await done('prove', seal, first!, '--out', proof)
  const lines = (await kithPiped(['dag', 'export', first!], '')).out.trim().split('\n')
  const { bytes } = JSON.parse(lines[0]!) as { readonly bytes: string }
  const record = at('first.elra')
  writeFileSync(record, Buffer.from(bytes, 'hex'))
  expect(await done('verify', '--proof', proof, '--entry', record)).toContain('It holds: entry 0')
  const changed = readFileSync(proof)
  changed[changed.length - 1]! ^= 1
  writeFileSync(at('changed.proof'), changed)
  const lie = await kith('dag', 'verify', '--proof', at('changed.proof'), '--entry', record)
  expect([lie.code, lie.err]).toEqual([1, expect.stringContaining('dag/bad-proof')])
  await done('insert', '--identity', 'bob', 'after the seal')
  const newer = await done('seal', '--identity', 'alice')
  expect(JSON.parse(await done('prove', newer, '--since', seal, '--json'))).toMatchObject({
    holds: true,
  })
  const order = await kith('dag', 'prove', seal, '--since', newer)
  expect(order.err).toContain('dag/bad-seal')
})

test('records are carried to a place of another kind and back', async () => {
  const other = at('other.sqlite')
  await done('init', '--store', other)
  const bundle = at('records.bundle')
  await done('export', '--bundle', '--out', bundle)
  const report = JSON.parse(await done('import', bundle, '--store', other, '--json'))
  expect(report).toMatchObject({ inserted: 7, attestations: 1, waiting: 0, refused: {} })
  expect(await done('tips', '--store', other)).toBe(await done('tips'))
  const lines = await kithPiped(['dag', 'export', '--store', other], '')
  const again = await kithPiped(['dag', 'import', '--json'], lines.out)
  expect(JSON.parse(again.out)).toMatchObject({ inserted: 0, known: 8 })
  const open = await kithPiped(['dag', 'export', '--clearance', 'public'], '')
  expect(open.out).not.toContain('"class":"private"')

  await done('insert', '--identity', 'alice', '--store', other, 'only there')
  await done('insert', '--identity', 'bob', 'only here')
  await done('sync', other)
  const tips = async (...args: readonly string[]): Promise<string[]> =>
    (await done('tips', ...args)).split('\n').toSorted()
  expect(await tips()).toHaveLength(3)
  expect(await tips()).toEqual(await tips('--store', other))
  expect(JSON.parse(await done('verify', '--store', other, '--json'))).toMatchObject({ bad: [] })

  const cut = readFileSync(bundle).subarray(0, 9_000)
  writeFileSync(at('cut.bundle'), cut)
  const ended = await kith('dag', 'import', at('cut.bundle'))
  expect([ended.code, ended.err]).toEqual([1, expect.stringContaining('dag/bad-bundle')])
  const edited = await kithPiped(['dag', 'import'], lines.out.replace('"public"', '"private"'))
  expect([edited.code, edited.err]).toEqual([1, expect.stringContaining('Line 1 cannot be read')])
})

test('content comes from a file or a pipe, a signed record from its bytes', async () => {
  writeFileSync(at('content.txt'), 'from a file')
  const place = at('fresh.sqlite')
  await done('init', '--store', place)
  const ofFile = await done(
    'insert',
    '--identity',
    'bob',
    '--file',
    at('content.txt'),
    '--store',
    place,
  )
  const piped = await kithPiped(
    ['dag', 'insert', '--identity', 'bob', '--store', place],
    'from a file',
  )
  expect(piped.code).toBe(0)
  const shown = JSON.parse(await done('query', ofFile, '--json', '--store', place)) as {
    readonly sameContent: readonly string[]
  }
  expect(shown.sameContent).toEqual([ofFile, piped.out.trim()])
  expect(await done('insert', '--signed', at('first.elra'), '--store', place)).toHaveLength(36)
  const orphan = JSON.parse(
    (await kithPiped(['dag', 'export'], '')).out.trim().split('\n').at(-1)!,
  ) as { readonly bytes: string }
  writeFileSync(at('orphan.elra'), Buffer.from(orphan.bytes, 'hex'))
  const waits = await kith('dag', 'insert', '--signed', at('orphan.elra'), '--store', place)
  expect([waits.code, waits.err]).toEqual([1, expect.stringContaining('dag/missing-parent')])
})

test('mistakes of a user get a sentence and a code', async () => {
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [['insert', 'x'], 2, '--identity NAME'],
    [['insert', 'x', '--identity', 'nobody'], 3, 'identity/not-found'],
    [['insert', 'x', '--identity', 'bob', '--class', 'open'], 2, 'public, private'],
    [['insert', 'x', '--identity', 'bob', '--meta', 'novalue'], 2, 'key=value'],
    [['insert', 'x', '--identity', 'bob', '--file', 'y'], 2, 'not both'],
    [['query', '--creator', 'x'], 2, '64 lower-case'],
    [['query', '--since', 'yesterday'], 2, 'ISO 8601'],
    [['query', '--limit', '0'], 2, 'above 0'],
    [['query', '01950f2e-7c1a-7abc-8def-000000000000'], 1, 'dag/not-found'],
    [['verify', '--proof', 'x'], 2, '--entry'],
    [['tips', '--store', at('nowhere')], 1, 'kith dag init'],
    [['nonsense'], 2, 'unknown command'],
  ]
  for (const [args, code, text] of cases) {
    const ended = await kith('dag', ...args)
    expect([args, ended.code, ended.err]).toEqual([args, code, expect.stringContaining(text)])
  }
  expect(existsSync(at('nowhere'))).toBe(false)
})

interface Running {
  readonly ticket: string
  /** Resolves when standard error has this text. */
  says(text: string): Promise<void>
  stop(): Promise<void>
}

/** Starts a program that goes on, and resolves with its first line. */
function running(args: readonly string[]): Promise<Running> {
  return new Promise((resolve, reject) => {
    const path = fileURLToPath(new URL('../src/kith.ts', import.meta.url))
    const child = spawn(process.execPath, [path, ...args], { env: { ...process.env } })
    const ended = new Promise<void>((end) => child.on('close', () => end()))
    let err = ''
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    const says = (text: string): Promise<void> =>
      new Promise((heard) => {
        const look = (): void => {
          if (!err.includes(text)) return
          child.stderr.off('data', look)
          heard()
        }
        child.stderr.on('data', look)
        look()
      })
    const stop = (): Promise<void> => {
      child.kill('SIGTERM')
      return ended
    }
    child.stdout.once('data', (text: Buffer) => {
      const { ticket } = JSON.parse(text.toString().split('\n')[0]!) as { readonly ticket: string }
      resolve({ ticket, says, stop })
    })
    child.on('exit', () => reject(new Error(err)))
  })
}

test('running nodes bring records to each other', async () => {
  const [one, two] = [at('one.sqlite'), at('two.sqlite')]
  for (const place of [one, two]) await done('init', '--store', place)
  const first = await done('insert', '--identity', 'alice', '--store', one, 'at one')
  const second = await done('insert', '--identity', 'bob', '--store', two, 'at two')
  await done('insert', '--identity', 'bob', '--store', two, '--class', 'private', 'stays here')
  const up = ['network', 'up', '--preset', 'local', '--json', '--listen', 'tls://127.0.0.1:0']
  const a = await running([...up, '--profile', 'one', '--records', one])
  const b = await running([...up, '--profile', 'two', '--records', two, '--join', a.ticket])
  const busy = await kith('dag', 'tips', '--store', one)
  expect([busy.code, busy.err]).toEqual([1, expect.stringContaining('store/locked')])
  await Promise.all([a.says('records from'), b.says('records from')])
  await Promise.all([a.stop(), b.stop()])
  const roots = (text: string): string[] => text.split('\n').toSorted()
  expect(roots(await done('tips', '--roots', '--store', one))).toEqual([first, second].toSorted())
  expect(JSON.parse(await done('verify', '--store', two, '--json'))).toMatchObject({ checked: 3 })
})
