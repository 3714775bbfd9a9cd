/**
 * Set difference: coded symbols alone, the range-based walk alone, and the hybrid that ships.
 *
 * Set-up. Overhead: sets that share nothing, because what is shared cancels; symbols are taken one at a time (from
 * 1.3 per difference on where there are 500 and more) until the difference is known; each side has a random part of
 * it. Mapping: the indexes of random items, beside the published recurrence in whole numbers. Grid: N items of 32 bytes,
 * one a millisecond, of which d are on one side alone: scattered at random or in one run; of the opener, the other
 * side, or either by chance. Bytes are those of the encoded messages of both sides. `rateless` is the same coded
 * symbols, asked for in the same way, with nothing else; a cell's figure is the mean over seeds. N = 10^6 once, on the
 * first seed, with d up to 100 (longer walks take minutes). Quick: N up to 10^4, d up to 100
 * in the grid and 1,000 alone, a quarter of the runs. A full seed takes some 50 s of processor time.
 */
import { type Rng, seededRng, toHex } from '@kithnet/kernel'
import { acceptSession, ItemSet, startSession } from '@kithnet/reconcile'
import { type CborValue, encodeCbor } from '@kithnet/types'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { CodedSymbols } from '../../packages/reconcile/src/coded-symbols.ts'
import { MappedHashes } from '../../packages/reconcile/src/mapped-hashes.ts'
import { SymbolDecoder } from '../../packages/reconcile/src/symbol-decoder.ts'
import { nextIndex } from '../../packages/reconcile/src/symbol-mapping.ts'
import {
  atMost,
  exactly,
  type Figure,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { ratelessBytes } from './reconcile-rateless.ts'

/** Differences, and runs of each per seed. Source: the sizes of the published table. */
const overheadRuns: readonly (readonly [difference: number, runs: number])[] = [
  [1, 500],
  [2, 2_000],
  [3, 2_000],
  [5, 4_000],
  [10, 2_000],
  [20, 1_000],
  [50, 400],
  [100, 200],
  [200, 100],
  [500, 100],
  [1_000, 50],
  [10_000, 60],
]

const shapes = ['scattered', 'run'] as const
const sides = ['opener', 'other', 'both'] as const

/** Source: our choice: no figure of the grid depends on it. */
const unlimited = { rounds: 100_000, difference: 10_000_000 }

/** Of the opener and of the other side. */
const rngSeeds = [7, 8] as const

/** One comparison of two sets. */
interface Exchange {
  readonly bytes: number
  readonly messages: number
  readonly millis: number
  readonly found: number
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const seeds = seedsOf(options)
  const figures: Record<string, Figure> = {}
  const threshold: Record<string, Threshold> = {}
  overheads(seeds, options, figures, threshold)
  const steps = options.quick ? 100_000 : 1_000_000
  figures[`indexes unlike the recurrence, of ${steps}`] = mismatches(steps)
  threshold[`indexes unlike the recurrence, of ${steps}`] = { match: exactly(0), beat: null }
  const grid = new Grid()
  for (const seed of seeds) {
    for (const size of sizesOf(options, seed === seeds[0])) {
      options.progress(`seed ${seed}, ${size.items} items`)
      grid.measure(size, seed)
    }
  }
  grid.report(figures, threshold)
  return judge({ id: 'A10', seeds: seeds.length, figures, threshold })
}

/** Coded symbols per difference: how many of them it takes on the mean, and in one of 20 and of 100 runs. */
function overheads(
  seeds: readonly number[],
  { quick, progress }: ScenarioOptions,
  figures: Record<string, Figure>,
  threshold: Record<string, Threshold>,
): void {
  for (const [difference, fullRuns] of overheadRuns) {
    progress(`symbols for ${difference} differences`)
    if (quick && difference > 1_000) continue
    const runs = quick ? Math.floor(fullRuns / 4) : fullRuns
    const ratios: number[] = []
    for (const seed of seeds) {
      const rng = seededRng(`A10 ${difference} ${seed}`)
      for (let index = 0; index < runs; index++) {
        ratios.push(symbolsFor(difference, rng) / difference)
      }
    }
    ratios.sort((a, b) => a - b)
    const average = mean(ratios)
    const at = (share: number): string => ratios[Math.floor(ratios.length * share)]!.toFixed(2)

    const name = `symbols per difference, d = ${difference}`
    figures[name] = average
    figures[`  p95, p99, d = ${difference}`] = `${at(0.95)}, ${at(0.99)}`
    const most = difference >= 10_000 ? 1.36 : difference >= 500 ? 1.4 : 1.8
    threshold[name] = { match: atMost(most), beat: null }
  }
}

/** How many symbols it takes to find a difference of that size. */
export function symbolsFor(difference: number, rng: Rng): number {
  const hashes = new Uint32Array(2 * difference)
  for (let word = 0; word < hashes.length; word++) hashes[word] = rng.u32()
  const ours = rng.below(difference + 1)
  const theirs = new MappedHashes(hashes.slice(2 * ours), difference - ours)
  const decoder = new SymbolDecoder(hashes.slice(0, 2 * ours), ours)
  const symbols = new CodedSymbols()
  while (!decoder.complete) {
    const from = symbols.length
    const to = Math.max(from + 1, difference >= 500 ? Math.ceil(difference * 1.3) : 0)
    symbols.grow(to)
    theirs.mixInto(symbols, to)
    decoder.receive(symbols.encode(from, to))
  }
  if (decoder.found !== difference) throw new Error('the decoder found another difference')
  return symbols.length
}

/** How many of so many indexes differ from the published recurrence, recomputed with integers of any size. */
function mismatches(steps: number): number {
  const rng = seededRng('A10 mapping')
  let wrong = 0
  for (let done = 0; done < steps;) {
    const state = new Uint32Array([rng.u32(), rng.u32()])
    let exactState = BigInt(state[1]!) * 2n ** 32n + BigInt(state[0]!)
    let index = 0
    let exactIndex = 0n
    while (index < 2 ** 52 && done < steps) {
      exactState = (exactState * 0xda94_2042_e4dd_58b5n) % 2n ** 64n
      const factor = 2 ** 32 / Math.sqrt(Number(exactState) + 1) - 1
      exactIndex += BigInt(Math.ceil((Number(exactIndex) + 1.5) * factor))
      index = nextIndex(state, 0, index)
      if (exactIndex > 2n ** 53n) break
      if (BigInt(index) !== exactIndex) wrong++
      done++
    }
  }
  return wrong
}

interface Size {
  readonly items: number
  readonly differences: readonly number[]
}

function sizesOf({ quick }: ScenarioOptions, isFirst: boolean): readonly Size[] {
  if (quick) {
    return [
      { items: 1_000, differences: [0, 1, 2, 5, 10, 100] },
      { items: 10_000, differences: [0, 1, 10, 100] },
    ]
  }
  const small = [0, 1, 2, 5, 10, 100, 1_000]
  return [
    { items: 1_000, differences: small },
    { items: 10_000, differences: [...small, 10_000] },
    { items: 100_000, differences: [...small, 10_000] },
    ...(isFirst ? [{ items: 1_000_000, differences: [0, 1, 10, 100] }] : []),
  ]
}

/** Totals of one cell over the seeds. */
interface Cell {
  readonly hybrid: number[]
  readonly walk: number[]
  readonly rateless: number[]
  readonly messages: number[]
  readonly millis: number[]
}

/** The bytes of the three ways, by size, difference, shape and side. */
class Grid {
  readonly #cells = new Map<string, Cell>()

  measure({ items: count, differences }: Size, seed: number): void {
    const rng = seededRng(`A10 grid ${count} ${seed}`)
    const items = Array.from({ length: count }, (_, index) => ({
      time: 1_790_000_000_000 + index,
      id: toHex(rng.bytes(32)),
    }))
    const [ours, theirs] = [setOf(items), setOf(items)]
    for (const difference of differences) {
      for (const shape of shapes) {
        for (const side of sides) {
          const taken = pick(count, difference, shape, rng).map((index) => {
            const isTheirs = side === 'opener' || (side === 'both' && rng.below(2) === 0)
            return { item: items[index]!, from: isTheirs ? theirs : ours }
          })
          for (const { item, from } of taken) from.delete(item.time, item.id)
          this.#compare(
            `N = ${count}, d = ${difference}, ${shape}, ${side}`,
            ours,
            theirs,
            difference,
          )
          for (const { item, from } of taken) from.add(item.time, item.id)
        }
      }
    }
  }

  report(figures: Record<string, Figure>, threshold: Record<string, Threshold>): void {
    let worst = 0
    let worstCell = ''
    let worstRun = 0
    for (const [name, cell] of this.#cells) {
      const better = Math.min(mean(cell.walk), mean(cell.rateless))
      const ratio = mean(cell.hybrid) / better
      if (ratio > worst) [worst, worstCell] = [ratio, name]
      cell.hybrid.forEach((bytes, index) => {
        worstRun = Math.max(worstRun, bytes / Math.min(cell.walk[index]!, cell.rateless[index]!))
      })
      figures[name] =
        `${kilo(mean(cell.hybrid))} kB (walk ${kilo(mean(cell.walk))}, rateless ` +
        `${kilo(mean(cell.rateless))}), ${(mean(cell.messages) / 2).toFixed(1)} round trips, ` +
        `${mean(cell.millis).toFixed(1)} ms of CPU`
    }
    figures['bytes beside the better one, worst cell'] = worst
    figures['  which is'] = worstCell
    figures['  worst single run'] = worstRun
    threshold['bytes beside the better one, worst cell'] = { match: null, beat: atMost(1.1) }
  }

  #compare(name: string, ours: ItemSet, theirs: ItemSet, difference: number): void {
    const hybrid = exchange(ours, theirs, 2)
    const walk = exchange(ours, theirs, 1)
    for (const { found } of [hybrid, walk]) {
      if (found !== difference) throw new Error(`${name}: ${found} differences found`)
    }
    let cell = this.#cells.get(name)
    if (cell === undefined) {
      cell = { hybrid: [], walk: [], rateless: [], messages: [], millis: [] }
      this.#cells.set(name, cell)
    }
    cell.hybrid.push(hybrid.bytes)
    cell.walk.push(walk.bytes)
    cell.rateless.push(ratelessBytes(ours, theirs, rngSeeds))
    cell.messages.push(hybrid.messages)
    cell.millis.push(hybrid.millis)
  }
}

