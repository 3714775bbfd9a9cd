/**
 * The search for broken promises by itself: small networks of whole overlays through every hazard, one mixture per seed. The set-up and
 * the promises are in `planted/promises.ts`; A17 shows that the search finds what is there to be found.
 */
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import {
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { hunt } from './planted/promises.ts'

const quickSeeds = 8

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const seeds = options.quick ? seedsOf({ ...options, seeds: quickSeeds }) : seedsOf(options)
  let broken = 0
  for (const seed of seeds) {
    const finding = hunt(seed)
    if (finding === undefined) continue
    broken++
    options.progress(`seed ${seed} breaks "${finding.promise}": ${finding.detail}`)
  }
  return judge({
    id: 'hunt',
    seeds: seeds.length,
    figures: { broken },
    threshold: { broken: { match: exactly(0), beat: exactly(0) } },
  })
}

export const scenario: Scenario = {
  id: 'hunt',
  title: 'every hazard at once: no promise is broken',
  defaultSeeds: 200,
  run,
}
