import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ControlRequest, HolonomicResults } from '@kithnet/cli'
import { createKeystore } from '@kithnet/identity'
import { assert, seededRng, shuffled } from '@kithnet/kernel'
import { Program } from '../local/program.ts'
import { atLeast, atMost, type Benchmark, exactly, judge } from '../report.ts'
import { compiled } from './fleet/compiled.ts'

/**
 * Ten `kith` processes on real links let each other in along grants from one of them and keep what others put. One puts a
 * file, any four of the ten are killed as by a power cut, and a new one, whom one of those left lets in by one grant, gets
 * the file back whole. Set-up: default policy and times, loopback, every store a SQLite file of its own. The quick form has
 * six processes and kills two.
 */
export const benchmark: Benchmark = {
  id: 'content',
  title: 'a file that ten processes keep, of which any four are killed',
  run: async ({ quick, progress }) => {
    const runs = quick ? 1 : 5
    const size: Size = quick
      ? { nodes: 6, killed: 2, bytes: 2_000_000 }
      : { nodes: 10, killed: 4, bytes: 20_000_000 }
    const { bytes } = size
    const script = await compiledKith()
    const found: Run[] = []
    for (let seed = 1; seed <= runs; seed++) {
      found.push(await run(script, seed, size, (text) => progress(`run ${seed}: ${text}`)))
      progress(`run ${seed}: ${JSON.stringify(found.at(-1))}`)
    }
    const mean = (pick: (one: Run) => number): number =>
      found.reduce((sum, one) => sum + pick(one), 0) / runs
    return judge({
      id: 'content',
      seeds: runs,
      figures: {
        processes: size.nodes,
        killed: size.killed,
        'file MB': bytes / 1e6,
        'back whole': found.filter(({ isWhole }) => isWhole).length,
        'put s': mean(({ putMs }) => putMs / 1e3),
        'put MB/s': mean(({ putMs }) => bytes / 1e3 / putMs),
        'distinct shares placed': mean(({ placed }) => placed),
        'shares wanted': mean(({ wanted }) => wanted),
        'stored bytes per byte kept': mean(({ storedBytes }) => storedBytes / bytes),
        'fewest shares left': Math.min(...found.map(({ left }) => left)),
        'new node ready s': mean(({ joinMs }) => joinMs / 1e3),
        'first block s': mean(({ firstMs }) => firstMs / 1e3),
        'get s': mean(({ getMs }) => getMs / 1e3),
        'most tries': Math.max(...found.map(({ tries }) => tries)),
        'get MB/s': mean(({ getMs }) => bytes / 1e3 / getMs),
        node: process.version,
      },
      threshold: {
        'back whole': { match: exactly(runs), beat: exactly(runs) },
        'most tries': { match: null, beat: exactly(1) },
        'fewest shares left': { match: atLeast(neededShares), beat: atLeast(neededShares + 2) },
        'stored bytes per byte kept': { match: atMost(quick ? 1.9 : 2.1), beat: null },
      },
    })
  },
}

/** How many processes keep a file of how many bytes, and how many of them are killed. */
interface Size {
  readonly nodes: number
  readonly killed: number
  readonly bytes: number
}

interface Run {
  readonly isWhole: boolean
  readonly putMs: number
  readonly placed: number
  readonly wanted: number
  /** On all disks together, proofs of symbols included. */
  readonly storedBytes: number
  /** Shares that those who are left hold: with ten keepers no two hold the same. */
  readonly left: number
  /** From the start of a new process until it has a neighbour and was let in. */
  readonly joinMs: number
  /** From when it was asked for the file to its first block: until it knows what may be served, and who holds it. */
  readonly firstMs: number
  readonly getMs: number
  /** How often it had to be asked. */
  readonly tries: number
}

