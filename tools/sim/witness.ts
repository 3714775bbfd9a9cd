/**
 * Logs that are witnessed, while some owners fork theirs and disks are restored from backups.
 *
 * Set-up. Whole overlays of the `lan` preset with the exchange of statements and the machine of witnesses that ship, 5 to 30 ms
 * one way, 0.12 ms a check, 2 ms a commit; all are admitted. A few owners commit; the rest only witness, for a broadcast costs a
 * delivery at each peer: more owners would change the length of a run and nothing else. The first seed has 1,000 peers and 6 owners
 * that commit two or three states in 6 s; the others 200 peers and 16 owners in 30 s, which takes a minute and a half. Of these 16 (6), in each run:
 * - 5 (2) equivocate: past all machines of their own they sign two states of one epoch, give each to another peer at the same
 *   moment, and offer both to all of their witnesses in turn, each side from its own history;
 * - 3 (1) run twice: another process with the same disk signs a state of the same epoch in the same moment;
 * - 2 (1) crash and come back with a disk from before their last commit, and commit again: they must refuse;
 * - 6 (2) are honest. 5 (2) witnesses of the equivocators come back, too, with disks from before what they signed, and are offered
 *   the other side at once, and again.
 *
 * `lastHop` is how long an honest checkpoint takes to the last honest peer of those that never crash; crashes come after all
 * that is timed. Evidence is timed from the moment at which somebody knew both sides, or two peers one each, to the last of
 * these that has the proof: the median over the median, the worst over the worst, of each seed. Every cosignature is noted where it is made: two of one witness and log are inconsistent unless
 * one is of a state in the other's history. Quick: 40 peers, 5 owners in 8 s.
 */
import {
  atLeast,
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { mean, rounded } from './membership-mean.ts'
import { quantile } from './overlay-world.ts'
import { type Outcome, type Size, Trial } from './witness-trial.ts'

const fullSize: Size = {
  peers: 1_000,
  joinMs: 10,
  settleMs: 10_000,
  spanMs: 6_000,
  equivocators: 2,
  twins: 1,
  restored: 1,
  honest: 2,
  restoredWitnesses: 2,
  commits: 2,
}
const laterSize: Size = {
  peers: 200,
  joinMs: 10,
  settleMs: 10_000,
  spanMs: 30_000,
  equivocators: 5,
  twins: 3,
  restored: 2,
  honest: 6,
  restoredWitnesses: 5,
  commits: 2,
}
const quickSize: Size = {
  peers: 40,
  joinMs: 20,
  settleMs: 3_000,
  spanMs: 8_000,
  equivocators: 1,
  twins: 1,
  restored: 1,
  honest: 2,
  restoredWitnesses: 2,
  commits: 2,
}
function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const largest = options.quick ? quickSize : fullSize
  const outcomes: Outcome[] = []
  for (const [index, seed] of seedsOf(options).entries()) {
    const size = index === 0 || options.quick ? largest : laterSize
    const began = performance.now()
    const outcome = new Trial(size, seed).run()
    outcomes.push(outcome)
    const seconds = (performance.now() - began) / 1000
    options.progress(
      `seed ${seed}: ${outcome.delays.length} forks, evidence in ${median(outcome.delays).toFixed(0)} ms (last hop ` +
        `${median(outcome.lastHops).toFixed(0)} ms), ${outcome.cosignatures} cosignatures, ` +
        `${outcome.inconsistent} inconsistent, ${seconds.toFixed(1)} s`,
    )
  }
  const most = (of: (outcome: Outcome) => number): number => rounded(Math.max(...outcomes.map(of)))
  const least = (of: (outcome: Outcome) => number): number => rounded(Math.min(...outcomes.map(of)))
  const lastHops = outcomes.flatMap((outcome) => outcome.lastHops)
  const delays = outcomes.flatMap((outcome) => outcome.delays)
  const inLastHops = (of: (times: readonly number[]) => number): number[] =>
    outcomes.map((outcome) => of(outcome.delays) / of(outcome.lastHops))
  const none = { match: exactly(0), beat: exactly(0) }
  return judge({
    id: 'witness',
    seeds: outcomes.length,
    figures: {
      peers: largest.peers,
      checkpoints: rounded(mean(outcomes.map(({ checkpoints }) => checkpoints))),
      forks: least(({ delays: one }) => one.length),
      evidenceMissing: most(({ evidenceMissing }) => evidenceMissing),
      evidenceInLastHops: rounded(mean(inLastHops(median))),
      worstEvidenceInWorstLastHops: rounded(Math.max(...inLastHops((times) => Math.max(...times)))),
      lastHopMs: rounded(median(lastHops)),
      worstLastHopMs: rounded(Math.max(...lastHops)),
      evidenceMs: rounded(median(delays)),
      worstEvidenceMs: rounded(Math.max(...delays)),
      inconsistentCosignatures: most(({ inconsistent }) => inconsistent),
      cosignatures: least(({ cosignatures }) => cosignatures),
      cosignaturesOfForkers: least(({ offersToForkers }) => offersToForkers),
      honestConvicted: most(({ framed }) => framed),
      forkedByBackup: most(({ forkedByBackup }) => forkedByBackup),
      restoredThatWentOn: most(({ restoredThatWentOn }) => restoredThatWentOn),
      restoredThatRefused: least(({ restoredThatRefused }) => restoredThatRefused),
      honestUnwitnessed: most(({ unwitnessed }) => unwitnessed),
      rejected: most(({ rejected }) => rejected),
    },
    threshold: {
      evidenceMissing: none,
      inconsistentCosignatures: none,
      honestConvicted: none,
      forkedByBackup: none,
      restoredThatWentOn: none,
      restoredThatRefused: { match: atLeast(largest.restored), beat: null },
      honestUnwitnessed: none,
      rejected: none,
      evidenceInLastHops: { match: atMost(2), beat: atMost(2) },
      worstEvidenceInWorstLastHops: { match: atMost(2), beat: atMost(2) },
      // Runs without danger prove nothing.
      forks: { match: atLeast(largest.equivocators), beat: null },
      cosignaturesOfForkers: { match: atLeast(largest.equivocators), beat: null },
    },
  })
}

export const scenario: Scenario = {
  id: 'witness',
  title: 'logs are witnessed, forks are known to all, and nobody signs for two histories',
  defaultSeeds: 3,
  run,
}
