import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { kithProgram, runProgram } from '../src/program.ts'

const home = mkdtempSync(join(tmpdir(), 'kith-fountain-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command in this process: starting one takes seconds. */
async function kith(...args: readonly string[]): Promise<Ended> {
  const out: string[] = []
  const err: string[] = []
  const written = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0),
  ]
  try {
    const code = await runProgram(kithProgram(), ['fountain', ...args])
    return { code, out: out.join(''), err: err.join('') }
  } finally {
    for (const spy of written) spy.mockRestore()
  }
}

const file = join(home, 'film')
const folder = join(home, 'shares')
const back = join(home, 'back')
const data = Buffer.alloc(1_000_003)
for (let at = 0; at < data.length; at++) data[at] = Math.imul(at, 0x9e37_79b1) >>> 15
let id = ''

beforeAll(async () => {
  writeFileSync(file, data)
  const encoded = await kith('encode', file, folder, '--extra', '2')
  expect(encoded.err).toContain('any 20 bring it back')
  id = encoded.out.trim()
})

test('a file becomes shares, and comes back after any surplus is deleted', async () => {
  expect(id).toMatch(/^[0-9a-f]{64}$/)
  const shares = readdirSync(folder).filter((name) => name.startsWith('share-'))
  expect(shares).toHaveLength(28)
  const told = JSON.parse((await kith('inspect', folder, '--json')).out)
  expect(told).toMatchObject({ id, shares: 28, wholeShares: 28, badSymbols: 0, sufficient: true })
  // Six source shares and a repair share: 21 are left.
  for (const share of [0, 3, 4, 11, 18, 19, 27]) {
    rmSync(join(folder, `share-${String(share).padStart(3, '0')}`))
  }
  const decoded = await kith('decode', folder, back, '--id', id, '--json')
  expect(JSON.parse(decoded.out)).toEqual({ id, bytes: data.length, bad: 0 })
  expect(readFileSync(back).equals(data)).toBe(true)
})

test('a damaged share is left out, a torn one used as far as it goes', async () => {
  const path = join(folder, 'share-005')
  const damaged = readFileSync(path)
  damaged[damaged.length - 1]! ^= 1
  writeFileSync(path, damaged)
  truncateSync(join(folder, 'share-006'), 20_000)
  rmSync(back)
  const told = JSON.parse((await kith('inspect', folder, '--json')).out)
  expect(told).toMatchObject({ shares: 21, wholeShares: 19, sufficient: false })
  const decoded = await kith('decode', folder, back)
  expect(decoded.code).toBe(1)
  expect(decoded.err).toMatch(/too few good shares.*1 more at the least\. \[cli\/too-few-shares\]/)
  expect(existsSync(back) || existsSync(`${back}.part`)).toBe(false)
  damaged[damaged.length - 1]! ^= 1
  writeFileSync(path, damaged)
  expect((await kith('decode', folder, back)).code).toBe(0)
  expect(readFileSync(back).equals(data)).toBe(true)
})

test('another content, no manifest and wrong numbers are refused', async () => {
  expect(await kith('decode', folder, back, '--id', '00')).toMatchObject({ code: 1 })
  expect((await kith('inspect', home)).err).toContain('[cli/content]')
  expect((await kith('encode', file, folder, '--repair', '1')).code).toBe(2)
  expect((await kith('encode', file, folder, '--symbols', 'many')).code).toBe(2)
  expect((await kith('simulate', '--availability', '7')).code).toBe(2)
  const empty = join(home, 'empty')
  writeFileSync(empty, '')
  expect((await kith('encode', empty, folder)).err).toContain('[fountain/content]')
})

test('survival is simulated with the codec, and drawn', async () => {
  const plot = join(home, 'survival.svg')
  const simulated = await kith('simulate', '--runs', '300', '--plot', plot, '--json')
  const { policy, rows } = JSON.parse(simulated.out)
  expect(policy).toMatchObject({ sourceSymbols: 20, repairSymbols: 6, targetHolders: 30 })
  for (const { exact, simulated: found } of rows) expect(Math.abs(exact - found)).toBeLessThan(0.1)
  expect(readFileSync(plot, 'utf8')).toMatch(/^<svg [^>]*>[\s\S]*<polyline [\s\S]*<\/svg>\n$/)
  expect((await kith('simulate', '--availability', '0.8', '--runs', '10')).err).toMatch(
    /N 20, K \d, \d+ holders/,
  )
})
