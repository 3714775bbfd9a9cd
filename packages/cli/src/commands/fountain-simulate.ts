import { writeFile } from 'node:fs/promises'
import { BlockDecoder, BlockEncoder, type FountainPolicy, survival } from '@kithnet/fountain'
import { type Rng, seededRng } from '@kithnet/kernel'
import { policyOf, type PolicyOptions, wholeNumber } from '../fountain-policy.ts'
import { note, printJson, printTable } from '../output.ts'
import { survivalPlot } from '../survival-plot.ts'

interface SimulateOptions extends PolicyOptions {
  readonly runs: string
  readonly seed: string
  readonly plot?: string
  readonly json?: boolean
}

const availabilities = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6] as const
/** A symbol is as good as any other for telling whether a block can be decoded. */
const symbolBytes = 4

/** `kith fountain simulate`: holders come and go by chance, the codec is the real one. */
export async function simulateSurvival(options: SimulateOptions): Promise<void> {
  const policy = policyOf(options)
  const runs = Math.max(1, wholeNumber('--runs', options.runs) ?? 1)
  const rng = seededRng(options.seed)
  const rows = availabilities.map((availability) => ({
    availability,
    exact: survival(policy, availability),
    simulated: simulated(policy, availability, runs, rng),
  }))
  if (options.plot !== undefined) await writeFile(options.plot, plotOf(policy, rows))
  if (options.json === true) {
    printJson({ policy, runs, rows })
    return
  }
  note(
    `N ${policy.sourceSymbols}, K ${policy.repairSymbols}, ${policy.targetHolders} holders, ${runs} runs:`,
  )
  printTable(
    ['availability', 'exact', 'simulated'],
    rows.map(({ availability, exact, simulated: found }) => [
      availability.toFixed(2),
      exact.toFixed(6),
      found.toFixed(4),
    ]),
  )
}

/** The share of contents that could be decoded. */
function simulated(policy: FountainPolicy, availability: number, runs: number, rng: Rng): number {
  const { sourceSymbols, repairSymbols, targetHolders } = policy
  const encoder = new BlockEncoder(rng.bytes(sourceSymbols * symbolBytes), symbolBytes)
  const symbols = Array.from({ length: sourceSymbols + repairSymbols }, (_, id) =>
    encoder.symbol(id),
  )
  let survived = 0
  for (let run = 0; run < runs; run++) {
    const decoder = new BlockDecoder(sourceSymbols, symbolBytes)
    for (let holder = 0; holder < targetHolders; holder++) {
      const id = holder % symbols.length
      if (rng.below(1_000_000) < availability * 1_000_000) decoder.add(id, symbols[id]!)
    }
    if (decoder.complete) survived++
  }
  return survived / runs
}

function plotOf(
  policy: FountainPolicy,
  rows: readonly { readonly availability: number; readonly simulated: number }[],
): string {
  const steps = Array.from({ length: 101 }, (_, step) => 0.5 + step / 200)
  return survivalPlot(
    `Survival of ${policy.sourceSymbols} + ${policy.repairSymbols} symbols on ${policy.targetHolders} holders`,
    [
      { name: 'exact', color: '#1f77b4', points: steps.map((q) => [q, survival(policy, q)]) },
      {
        name: 'simulated with the codec',
        color: '#d62728',
        points: rows.map(({ availability, simulated: found }) => [availability, found]),
      },
    ],
  )
}
