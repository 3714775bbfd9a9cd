/**
 * RaptorQ in one thread: MB of source a second, with WebAssembly and in JavaScript, beside the npm package `raptorq`
 * where that is installed.
 *
 * _Cold_: source symbols to intermediate symbols, planned anew; _cached_: with the plan at hand; _decode_: 70 % of the
 * source symbols and as many repair symbols as it takes fed one by one, each time other ones, so planned anew; _repair_: MB
 * of repair symbols a second from intermediate symbols, 0.3 K + 6 at once. Means of processor time after a warm-up; a megabyte is 10^6 bytes. The
 * quick form has K = 20 and 1,000 with 1,280 bytes, and fewer rounds.
 */
import { loadavg } from 'node:os'
import { seededRng } from '@kithnet/kernel'
import { BlockDecoder, BlockEncoder, Codec } from '@kithnet/fountain'
import { blockCode } from '../../packages/fountain/src/block-code.ts'
import { planFor } from '../../packages/fountain/src/plan.ts'
import { ScriptKernels } from '../../packages/fountain/src/script-kernels.ts'
import { WasmKernels } from '../../packages/fountain/src/wasm-kernels.ts'
import { Workspace } from '../../packages/fountain/src/workspace.ts'
import { atLeast, type Benchmark, type BenchmarkOptions, judge, type Report } from '../report.ts'
import { loadRaptorq, timeRaptorq } from './peers/raptorq.ts'

const sizes = { full: [20, 100, 1_000, 10_000], quick: [20, 1_000] } as const
const lengths = { full: [64, 1_280, 8_192], quick: [1_280] } as const

interface Subject {
  readonly name: 'wasm' | 'js'
  readonly workspace: Workspace
  readonly codec: Codec
}

async function run({ quick, progress }: BenchmarkOptions): Promise<Report> {
  const form = quick ? 'quick' : 'full'
  const subjects: readonly Subject[] = [
    { name: 'wasm', workspace: new Workspace(new WasmKernels()), codec: new Codec() },
    { name: 'js', workspace: new Workspace(new ScriptKernels()), codec: new Codec('js') },
  ]
  const peer = await loadRaptorq()
  const figures: Record<string, number> = {}
  for (const symbols of sizes[form]) {
    for (const symbolBytes of lengths[form]) {
      const object = seededRng(`${symbols} ${symbolBytes}`).bytes(symbols * symbolBytes)
      const row = `${symbols} x ${symbolBytes}`
      for (const subject of subjects) {
        for (const [what, rate] of Object.entries(ratesOf(subject, object, symbolBytes, quick))) {
          figures[`${row} ${subject.name} ${what}`] = rate
        }
      }
      if (peer !== undefined)
        Object.assign(figures, peerRates(peer, row, object, symbolBytes, quick))
      progress(row)
    }
  }
  return judge({
    id: 'fountain',
    seeds: 1,
    figures: { ...figures, loadAverage: loadavg()[0]! },
    threshold: {
      // Source: targets.md. A shared core must reach a tenth of it, or something is broken.
      '1000 x 1280 wasm cold': { match: atLeast(24), beat: atLeast(240) },
      '1000 x 1280 wasm cached': { match: atLeast(50), beat: atLeast(500) },
      '1000 x 1280 wasm decode': { match: atLeast(25), beat: atLeast(250) },
      '1000 x 1280 js cold': { match: atLeast(6), beat: atLeast(60) },
      '1000 x 1280 js decode': { match: atLeast(6), beat: atLeast(60) },
    },
  })
}

function ratesOf(
  { workspace, codec }: Subject,
  object: Uint8Array<ArrayBuffer>,
  symbolBytes: number,
  quick: boolean,
): Record<'cold' | 'cached' | 'decode' | 'repair', number> {
  const symbols = object.length / symbolBytes
  const code = blockCode(symbols)
  const ids = Int32Array.from({ length: code.padded }, (_, id) => id)
  const intermediate = new Uint8Array(code.l * symbolBytes)
  const plan = planFor(code, ids)!
  const symbol = (index: number): Uint8Array | undefined =>
    index < symbols ? object.subarray(index * symbolBytes, (index + 1) * symbolBytes) : undefined
  const encoder = new BlockEncoder(object, symbolBytes, codec)
  const repair = Array.from({ length: Math.ceil(0.3 * symbols) + 6 }, (_, id) =>
    encoder.symbol(symbols + id),
  )
  const repairIds = repair.map((_, id) => symbols + id)
  let round = 0
  const cold = mean(quick, () => {
    workspace.solve({ plan: planFor(code, ids)!, symbolBytes, symbol, intermediate })
  })
  const cached = mean(quick, () => workspace.solve({ plan, symbolBytes, symbol, intermediate }))
  const decode = mean(quick, () => {
    const decoder = new BlockDecoder(symbols, symbolBytes, codec)
    round++
    for (let id = 0; id < symbols; id++) if ((id + round) % 10 >= 3) decoder.add(id, symbol(id)!)
    for (let id = 0; !decoder.complete; id++) decoder.add(symbols + id, repair[id]!)
  })
  const made = mean(quick, () => {
    encoder.symbols(repairIds)
  })
  const rate = (ms: number, bytes: number): number => bytes / 1e3 / ms
  return {
    cold: rate(cold, object.length),
    cached: rate(cached, object.length),
    decode: rate(decode, object.length),
    repair: rate(made, repair.length * symbolBytes),
  }
}

/** Its encoder is about 50 times as slow: objects of more than 20 MB are left out. */
function peerRates(
  peer: NonNullable<Awaited<ReturnType<typeof loadRaptorq>>>,
  row: string,
  object: Uint8Array,
  symbolBytes: number,
  quick: boolean,
): Record<string, number> {
  if (object.length > 20e6) return {}
  const total = { encodeMs: 0, decodeMs: 0 }
  let rounds = 0
  for (const start = threadMs(); threadMs() - start < (quick ? 200 : 600); rounds++) {
    const { encodeMs, decodeMs } = timeRaptorq(peer, object, symbolBytes, threadMs)
    total.encodeMs += encodeMs
    total.decodeMs += decodeMs
  }
  const megabytes = (object.length * rounds) / 1e6
  return {
    [`${row} raptorq cold`]: megabytes / (total.encodeMs / 1e3),
    [`${row} raptorq decode`]: megabytes / (total.decodeMs / 1e3),
  }
}

/** Mean milliseconds of this thread's processor time, after a warm-up as long: others share the cores. */
function mean(quick: boolean, work: () => void): number {
  const ms = quick ? 100 : 250
  let rounds = 0
  for (let start = threadMs(); threadMs() - start < ms; rounds++) work()
  const begun = threadMs()
  for (let round = 0; round < rounds; round++) work()
  return (threadMs() - begun) / rounds
}

function threadMs(): number {
  // Node 22 cannot tell.
  const { threadCpuUsage } = process as Partial<Pick<typeof process, 'threadCpuUsage'>>
  if (threadCpuUsage === undefined) return performance.now()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

export const benchmark: Benchmark = {
  id: 'fountain',
  title: 'RaptorQ, MB/s in one thread: encode cold and cached, decode at 30 % loss, repair',
  run,
}
