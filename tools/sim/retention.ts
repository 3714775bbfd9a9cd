/**
 * Keeping contents among peers that come, go, leave for good, lie and run out of room.
 *
 * Set-up: worlds of 1,000 peers (200 in the quick form) that run the `ContentKeeper` that ships, with its own config, over links of
 * 10 to 60 ms one way. A peer is there for a share q of its time, absences last 30 minutes on average, both exponential, and it
 * leaves for good after 100 days on average; for each that leaves another joins. One in ten is a liar (`retention-liar.ts`). Each seed runs one world for each q.
 * 6 to 40 contents (real symbols of 64 bytes with real proofs) are placed by honest authors at the beginning, by the default policy: 20 of 26
 * shares rebuild, 30 holders. Statements (publication, withdrawal) reach who is there within 0.1 to 2 s; who comes back learns what
 * it missed as late after its start, and is told that it is fresh only then. Restarts lose the machine, not the store.
 *
 * After 6 hours (4 in the quick form) one peer in twenty loses room: it may store half of what it holds. Two thirds through, a tenth of the contents is withdrawn. Beside
 * these, two contents are held by 45 honest peers from the beginning, as after a long cut: the surplus has to leave.
 *
 * Survival: each content is looked at every 15 minutes from 7.5 hours (5) after the beginning, when the liars that first behaved are
 * replaced and nobody's presence tells any more that it was placed. What is measured is the exact probability that the whole shares of those honest holders that
 * have not left rebuild it, each there with q: the chance of who is there at the moment is taken out. The looks themselves (do the
 * shares of honest holders that are there rebuild it, by decoding) have to agree with that within the points or three standard errors, with
 * `retention-curve.ts`'s control variates. Errors are over seeds.
 *
 * It is held against `survival(policy, q / (1 + r T))`: r is the rate of leaving for good, and T how long a place is vacant, from the config alone: a
 * proof's life, less the age of the last one (half an audit's interval, and an absence for those that were away already), and half a plan's interval until a
 * maker looks, one more for each try at which it is away or too few shares are there.
 */