/** Runs both sides of a session against each other. */
function exchange(ours: ItemSet, theirs: ItemSet, version: 1 | 2): Exchange {
  const begin = process.cpuUsage()
  const options = { limits: unlimited }
  const { session, message } = startSession(ours, seededRng(rngSeeds[0]), { ...options, version })
  const other = acceptSession(theirs, seededRng(rngSeeds[1]), options)
  let bytes = 0
  let messages = 0
  let found = 0
  for (let next: CborValue | undefined = message; next !== undefined; messages++) {
    bytes += encodeCbor(next).length
    const answer = (messages % 2 === 0 ? other : session).answer(next)
    if (answer.fault !== undefined) throw new Error(answer.fault.code)
    if (messages % 2 === 1) found += answer.have.length + answer.need.length
    next = answer.reply
  }
  return { bytes, messages, found, millis: process.cpuUsage(begin).user / 1_000 }
}

function pick(count: number, difference: number, shape: 'scattered' | 'run', rng: Rng): number[] {
  if (shape === 'run') {
    const first = rng.below(count - difference + 1)
    return Array.from({ length: difference }, (_, index) => first + index)
  }
  const chosen = new Set<number>()
  while (chosen.size < difference) chosen.add(rng.below(count))
  return [...chosen]
}

function setOf(items: readonly { readonly time: number; readonly id: string }[]): ItemSet {
  const set = new ItemSet<string>(toHex)
  for (const { time, id } of items) set.add(time, id)
  return set
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function kilo(bytes: number): string {
  return (bytes / 1_000).toPrecision(3)
}

/** Coded symbols, the walk, and both together. */
export const scenario: Scenario = {
  id: 'A10',
  title: 'set difference by coded symbols and ranges',
  defaultSeeds: 3,
  run,
}
