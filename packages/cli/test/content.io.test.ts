import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kithProgram, runProgram } from '@kithnet/cli'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Ended, KithProcesses, type Running } from './kith-processes.ts'

const processes = new KithProcesses()
const at = (name: string): string => join(processes.home, name)
const names = ['alice', 'bob', 'carol', 'dave'] as const
const nodes = new Map<string, Running>()
const idOf = (name: string): string => nodes.get(name)!.peer

beforeAll(async () => {
  process.env['KITH_HOME'] = processes.home
  for (const name of names) await kith('identity', 'create', name, '--no-password')
  await up('alice', '--keep', '0')
  const { ticket } = nodes.get('alice')!
  await Promise.all(names.slice(1).map((name) => up(name, '--keep', '50MB', '--join', ticket)))
}, 60_000)
afterAll(() => {
  delete process.env['KITH_HOME']
  processes[Symbol.dispose]()
})

/** A node of this name that checks its state often. */
async function up(name: string, ...options: readonly string[]): Promise<void> {
  const who = ['--profile', name, '--identity', name, '--preset', 'local']
  const args = ['network', 'up', ...who, '--checkpoint-every', '1s', '--json', ...options]
  nodes.set(name, await processes.running('kith.ts', args))
}

/** The program in this process; only nodes are processes of their own. */
async function kith(...args: readonly string[]): Promise<Ended> {
  const out: Buffer[] = []
  let err = ''
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((...written) => {
    out.push(Buffer.from(written[0]))
    const done = written.at(-1)
    if (typeof done === 'function') done()
    return true
  })
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text.toString()
    return true
  })
  try {
    const code = await runProgram(kithProgram(), args)
    const bytes = Buffer.concat(out)
    return { code, out: bytes.toString(), bytes, err }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

/** Asks again and again, for what has to go from node to node first. */
async function until(
  isDone: (ended: Ended) => boolean,
  ...args: readonly string[]
): Promise<Ended> {
  for (const end = Date.now() + 30_000; ;) {
    const ended = await kith(...args)
    if (isDone(ended)) return ended
    if (Date.now() > end) throw new Error(`kith ${args.join(' ')}: ${ended.out}${ended.err}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const isFine = ({ code }: Ended): boolean => code === 0

test('trust goes from a root along grants, and is taken back', async () => {
  const early = await kith('trust', 'check', idOf('bob'), '--profile', 'carol')
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('kith trust grant')])
  const own = await kith('trust', 'check', idOf('alice'), '--profile', 'carol')
  expect([own.code, own.out]).toEqual([0, expect.stringContaining('a root of this node')])

  writeFileSync(at('early'), 'too early')
  const nobody = await until(
    ({ err }) => !err.includes('holonomic/not-compared'),
    ...['content', 'put', at('early'), '--profile', 'alice'],
  )
  expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('holonomic/no-keepers')])

  for (const name of names.slice(1)) {
    const granted = await until(
      isFine,
      'trust',
      'grant',
      idOf(name).slice(0, 12),
      '--profile',
      'alice',
    )
    expect(granted.out).toContain(`${idOf(name)} may serve until`)
  }
  const check = ['trust', 'check', idOf('bob').slice(0, 12), '--profile', 'carol'] as const
  const admitted = await until(isFine, ...check, '--json')
  expect(JSON.parse(admitted.out)).toMatchObject({
    root: idOf('alice'),
    trust: 10_000,
    chain: [idOf('alice'), idOf('bob')],
  })

  const other = ['--kind', 'translate', '--profile', 'alice']
  await kith('trust', 'grant', idOf('dave'), ...other)
  await kith('trust', 'revoke', idOf('dave'), ...other)
  const revoked = await kith('trust', 'check', idOf('dave'), ...other)
  expect([revoked.code, revoked.err]).toEqual([1, expect.stringContaining('was taken back')])
})

test('a file goes to peers and comes back', { timeout: 120_000 }, async () => {
  const bytes = randomBytes(300_000)
  writeFileSync(at('film'), bytes)
  const put = await until(isFine, 'content', 'put', at('film'), '--profile', 'alice')
  const ref = put.out.trim().split('\n').at(-1)!
  expect(ref).toMatch(new RegExp(`^${idOf('alice')}/[0-9a-f]{64}$`))
  expect(put.err).toContain('with 3 peers')

  const holders = await kith('content', 'holders', ref, '--profile', 'alice')
  const [titles, ...rows] = holders.out.trim().split('\n')
  expect(titles).toMatch(/^peer +shares +proven until$/)
  const holding = rows.map((row) => row.split(' ')[0])
  expect(holding.toSorted()).toEqual(
    names
      .slice(1)
      .map((name) => idOf(name).slice(0, 16))
      .toSorted(),
  )

  const get = ['content', 'get', ref, '--profile', 'dave'] as const
  const got = await until(isFine, ...get, '-o', at('again'))
  expect(got.out).toBe(`${at('again')}\n`)
  expect(readFileSync(at('again')).equals(bytes)).toBe(true)
  const twice = await kith(...get, '-o', at('again'))
  expect([twice.code, twice.err]).toEqual([1, expect.stringContaining('cli/file-exists')])
  expect((await kith(...get, '-o', at('again'), '--force')).code).toBe(0)
  const piped = await kith(...get, '-o', '-')
  expect(piped.bytes.equals(bytes)).toBe(true)
  expect(readdirSync(processes.home).filter((name) => name.endsWith('.part'))).toEqual([])

  const list = await kith('content', 'list', '--profile', 'bob', '--json')
  expect(JSON.parse(list.out)).toMatchObject([{ ref, bytes: 300_000, consent: 'active' }])

  const foreign = await kith('content', 'retain', ref, '--for', '1y', '--profile', 'bob')
  expect([foreign.code, foreign.err]).toEqual([1, expect.stringContaining('holonomic/not-author')])
  const kept = await kith('content', 'retain', ref, '--for', '1y', '--profile', 'alice', '--json')
  const inElevenMonths = Date.now() + 330 * 86_400_000
  expect((JSON.parse(kept.out) as { readonly until: number }).until).toBeGreaterThan(inElevenMonths)

  const dropped = await kith('content', 'forget', ref, '--profile', 'carol')
  expect(dropped.out).toContain('are gone from this node')
  expect((await kith('content', 'list', '--profile', 'carol')).out).toContain('none wanted')
  expect((await kith('content', 'forget', ref, '--profile', 'alice')).out).toContain('Withdrawn')
  const gone = await until(
    ({ out }) => out.includes('withdrawn'),
    'content',
    'list',
    '--profile',
    'bob',
    '--json',
  )
  expect(JSON.parse(gone.out)).toMatchObject([{ shares: 0, storedBytes: 0 }])
  const late = await until(({ code }) => code === 1, ...get, '-o', at('late'))
  expect(late.err).toContain('holonomic/no-content')
  expect(existsSync(at('late'))).toBe(false)
})

test(
  'a state is committed, cosigned, proven and checked without a node',
  { timeout: 120_000 },
  async () => {
    const show = ['witness', 'show', '--profile', 'bob', '--json'] as const
    const shown = await until(({ out }) => /"cosigners":\[".*",".*",".*"\]/.test(out), ...show)
    expect(JSON.parse(shown.out)).toMatchObject([{ peer: idOf('bob'), namespaces: ['statements'] }])
    const proven = await until(isFine, 'witness', 'prove', '--profile', 'bob', '-o', at('proof'))
    expect(proven.err).toContain('bytes of proof')
    const verified = await kith('witness', 'verify', at('proof'), '--json')
    expect(JSON.parse(verified.out)).toMatchObject({ holds: true, peer: idOf('bob') })
    const named = names.filter((name) => name !== 'bob').map(idOf)
    const by = ['--cosigner', ...named, '--least', '3'] as const
    const told = await kith('witness', 'verify', at('proof'), ...by)
    expect([told.code, told.out]).toEqual([0, expect.stringContaining('cosigned   by 3')])
    const few = await kith('witness', 'verify', at('proof'), '--cosigner', idOf('bob'))
    expect([few.code, few.err]).toEqual([1, expect.stringContaining('too few of the cosigners')])
    const proof = readFileSync(at('proof'))
    proof[proof.length - 1]! ^= 1
    writeFileSync(at('forged'), proof)
    expect((await kith('witness', 'verify', at('forged'))).code).toBe(1)
    writeFileSync(at('nonsense'), 'nonsense')
    expect((await kith('witness', 'verify', at('nonsense'))).err).toContain(
      'is no proof of a state',
    )

    const compare = ['witness', 'compare', idOf('carol'), '--profile', 'bob'] as const
    const same = await until(({ out }) => out === 'identical\n', ...compare)
    expect(same.code).toBe(0)
    const differences = await kith(...compare, '--reconcile', '--json')
    expect(JSON.parse(differences.out)).toMatchObject({
      relation: 'identical',
      missing: { count: 0, ids: [] },
    })
  },
)

test('what is interrupted leaves nothing behind', { timeout: 120_000 }, async () => {
  writeFileSync(at('notes'), randomBytes(50_000))
  const put = await until(isFine, 'content', 'put', at('notes'), '--profile', 'alice', '--json')
  const { ref } = JSON.parse(put.out) as { readonly ref: string }
  for (const name of names.slice(1)) await kith('network', 'stop', '--profile', name)
  const args = ['content', 'get', ref, '--profile', 'alice', '-o', at('notes-again')]
  const child = processes.launch('kith.ts', args)
  let err = ''
  child.stderr!.on('data', (text: Buffer) => (err += text.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const parts = (): string[] => readdirSync(processes.home).filter((name) => name.endsWith('.part'))
  while (parts().length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGINT')
  expect([await ended, err]).toEqual([1, expect.stringContaining('Interrupted.')])
  expect([parts(), existsSync(at('notes-again'))]).toEqual([[], false])
})

test('mistakes get a sentence and a code', async () => {
  const none = await kith('content', 'list', '--profile', 'nobody')
  expect([none.code, none.err]).toEqual([4, expect.stringContaining('kith network up --keep 1GB')])
  const peer = await kith('trust', 'grant', 'ffff0000ffff', '--profile', 'alice')
  expect([peer.code, peer.err]).toEqual([2, expect.stringContaining('give the whole id')])
  for (const wrong of [
    ['content', 'put', at('absent')],
    ['content', 'put', at('film'), '--for', 'ever'],
    ['content', 'put', at('film'), '--policy', '20,6'],
    ['content', 'get', 'film'],
    ['trust', 'grant', 'ffff', '--weight', '0'],
    ['witness', 'verify', at('absent')],
    ['network', 'up', '--profile', 'x', '--keep', 'much'],
    ['network', 'up', '--profile', 'x', '--keep', '1GB', '--root', 'bob'],
  ]) {
    const ended = await kith(...wrong)
    expect([ended.code, ended.err], wrong.join(' ')).toEqual([
      2,
      expect.stringContaining('cli/usage'),
    ])
  }
  await processes.running('kith.ts', ['network', 'up', '--profile', 'plain', '--json'])
  const plain = await kith('content', 'list', '--profile', 'plain')
  expect([plain.code, plain.err]).toEqual([1, expect.stringContaining('cli/keeps-nothing')])
})