import { defaultPolicy, survival } from '@kithnet/fountain'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { defaultKeeperConfig } from '../../packages/holonomic/src/content/keeper-events.ts'
import {
  atLeast,
  atMost,
  between,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { mean, rounded } from './membership-mean.ts'
import { availabilityWithLeaving, controlledGaps, standardError } from './retention-curve.ts'
import { absenceMs, hourMs, type Outcome, type Size, stayMs, Trial } from './retention-trial.ts'
import { quantile } from './overlay-world.ts'
import { type RetentionWatch, withdrawnWithinMs } from './retention-watch.ts'

/** More looks where they scatter more: two errors of the mean are to be below the points that are allowed. */
const fullSizes: readonly (readonly [availability: number, size: Size])[] = (
  [
    [0.8, 40],
    [0.85, 16],
    [0.9, 6],
    [0.95, 6],
  ] as const
).map(([availability, contents]) => [
  availability,
  { peers: 1_000, contents, surplus: 2, crowdedHours: 6, lookHours: 7.5, hours: 20 },
])
const quickSize: Size = {
  peers: 200,
  contents: 3,
  surplus: 1,
  crowdedHours: 4,
  lookHours: 5,
  hours: 8,
}

/** Source: the contract of this experiment, in points of a hundred. */
const allowedPoints = 0.2
const { sourceSymbols, targetHolders } = defaultPolicy

/** How long a place is vacant after its holder left for good, on average, as the config has it. */
function mendMs(availability: number): number {
  const { auditMs, provenMs, planMs } = defaultKeeperConfig
  const proofAgeMs = auditMs / 2 + (1 - availability) * absenceMs
  const tries = 1 / (availability * survival(defaultPolicy, availability))
  return provenMs - proofAgeMs + planMs * (tries - 0.5)
}

/** What the worlds of one availability say of survival, in points of a hundred. */
interface Survival {
  /** By who held what, exact for each look. */
  readonly measured: number
  readonly accounted: number
  readonly plain: number
  readonly twoErrors: number
  /** The looks themselves, less what was exact for each, on average; and two errors of that. */
  readonly seen: number
  readonly twoErrorsSeen: number
}

function survivalOf(availability: number, outcomes: readonly Outcome[]): Survival {
  const exact = outcomes.map(({ looks }) => mean(looks.map(({ expected }) => expected)))
  const gaps = controlledGaps(outcomes.map(({ looks }) => looks))
  const leaving = { rate: 1 / stayMs, mendMs: mendMs(availability) }
  return {
    measured: 100 * mean(exact),
    accounted: 100 * survival(defaultPolicy, availabilityWithLeaving(availability, leaving)),
    plain: 100 * survival(defaultPolicy, availability),
    twoErrors: 200 * standardError(exact),
    seen: 100 * mean(gaps),
    twoErrorsSeen: 200 * standardError(gaps),
  }
}

/** Survival of a few contents in one small world, as a share: for a plot. */
export async function survivalAt(availability: number, seed: number): Promise<number> {
  const size = { ...quickSize, peers: 300, contents: 12, surplus: 0, hours: 12 }
  const outcome = await new Trial(size, availability, seed).run()
  const { measured, seen } = survivalOf(availability, [outcome])
  return (measured + seen) / 100
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const { quick, progress } = options
  const seeds = quick ? seedsOf(options).slice(0, 1) : seedsOf(options)
  const sizes = quick ? ([[0.9, quickSize]] as const) : fullSizes
  const figures: Record<string, number> = {}
  const threshold: Record<string, Threshold> = {}
  const all: Outcome[] = []
  for (const [availability, size] of sizes) {
    const outcomes: Outcome[] = []
    for (const seed of seeds) {
      const began = performance.now()
      const outcome = await new Trial(size, availability, seed).run()
      outcomes.push(outcome)
      const seconds = (performance.now() - began) / 1000
      progress(`q ${availability}, seed ${seed}: ${lineOf(outcome)}, ${seconds.toFixed(1)} s`)
    }
    all.push(...outcomes)
    const found = survivalOf(availability, outcomes)
    const name = availability.toFixed(2)
    figures[`survival ${name}, %`] = rounded(found.measured, 6)
    figures[`curve ${name}, %`] = rounded(found.accounted, 6)
    figures[`curve ${name} if nobody left, %`] = rounded(found.plain, 6)
    figures[`gap ${name}, points`] = rounded(found.measured - found.accounted)
    figures[`looks off ${name}, points`] = rounded(found.seen)
    if (outcomes.length > 1) {
      figures[`two errors ${name}, points`] = rounded(found.twoErrors)
      figures[`two errors of looks ${name}`] = rounded(found.twoErrorsSeen)
    }
    // A quick form, or a seed alone, has too few looks to tell more.
    const isWhole = !quick && outcomes.length > 1
    const points = isWhole ? allowedPoints : 3
    threshold[`gap ${name}, points`] = { match: between(-points, points), beat: null }
    if (!isWhole) continue
    threshold[`two errors ${name}, points`] = { match: atMost(points), beat: null }
    // Chance alone leaves one in some hundred looks' means outside.
    const chance = Math.max(points, 1.5 * found.twoErrorsSeen)
    threshold[`looks off ${name}, points`] = { match: between(-chance, chance), beat: null }
  }
  return judge({
    id: 'retention',
    seeds: seeds.length,
    figures: { peers: sizes[0]![1].peers, ...figures, ...figuresOf(all) },
    threshold: { ...threshold, ...thresholds },
  })
}

function figuresOf(all: readonly Outcome[]): Record<string, number> {
  const watches = all.map(({ watch }) => watch)
  const sum = (of: (watch: RetentionWatch) => number): number =>
    watches.reduce((total, watch) => total + of(watch), 0)
  const total = (of: (outcome: Outcome) => number): number =>
    all.reduce((added, outcome) => added + of(outcome), 0)
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)
  const claimed = sum((watch) => watch.liars().claimed)
  const foundMs = watches.flatMap((watch) => watch.liars().ms)
  const reads = all.flatMap((outcome) => outcome.reads)
  const mended = watches.flatMap((watch) => watch.mendMs)
  return {
    looks: total(({ looks }) => looks.length),
    unplaced: total(({ unplaced }) => unplaced),
    holders: rounded(mean(all.map(({ holders }) => holders))),
    storedPerByte: rounded(mean(all.map(({ stored }) => stored))),
    idealStoredPerByte: targetHolders / sourceSymbols,
    leastDistinct: Math.min(...watches.map(({ leastDistinct }) => leastDistinct)),
    leftPerSurplus: rounded(sum(({ leavers }) => leavers) / total(({ surplus }) => surplus)),
    mostBeyondSurplus: Math.max(...watches.map(({ mostBeyondSurplus }) => mostBeyondSurplus)),
    leastAfterLeaving: Math.min(...watches.map(({ leastAfterLeaving }) => leastAfterLeaving)),
    crowded: sum(({ crowded }) => crowded),
    mended: mended.length,
    meanMendHours: rounded(mean(mended) / hourMs),
    unmade: sum(({ unmade }) => unmade),
    withdrawnGoneMs: rounded(most(watches.flatMap(({ withdrawMs }) => withdrawMs))),
    returnedGoneMs: rounded(most(watches.flatMap(({ returnMs }) => returnMs))),
    withdrawnLeft: total(({ withdrawnLeft }) => withdrawnLeft),
    servedWithdrawn: sum(({ servedLate }) => servedLate),
    reads: reads.length,
    readsFailedShare: rounded(reads.filter((ms) => ms === Infinity).length / reads.length),
    medianReadMs: rounded(quantile(reads, 0.5)),
    liarsThatTook: claimed,
    liarsFoundShare: rounded(foundMs.length / claimed),
    worstLiarHours: rounded(most(foundMs) / hourMs),
    liarsBelieved: total(({ believed }) => believed),
    honestRejected: sum(({ honestRejected }) => honestRejected),
    messagesPerContentHour: rounded(
      sum(({ messages }) => messages) / total(({ contentHours }) => contentHours),
    ),
  }
}

