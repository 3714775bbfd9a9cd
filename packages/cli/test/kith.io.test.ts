import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { KithProcesses } from './kith-processes.ts'

const processes = new KithProcesses()
const { home } = processes
afterAll(() => processes[Symbol.dispose]())
const kith = processes.kith.bind(processes)
const running = processes.running.bind(processes)

test('help has examples and exit codes; a wrong command is usage', async () => {
  const help = await kith(['--help'])
  expect(help.code).toBe(0)
  expect(help.out).toContain('Exit codes')
  expect(help.out).toContain('kith identity create alice')
  expect((await kith(['nonsense'])).code).toBe(2)
  expect((await kith(['topic', 'publish'])).code).toBe(2)
})

test('the life of an identity', async () => {
  const env = { KITH_PASSWORD: 'correct horse' }
  const created = await kith(['identity', 'create', 'alice', '--alias', 'Alice', '--json'], '', env)
  expect(created.code).toBe(0)
  const { peer, phrase } = JSON.parse(created.out) as {
    readonly peer: string
    readonly phrase: string
  }
  expect(phrase.split(' ')).toHaveLength(24)
  const again = await kith(['identity', 'create', 'alice'], '', env)
  expect([again.code, again.err]).toEqual([3, expect.stringContaining('identity/exists')])
  expect((await kith(['identity', 'show', 'alice'])).out).toContain(peer)
  expect((await kith(['identity', 'list', '--json'])).out).toContain('"alias":"Alice"')
  const right = await kith(['identity', 'verify-recovery', 'alice'], phrase, env)
  expect([right.code, right.out]).toEqual([0, 'These words bring alice back.\n'])
  expect(
    (await kith(['identity', 'verify-recovery', 'alice'], phrase.replace(/\w+$/, 'zoo'), env)).code,
  ).toBe(2)
  const wrong = await kith(['identity', 'verify-recovery', 'alice'], phrase, {
    KITH_PASSWORD: 'wrong',
  })
  expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('identity/wrong-password')])
  const none = await kith(['identity', 'verify-recovery', 'alice'], phrase)
  expect([none.code, none.err]).toEqual([3, expect.stringContaining('--password-file')])

  const exported = await kith(['identity', 'export', 'alice'])
  expect((await kith(['identity', 'import', 'copy'], exported.out)).code).toBe(0)
  expect((await kith(['identity', 'show', 'copy'])).out).toContain(peer)
  expect((await kith(['identity', 'delete', 'copy'])).err).toContain('--yes')
  expect((await kith(['identity', 'delete', 'copy', '--yes'])).code).toBe(0)
  const gone = await kith(['identity', 'show', 'copy'])
  expect([gone.code, gone.err]).toEqual([3, expect.stringContaining('identity/not-found')])

  const words = join(home, 'password')
  writeFileSync(words, 'other\n')
  const back = await kith(
    ['identity', 'create', 'again', '--recover', '--password-file', words, '--json'],
    phrase,
  )
  expect(JSON.parse(back.out)).toMatchObject({ peer })
})

test('a network of a coordinator and two nodes, through the commands alone', async () => {
  const coordinator = await running('kith-coordinator.ts', [
    '--json',
    '--preset',
    'local',
    '--bind',
    'tls://127.0.0.1:0',
  ])
  const joining = ['--join', coordinator.ticket, '--preset', 'local', '--json']
  await running('kith.ts', ['network', 'up', '--profile', 'a', ...joining])
  const b = await running('kith.ts', ['network', 'up', '--profile', 'b', ...joining])
  expect(statSync(`${home}/run/a.sock`).mode & 0o777).toBe(0o600)

  const twice = await kith(['network', 'up', '--profile', 'a'])
  expect([twice.code, twice.err]).toEqual([1, expect.stringContaining('store/locked')])
  const reading = kith(['topic', 'subscribe', 'news', '--profile', 'b', '--count', '3', '--json'])
  for (;;) {
    const topics = await kith(['topic', 'list', '--profile', 'b'])
    if (topics.out.includes('news')) break
  }
  const sent = await kith([
    'topic',
    'publish',
    'news',
    'hello',
    '--profile',
    'a',
    '--until',
    'acknowledged',
  ])
  expect([sent.code, sent.err]).toEqual([0, expect.stringContaining('Acknowledged by')])
  expect((await kith(['topic', 'publish', 'news', '--profile', 'a'], 'one\ntwo\n')).code).toBe(0)
  const read = (await reading).out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { value: string }).value)
  expect(read.toSorted()).toEqual(['hello', 'one', 'two'])

  const named = ['--receipts', b.peer, '--profile', 'a']
  const confirmed = await kith(['topic', 'publish', 'news', 'hello', ...named])
  expect([confirmed.code, confirmed.err]).toEqual([
    0,
    expect.stringContaining('confirmed by 1 of 1'),
  ])
  const nobody = await kith(['topic', 'publish', 'news', 'hello', '--receipts', 'nobody'])
  expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('cli/usage')])
  const ordered = ['topic', 'publish', 'talk', 'hello', '--profile', 'a', '--delivery']
  expect((await kith([...ordered, 'causal'])).code).toBe(0)
  expect((await kith([...ordered, 'fifo'])).err).toContain('is open with delivery "causal"')

  expect((await kith(['network', 'status', '--profile', 'b'])).out).toContain(b.peer)
  expect((await kith(['network', 'peers', '--profile', 'b'])).out).toContain('MLKEM768')
  expect((await kith(['network', 'join', coordinator.ticket, '--profile', 'b'])).code).toBe(0)
  expect((await kith(['network', 'join', 'kith1abc', '--profile', 'b'])).err).toContain(
    'runtime/bad-ticket',
  )
  expect((await kith(['network', 'stop', '--profile', 'b'])).code).toBe(0)
})

test('mistakes of a user get a sentence and a code', async () => {
  const none = await kith(['topic', 'list', '--profile', 'nobody'])
  expect([none.code, none.err]).toEqual([4, expect.stringContaining('kith network up')])
  const missing = await kith(['network', 'up', '--identity', 'nobody', '--profile', 'x'])
  expect([missing.code, missing.err]).toEqual([3, expect.stringContaining('identity/not-found')])
  const role = processes.launch('kith-coordinator.ts', ['--roles', 'coordinator,relay'])
  const [code] = await new Promise<[number]>((resolve) =>
    role.on('exit', (...how) => resolve(how as never)),
  )
  expect(code).toBe(1)

  const busy = createServer()
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
  const { port } = busy.address() as { readonly port: number }
  const taken = await kith([
    'network',
    'up',
    '--profile',
    'y',
    '--listen',
    `tls://127.0.0.1:${port}`,
  ])
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining('transport/address-in-use')])
  busy.close()
})