async function run(
  script: `/${string}`,
  seed: number,
  { nodes, killed, bytes }: Size,
  progress: (text: string) => void,
): Promise<Run> {
  const fleet = new KithFleet(script)
  try {
    const file = join(fleet.home, 'file')
    writeFileSync(file, randomBytes(bytes))
    progress('starting')
    const founder = await fleet.start('node-1', [])
    const others = Array.from({ length: nodes - 1 }, (_, index) => `node-${index + 2}`)
    const rest = await Promise.all(
      others.map((name) => fleet.start(name, ['--join', founder.ticket, '--root', founder.peer])),
    )
    for (const { peer } of rest) await grant(founder, peer, 1)
    const all = [founder, ...rest]
    await untilAllLetIn(all)

    progress('putting')
    const putMs = performance.now()
    const put = await ask(founder, {
      method: 'content-put',
      path: file,
      forMs: 86_400_000,
    })
    const placedMs = performance.now()
    let storedBytes = 0
    for (const program of all) {
      const { contents } = await ask(program, { method: 'content-list', from: 0 })
      storedBytes += contents[0]?.storedBytes ?? 0
    }

    const [...order] = shuffled(seededRng(`content ${seed}`), all)
    const gone = order.slice(0, killed)
    const left = order.slice(killed)
    progress(`killing ${gone.map(({ name }) => name).join(', ')}`)
    for (const program of gone) program.kill()
    await Promise.all(gone.map(({ exited }) => exited))
    let shares = 0
    for (const program of left) {
      const { contents } = await ask(program, { method: 'content-list', from: 0 })
      shares += contents[0]?.shares ?? 0
    }
    const holders = await ask(left[0]!, { method: 'content-holders', ref: put.ref })
    const alive = new Set(left.map(({ peer }) => peer))
    const proven = holders.filter(({ peer }) => alive.has(peer)).length
    progress(`${proven} of ${left.length} prove what they hold at once`)

    progress('a new node')
    const joinMs = performance.now()
    const args = ['--join', left[0]!.ticket, '--root', founder.peer]
    const newcomer = await fleet.start('newcomer', args)
    await grant(left[1]!, newcomer.peer, 0)
    const getMs = performance.now()
    const back = join(fleet.home, 'back')
    let firstMs = 0
    let tries = 0
    for (;;) {
      try {
        tries++
        await newcomer.control.ask({ method: 'content-get', ref: put.ref, path: back }, () => {
          firstMs ||= performance.now()
        })
        break
      } catch (error) {
        progress(`try ${tries}: ${String(error)}; ${await neighboursOf([...left, newcomer])}`)
        if (tries === mostTries) throw error
        rmSync(back, { force: true })
      }
    }
    const endMs = performance.now()
    return {
      isWhole: statSync(back).size === bytes && hashOf(back) === hashOf(file),
      putMs: placedMs - putMs,
      placed: put.shares,
      wanted: put.wanted,
      storedBytes,
      left: shares,
      joinMs: getMs - joinMs,
      firstMs: firstMs - getMs,
      getMs: endMs - getMs,
      tries,
    }
  } finally {
    await fleet.stop()
  }
}

/** The program as users have it: its sources would take a second of each process to load. */
async function compiledKith(): Promise<`/${string}`> {
  const script = (await compiled('../../../packages/cli/src/kith.ts')) as `/${string}`
  // It reads its version from the manifest above it.
  writeFileSync(join(dirname(script), '..', 'package.json'), '{ "version": "0.0.0" }')
  return script
}

/** Processes of one run, in a folder of their own that goes with them. */
class KithFleet {
  readonly home: string = mkdtempSync(join(tmpdir(), 'kith-content-'))
  readonly #script: `/${string}`
  readonly #programs: Program[] = []
  readonly #said: string[] = []

  constructor(script: `/${string}`) {
    this.#script = script
  }

  async start(name: string, args: readonly string[]): Promise<Program> {
    const path = join(this.home, `${name}.kithkey`)
    const made = await createKeystore(path, { kind: 'none' })
    made.identity[Symbol.dispose]()
    const up = ['network', 'up', '--identity-path', path, '--keep', '1GB', '--preset', 'lan']
    try {
      const program = await Program.start(this.#script, [...up, ...args], {
        home: this.home,
        profile: name,
        onNote: (line) => this.#said.push(`${name}: ${line}`),
      })
      this.#programs.push(program)
      return program
    } catch (error) {
      throw new Error(this.#said.slice(-10).join('\n'), { cause: error })
    }
  }

  async stop(): Promise<void> {
    for (const program of this.#programs) program.kill()
    await Promise.all(this.#programs.map(({ exited }) => exited))
    rmSync(this.home, { recursive: true, force: true })
  }
}

type Method = keyof HolonomicResults

async function ask<M extends Method>(
  { control }: Program,
  request: Extract<ControlRequest, { readonly method: M }>,
): Promise<HolonomicResults[M]> {
  return (await control.ask(request)) as HolonomicResults[M]
}

async function grant(by: Program, peer: string, onward: number): Promise<void> {
  const terms = { kind: 'serve', weight: 10_000, onward, forMs: 86_400_000 }
  await ask(by, { method: 'trust-grant', peer, ...terms })
}

/** Waits until everybody lets everybody in. */
async function untilAllLetIn(all: readonly Program[]): Promise<void> {
  const endMs = performance.now() + 60_000
  for (const program of all) {
    for (const { peer } of all) {
      for (;;) {
        const isIn = await ask(program, { method: 'trust-check', peer, kind: 'serve' }).then(
          () => true,
          () => false,
        )
        if (isIn) break
        assert(performance.now() < endMs, `${program.name} lets everybody in within a minute`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }
}

/** How many neighbours each of them has: what tells why a holder could not be reached. */
async function neighboursOf(all: readonly Program[]): Promise<string> {
  const counts = await Promise.all(
    all.map(async ({ name, control }) => {
      const { neighbours } = (await control.ask({ method: 'status' })) as Neighbourly
      return `${name} ${neighbours.length}`
    }),
  )
  return `neighbours: ${counts.join(', ')}`
}

interface Neighbourly {
  readonly neighbours: readonly string[]
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Source: our choice; each waits for half a minute before it gives up. */
const mostTries = 3
/** N of the default policy. */
const neededShares = 20