const none = { match: exactly(0), beat: null }
/** Source: the contract of this experiment. */
const thresholds: Readonly<Record<string, Threshold>> = {
  unplaced: none,
  leastDistinct: { match: atLeast(sourceSymbols), beat: null },
  // Of the fifteen too many of each, those go that are too many among who is there.
  leftPerSurplus: { match: atLeast(3), beat: null },
  mostBeyondSurplus: { match: atMost(0), beat: null },
  leastAfterLeaving: { match: atLeast(targetHolders), beat: null },
  withdrawnGoneMs: { match: atMost(withdrawnWithinMs), beat: null },
  returnedGoneMs: { match: atMost(withdrawnWithinMs), beat: null },
  withdrawnLeft: none,
  servedWithdrawn: none,
  liarsBelieved: none,
  honestRejected: none,
}

function lineOf({ looks, watch, holders, stored }: Outcome): string {
  const survived = mean(looks.map(({ survives }) => survives))
  const expected = mean(looks.map(({ expected: one }) => one))
  return `${(100 * survived).toFixed(2)} % of ${looks.length} looks (${(100 * expected).toFixed(2)} % by who holds what), ${holders.toFixed(2)} holders, ${stored.toFixed(3)} B/B, ${watch.mendMs.length} mended, ${watch.leavers} left, least distinct ${watch.leastDistinct}`
}

export const scenario: Scenario = {
  id: 'retention',
  title: 'contents survive who comes and goes, lies, and runs out of room',
  run,
}
